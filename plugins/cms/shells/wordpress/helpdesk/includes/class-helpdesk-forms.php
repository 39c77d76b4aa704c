<?php
/**
 * Forms of fragments.
 *
 * @package Helpdesk
 */

/**
 * Takes the forms that people send, hands them to the helpdesk with their files, and shows what it says.
 */
final class Helpdesk_Forms {

	/**
	 * What is shown after a form did not lead on; null if none was sent.
	 *
	 * @var string|null
	 */
	private static $outcome = null;

	/**
	 * Connects with WordPress.
	 */
	public static function connect() {
		add_action( 'template_redirect', array( __CLASS__, 'take' ), 5 );
	}

	/**
	 * Returns what is shown in the place of the fragment whose form was sent; null if none was.
	 *
	 * @return string|null
	 */
	public static function outcome() {
		return self::$outcome;
	}

	/**
	 * Takes a form, if this request is one.
	 */
	public static function take() {
		if ( ! isset( $_SERVER['REQUEST_METHOD'] ) || 'POST' !== $_SERVER['REQUEST_METHOD'] ) {
			return;
		}
		if ( self::was_too_large() ) {
			self::$outcome = self::notice( __( 'These files are larger together than this site takes. Go back, and send them one by one or smaller.', 'helpdesk' ) );
			return;
		}
		if ( ! isset( $_POST[ Helpdesk_Markup::NONCE ] ) ) {
			return;
		}
		nocache_headers();
		$fields = self::fields();
		if ( ! wp_verify_nonce( sanitize_key( wp_unslash( $_POST[ Helpdesk_Markup::NONCE ] ) ), 'helpdesk_form' ) ) {
			self::$outcome = self::again( __( 'This page was open for too long, or you have signed in or out since. Your text is still here: send it again.', 'helpdesk' ), $fields );
			return;
		}
		self::hand_over( $fields, self::files() );
	}

	/**
	 * Hands a form to the helpdesk, and goes on to where it says.
	 *
	 * @param array $fields Pairs of a name and a text.
	 * @param array $files  See Helpdesk_Client::post_form.
	 */
	private static function hand_over( array $fields, array $files ) {
		$claims = Helpdesk_Person::current();
		$about  = array( array( 'path', Helpdesk_Page::path() ), array( 'page', Helpdesk_Page::url() ), array( 'method', 'POST' ) );
		$answer = Helpdesk_Client::post_form( 'fragment', $claims, array_merge( $about, $fields ), $files );
		if ( '' !== $answer['problem'] ) {
			$is_away       = 0 === $answer['status'] || $answer['status'] >= 500;
			$says          = $is_away ? __( 'The helpdesk does not answer at the moment. Your text is still here: send it again in a minute.', 'helpdesk' ) : $answer['problem'];
			self::$outcome = self::again( $says, $fields ) . Helpdesk_Fragments::apology( $answer );
			return;
		}
		Helpdesk_Cache::forget( get_current_user_id() );
		if ( isset( $answer['data']['go'] ) && is_string( $answer['data']['go'] ) && '' !== $answer['data']['go'] ) {
			wp_safe_redirect( Helpdesk_Page::url_of( ltrim( $answer['data']['go'], '/' ) ), 303, 'Helpdesk' );
			exit;
		}
		self::$outcome = Helpdesk_Markup::prepare( isset( $answer['data']['html'] ) ? (string) $answer['data']['html'] : '' );
	}

	/**
	 * Tells whether PHP has thrown the form away because it is too large.
	 *
	 * @return bool
	 */
	private static function was_too_large() {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- There is nothing left that could hold a nonce.
		return '' !== Helpdesk_Page::path() && empty( $_POST ) && empty( $_FILES ) && ! empty( $_SERVER['CONTENT_LENGTH'] );
	}

	/**
	 * Returns the fields that were sent.
	 *
	 * @return array Pairs of a name and a text.
	 */
	private static function fields() {
		// The helpdesk checks what fields hold, and escapes it; here they are handed on as they were typed. The nonce is checked in `take`.
		// phpcs:ignore WordPress.Security.NonceVerification.Missing, WordPress.Security.ValidatedSanitizedInput.InputNotSanitized
		$sent   = isset( $_POST[ Helpdesk_Markup::FIELD ] ) ? wp_unslash( $_POST[ Helpdesk_Markup::FIELD ] ) : array();
		$fields = array();
		foreach ( is_array( $sent ) ? $sent : array() as $key => $values ) {
			$name = Helpdesk_Markup::name( (string) $key );
			foreach ( null !== $name && is_array( $values ) ? $values : array() as $value ) {
				if ( is_string( $value ) ) {
					$fields[] = array( $name, $value );
				}
			}
		}
		return $fields;
	}

	/**
	 * Returns the files that were sent.
	 *
	 * @return array Arrays of `field`, `name`, `type` and `path`.
	 */
	private static function files() {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing, WordPress.Security.ValidatedSanitizedInput -- The same.
		$sent  = isset( $_FILES[ Helpdesk_Markup::FIELD ] ) ? $_FILES[ Helpdesk_Markup::FIELD ] : array();
		$files = array();
		foreach ( isset( $sent['error'] ) && is_array( $sent['error'] ) ? $sent['error'] : array() as $key => $errors ) {
			$name = Helpdesk_Markup::name( (string) $key );
			foreach ( null !== $name && is_array( $errors ) ? $errors : array() as $index => $error ) {
				$path = $sent['tmp_name'][ $key ][ $index ];
				if ( UPLOAD_ERR_OK === $error && is_uploaded_file( $path ) ) {
					$files[] = array(
						'field' => $name,
						'name'  => wp_unslash( $sent['name'][ $key ][ $index ] ),
						'type'  => $sent['type'][ $key ][ $index ],
						'path'  => $path,
					);
				}
			}
		}
		return $files;
	}

	/**
	 * Returns a form that sends the same fields again. Files cannot be kept: browsers give them only once.
	 *
	 * @param string $says   Why it was not taken.
	 * @param array  $fields Pairs of a name and a text.
	 * @return string
	 */
	private static function again( $says, array $fields ) {
		$html = self::notice( $says ) . '<form method="post" class="helpdesk-again" action="' . esc_url( Helpdesk_Page::url_of( Helpdesk_Page::path() ) ) . '"><!--helpdesk-->';
		foreach ( $fields as list( $name, $text ) ) {
			$html .= '<input type="hidden" name="' . esc_attr( Helpdesk_Markup::field( $name ) ) . '" value="' . esc_attr( $text ) . '">';
		}
		$texts = implode( "\n\n", array_filter( array_map( 'trim', array_column( self::typed( $fields ), 1 ) ) ) );
		if ( '' !== $texts ) {
			$html .= '<pre class="helpdesk-typed">' . esc_html( $texts ) . '</pre>';
		}
		$html .= '<button type="submit" class="wp-element-button">' . esc_html__( 'Send again', 'helpdesk' ) . '</button></form>';
		return str_replace( array( '[', ']' ), array( '&#91;', '&#93;' ), $html );
	}

	/**
	 * Returns the fields that people type into.
	 *
	 * @param array $fields Pairs of a name and a text.
	 * @return array
	 */
	private static function typed( array $fields ) {
		return array_filter(
			$fields,
			static function ( $field ) {
				return in_array( $field[0], array( 'subject', 'body' ), true );
			}
		);
	}

	/**
	 * Returns a sentence that is read out at once.
	 *
	 * @param string $says The sentence.
	 * @return string
	 */
	private static function notice( $says ) {
		return '<p class="helpdesk-away" role="alert">' . esc_html( $says ) . '</p>';
	}
}
