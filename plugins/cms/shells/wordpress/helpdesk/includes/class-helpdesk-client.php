<?php
/**
 * How the helpdesk is asked.
 *
 * @package Helpdesk
 */

/**
 * Asks the helpdesk, with a time limit, and lets it be for a while when it does not answer.
 *
 * An answer is an array: `status` is that of HTTP, 0 where nothing came; `data` is what the JSON says; `problem` is a
 * sentence, empty where all went well.
 */
final class Helpdesk_Client {

	const FAILURES = 'helpdesk_failures';
	const PATIENCE = 3;
	const PAUSE    = 30;
	const LARGEST  = 4194304;
	const UPLOAD   = 262144;

	/**
	 * Whether the helpdesk did not answer while this page was made: then it is not asked again for it.
	 *
	 * @var bool
	 */
	private static $failed = false;

	/**
	 * What cURL knows of the request under way; true where WordPress has no cURL, and the helpdesk was reached.
	 *
	 * @var resource|object|bool|null
	 */
	private static $handle = null;

	/**
	 * Asks by GET.
	 *
	 * @param string $path   Below /x/cms/.
	 * @param array  $claims Who asks: see Helpdesk_Person.
	 * @param bool   $anyway Ask even though it did not answer before.
	 * @return array
	 */
	public static function get( $path, array $claims, $anyway = false ) {
		return self::ask( 'GET', $path, $claims, '', '', $anyway );
	}

	/**
	 * Asks by POST with JSON.
	 *
	 * @param string $path   Below /x/cms/.
	 * @param array  $claims Who asks.
	 * @param array  $told   What is told.
	 * @return array
	 */
	public static function post( $path, array $claims, array $told ) {
		return self::ask( 'POST', $path, $claims, (string) wp_json_encode( (object) $told ), 'application/json' );
	}

	/**
	 * Asks by POST with fields and files of a form.
	 *
	 * @param string $path   Below /x/cms/.
	 * @param array  $claims Who asks.
	 * @param array  $fields Pairs of a name and a text.
	 * @param array  $files  Arrays of `field`, `name`, `type` and `path`.
	 * @return array
	 */
	public static function post_form( $path, array $claims, array $fields, array $files ) {
		$mark = 'helpdesk-' . bin2hex( random_bytes( 16 ) );
		$body = '';
		foreach ( $fields as list( $name, $text ) ) {
			$body .= "--$mark\r\nContent-Disposition: form-data; name=\"" . self::quoted( $name ) . "\"\r\n\r\n$text\r\n";
		}
		foreach ( $files as $file ) {
			$body .= "--$mark\r\nContent-Disposition: form-data; name=\"" . self::quoted( $file['field'] ) . '"; filename="' . self::quoted( $file['name'] ) . "\"\r\n";
			// phpcs:ignore WordPress.WP.AlternativeFunctions.file_get_contents_file_get_contents -- A file of this machine.
			$body .= 'Content-Type: ' . self::media_type( $file['type'] ) . "\r\n\r\n" . file_get_contents( $file['path'] ) . "\r\n";
		}
		return self::ask( 'POST', $path, $claims, "$body--$mark--\r\n", "multipart/form-data; boundary=$mark" );
	}

	/**
	 * Returns the helpdesk's style sheet, or null if it cannot be had now.
	 *
	 * @return string|null
	 */
	public static function style() {
		if ( ! Helpdesk_Settings::is_complete() || self::is_paused() ) {
			return null;
		}
		$answer = self::send( 'GET', 'style.css', array() );
		return 200 === wp_remote_retrieve_response_code( $answer ) ? wp_remote_retrieve_body( $answer ) : null;
	}

	/**
	 * Tells whether the helpdesk is let be, since it did not answer.
	 *
	 * @return bool
	 */
	public static function is_paused() {
		$failures = (array) get_option( self::FAILURES, array() );
		return self::$failed || ( isset( $failures['until'] ) && time() < $failures['until'] );
	}

	/**
	 * Asks, and reads the answer.
	 *
	 * @param string $method `GET` or `POST`.
	 * @param string $path   Below /x/cms/.
	 * @param array  $claims Who asks.
	 * @param string $body   What is sent.
	 * @param string $type   Its media type.
	 * @param bool   $anyway Ask even though it did not answer before.
	 * @return array
	 */
	private static function ask( $method, $path, array $claims, $body = '', $type = '', $anyway = false ) {
		if ( ! Helpdesk_Settings::is_complete() ) {
			return self::answer( 0, __( 'The helpdesk has not been set up here yet: see Settings, Helpdesk.', 'helpdesk' ) );
		}
		if ( ! $anyway && self::is_paused() ) {
			return self::answer( 0, __( 'The helpdesk does not answer at the moment.', 'helpdesk' ) );
		}
		$headers = array( 'Authorization' => 'Bearer ' . Helpdesk_Token::make( 'server', $claims ) );
		if ( '' !== $type ) {
			$headers['Content-Type'] = $type;
		}
		$answer = self::send( $method, $path, $headers, $body );
		if ( is_wp_error( $answer ) ) {
			/* translators: %s: what the network says, in English */
			return self::answer( 0, sprintf( __( 'The helpdesk cannot be reached: %s', 'helpdesk' ), $answer->get_error_message() ) );
		}
		$status = (int) wp_remote_retrieve_response_code( $answer );
		$data   = json_decode( wp_remote_retrieve_body( $answer ), true );
		if ( $status >= 200 && $status < 300 && is_array( $data ) ) {
			return self::answer( $status, '', $data );
		}
		if ( is_array( $data ) && isset( $data['detail'] ) && is_string( $data['detail'] ) ) {
			return self::answer( $status, $data['detail'], $data );
		}
		/* translators: %d: a status of HTTP, such as 404 */
		return self::answer( $status, sprintf( __( 'What is at the address of the helpdesk does not answer as a helpdesk does (status %d): check the address, and that the plugin cms is enabled there.', 'helpdesk' ), $status ) );
	}

	/**
	 * Sends a request, and counts those that failed.
	 *
	 * @param string $method  `GET` or `POST`.
	 * @param string $path    Below /x/cms/.
	 * @param array  $headers By name.
	 * @param string $body    What is sent.
	 * @return array|WP_Error
	 */
	private static function send( $method, $path, array $headers, $body = '' ) {
		$settings     = Helpdesk_Settings::all();
		self::$handle = null;
		add_action( 'http_api_curl', array( __CLASS__, 'keep_handle' ) );
		add_action( 'requests-fsockopen.before_send', array( __CLASS__, 'note_reached' ) );
		$answer = wp_remote_request(
			$settings['url'] . '/x/cms/' . $path,
			array(
				'method'              => $method,
				// Files take their time on the way: a second more for each UPLOAD bytes.
				'timeout'             => (float) $settings['wait'] + floor( strlen( $body ) / self::UPLOAD ),
				'redirection'         => 0,
				'headers'             => $headers,
				'body'                => $body,
				'user-agent'          => 'helpdesk-wordpress/' . HELPDESK_SHELL_VERSION,
				'limit_response_size' => self::LARGEST,
			)
		);
		remove_action( 'http_api_curl', array( __CLASS__, 'keep_handle' ) );
		remove_action( 'requests-fsockopen.before_send', array( __CLASS__, 'note_reached' ) );
		if ( ! is_wp_error( $answer ) ) {
			self::count( wp_remote_retrieve_response_code( $answer ) >= 500 );
		} elseif ( ! self::was_on_its_way( strlen( $body ) ) ) {
			self::count( true );
		}
		self::$handle = null;
		return $answer;
	}

	/**
	 * Keeps what cURL knows of a request.
	 *
	 * @param resource|object $handle Of cURL.
	 */
	public static function keep_handle( $handle ) {
		self::$handle = $handle;
	}

	/**
	 * Notes that there is a line to the helpdesk.
	 */
	public static function note_reached() {
		self::$handle = true;
	}

	/**
	 * Tells whether the time was up while files were still on their way: then a line is slow, and the helpdesk may be well.
	 *
	 * Without cURL nothing tells how much was sent, nor before PHP 8, where WordPress has closed it by now: then files that the helpdesk did not answer are taken to have been slow,
	 * and requests without files show how it does.
	 *
	 * @param int $length Of what was to be sent, in bytes.
	 * @return bool
	 */
	private static function was_on_its_way( $length ) {
		if ( $length < self::UPLOAD || null === self::$handle ) {
			return false;
		}
		if ( ! is_object( self::$handle ) && ! is_resource( self::$handle ) ) {
			return true;
		}
		// phpcs:ignore WordPress.WP.AlternativeFunctions.curl_curl_getinfo -- WordPress does not tell how much was sent.
		$sent = (int) curl_getinfo( self::$handle, CURLINFO_SIZE_UPLOAD );
		return $sent > 0 && $sent < $length;
	}

	/**
	 * Counts failures in a row; after some of them the helpdesk is let be for a while.
	 *
	 * @param bool $failed Whether this request failed.
	 */
	private static function count( $failed ) {
		$before = (array) get_option( self::FAILURES, array() );
		if ( ! $failed ) {
			if ( $before ) {
				update_option( self::FAILURES, array() );
			}
			return;
		}
		self::$failed = true;
		$count        = isset( $before['count'] ) ? $before['count'] + 1 : 1;
		$failures     = array( 'count' => $count );
		if ( $count >= self::PATIENCE ) {
			$failures['until'] = time() + self::PAUSE;
		}
		update_option( self::FAILURES, $failures );
	}

	/**
	 * Puts an answer together.
	 *
	 * @param int    $status  Of HTTP.
	 * @param string $problem A sentence, or nothing.
	 * @param array  $data    What the JSON says.
	 * @return array
	 */
	private static function answer( $status, $problem, array $data = array() ) {
		return array(
			'status'  => $status,
			'problem' => $problem,
			'data'    => $data,
		);
	}

	/**
	 * Returns a name as browsers write it into the heads of a form's parts.
	 *
	 * @param string $name Of a field or a file.
	 * @return string
	 */
	private static function quoted( $name ) {
		return str_replace( array( "\r", "\n", '"' ), array( '%0D', '%0A', '%22' ), $name );
	}

	/**
	 * Returns a media type that fits into a head.
	 *
	 * @param string $type What the browser said.
	 * @return string
	 */
	private static function media_type( $type ) {
		return preg_match( '#^[\w.+-]+/[\w.+-]+$#', $type ) ? $type : 'application/octet-stream';
	}
}
