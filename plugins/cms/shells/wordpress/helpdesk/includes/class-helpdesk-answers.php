<?php
/**
 * Answers of agents to comments.
 *
 * @package Helpdesk
 */

/**
 * Takes answers that the helpdesk sends, signed as Standard Webhooks, and publishes them below the comment.
 */
final class Helpdesk_Answers {

	const OLDEST  = 300;
	const META    = '_helpdesk_message';
	const CLAIM   = 'helpdesk_answer_';
	const STUCK   = 120;
	const PENDING = 'taken ';
	const DONE    = 'done ';

	/**
	 * Connects with WordPress.
	 */
	public static function connect() {
		add_action( 'rest_api_init', array( __CLASS__, 'register' ) );
		add_action( 'wp_scheduled_delete', array( __CLASS__, 'clean_up' ) );
	}

	/**
	 * Makes the address for answers known.
	 */
	public static function register() {
		$route = array(
			'methods'             => 'POST',
			'callback'            => array( __CLASS__, 'take' ),
			'permission_callback' => '__return_true', // The signature says who it is.
		);
		register_rest_route( 'helpdesk/v1', '/answers', $route );
	}

	/**
	 * Returns the address for answers, which an admin of the helpdesk types in there.
	 *
	 * @return string
	 */
	public static function url() {
		return rest_url( 'helpdesk/v1/answers' );
	}

	/**
	 * Takes an answer.
	 *
	 * @param WP_REST_Request $request What was sent.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function take( WP_REST_Request $request ) {
		$id   = (string) $request->get_header( 'webhook-id' );
		$time = (string) $request->get_header( 'webhook-timestamp' );
		$mark = (string) $request->get_header( 'webhook-signature' );
		$body = $request->get_body();
		if ( '' === $id || ! ctype_digit( $time ) || ! self::is_signed( "$id.$time.$body", $mark ) ) {
			return new WP_Error( 'helpdesk_signature', __( 'This was not signed with the secret of this site.', 'helpdesk' ), array( 'status' => 401 ) );
		}
		if ( abs( time() - (int) $time ) > self::OLDEST ) {
			/* translators: 1: time in the message, 2: time here, both in UTC */
			$says = sprintf( __( 'This was signed at %1$s, and here it is %2$s: it is too old, or a clock is wrong.', 'helpdesk' ), gmdate( 'c', (int) $time ), gmdate( 'c' ) );
			return new WP_Error( 'helpdesk_age', $says, array( 'status' => 401 ) );
		}
		$told = json_decode( $body, true );
		if ( ! is_array( $told ) || ! isset( $told['type'], $told['data'] ) || 'comment.answered' !== $told['type'] || ! is_array( $told['data'] ) ) {
			return new WP_REST_Response( array( 'published' => false ), 202 );
		}
		return self::publish_once( $id, $told['data'] );
	}

	/**
	 * Tells whether one of the signatures is ours.
	 *
	 * @param string $signed What was signed.
	 * @param string $marks  Signatures with a space between them; while a secret is being exchanged there are two.
	 * @return bool
	 */
	private static function is_signed( $signed, $marks ) {
		$secret = Helpdesk_Settings::get( 'secret' );
		if ( 0 === strpos( $secret, 'whsec_' ) ) {
			// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_decode -- So secrets are written.
			$secret = (string) base64_decode( substr( $secret, 6 ), true );
		}
		if ( '' === $secret ) {
			return false;
		}
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- So signatures are written.
		$ours = 'v1,' . base64_encode( hash_hmac( 'sha256', $signed, $secret, true ) );
		foreach ( explode( ' ', $marks ) as $mark ) {
			if ( hash_equals( $ours, $mark ) ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Publishes an answer unless it has been published before.
	 *
	 * A process may end at any moment: the comment itself says of which message it is, so that whoever comes next knows
	 * whether it was stored, and only one at a time stores it.
	 *
	 * @param string $id   Of the sending.
	 * @param array  $data `comment`, `ticket`, `author`, `text`, `message`.
	 * @return WP_REST_Response|WP_Error
	 */
	private static function publish_once( $id, array $data ) {
		$comment = isset( $data['comment'] ) && is_scalar( $data['comment'] ) ? get_comment( (int) $data['comment'] ) : null;
		$text    = isset( $data['text'] ) && is_string( $data['text'] ) ? trim( $data['text'] ) : '';
		if ( ! $comment || 'trash' === $comment->comment_approved || 'spam' === $comment->comment_approved || '' === $text ) {
			return new WP_Error( 'helpdesk_comment', __( 'The comment that this answers is not there any more.', 'helpdesk' ), array( 'status' => 410 ) );
		}
		$message = isset( $data['message'] ) && is_scalar( $data['message'] ) && '' !== (string) $data['message'] ? (string) $data['message'] : $id;
		$mark    = substr( hash( 'sha256', $message ), 0, 40 );
		$claimed = self::claim( self::CLAIM . $mark );
		if ( null === $claimed ) {
			return new WP_Error( 'helpdesk_busy', __( 'The answer is being stored; send it again later.', 'helpdesk' ), array( 'status' => 503 ) );
		}
		if ( ! $claimed || self::is_published( $comment, $mark ) ) {
			self::settle( self::CLAIM . $mark );
			return new WP_REST_Response( array( 'published' => false ), 200 );
		}
		$answer = self::publish( $comment, $text, isset( $data['author'] ) && is_string( $data['author'] ) ? $data['author'] : '', $mark );
		if ( ! $answer ) {
			delete_option( self::CLAIM . $mark );
			return new WP_Error( 'helpdesk_store', __( 'The answer could not be stored; send it again later.', 'helpdesk' ), array( 'status' => 503 ) );
		}
		self::settle( self::CLAIM . $mark );
		return new WP_REST_Response(
			array(
				'published' => true,
				'comment'   => (string) $answer,
			),
			201
		);
	}

	/**
	 * Takes an answer for this process, also one that another has left lying.
	 *
	 * @param string $name Under which it is noted.
	 * @return bool|null False if it was published before; null while another process has it.
	 */
	private static function claim( $name ) {
		global $wpdb;
		$mine = self::PENDING . time();
		// `add_option` looks first and writes then, which two at once both survive; the database decides here, as in WP_Upgrader::create_lock.
		// phpcs:disable WordPress.DB.DirectDatabaseQuery
		if ( $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO `$wpdb->options` (`option_name`, `option_value`, `autoload`) VALUES (%s, %s, 'no')", $name, $mine ) ) ) {
			return true;
		}
		$there = (string) $wpdb->get_var( $wpdb->prepare( "SELECT `option_value` FROM `$wpdb->options` WHERE `option_name` = %s", $name ) );
		if ( 0 === strpos( $there, self::DONE ) ) {
			return false;
		}
		if ( time() - (int) substr( $there, strlen( self::PENDING ) ) < self::STUCK ) {
			return null;
		}
		$taken = $wpdb->query( $wpdb->prepare( "UPDATE `$wpdb->options` SET `option_value` = %s WHERE `option_name` = %s AND `option_value` = %s", $mine, $name, $there ) );
		// phpcs:enable
		return $taken ? true : null;
	}

	/**
	 * Notes that an answer is published.
	 *
	 * @param string $name Under which it is noted.
	 */
	private static function settle( $name ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery
		$wpdb->query( $wpdb->prepare( "UPDATE `$wpdb->options` SET `option_value` = %s WHERE `option_name` = %s AND `option_value` LIKE %s", self::DONE . time(), $name, $wpdb->esc_like( self::PENDING ) . '%' ) );
	}

	/**
	 * Tells whether an answer stands below the post already.
	 *
	 * @param WP_Comment $comment What it answers.
	 * @param string     $mark    Of the message.
	 * @return bool
	 */
	private static function is_published( WP_Comment $comment, $mark ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery
		return (bool) $wpdb->get_var( $wpdb->prepare( "SELECT `comment_ID` FROM `$wpdb->comments` WHERE `comment_post_ID` = %d AND `comment_agent` = %s LIMIT 1", $comment->comment_post_ID, "helpdesk $mark" ) );
	}

	/**
	 * Forgets each day what nobody sends any more.
	 */
	public static function clean_up() {
		global $wpdb;
		$ninety_days = time() - 90 * DAY_IN_SECONDS;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery
		$wpdb->query( $wpdb->prepare( "DELETE FROM `$wpdb->options` WHERE `option_name` LIKE %s AND CAST( SUBSTRING_INDEX( `option_value`, ' ', -1 ) AS UNSIGNED ) < %d", $wpdb->esc_like( self::CLAIM ) . '%', $ninety_days ) );
	}

	/**
	 * Publishes an answer below a comment.
	 *
	 * @param WP_Comment $comment The comment.
	 * @param string     $text    Plain text.
	 * @param string     $author  Name of the agent.
	 * @param string     $mark    Of the message; stored in the same row, so that both are there or neither is.
	 * @return int|false Id of the answer.
	 */
	private static function publish( WP_Comment $comment, $text, $author, $mark ) {
		return wp_insert_comment(
			wp_slash(
				array(
					'comment_post_ID'      => $comment->comment_post_ID,
					'comment_parent'       => $comment->comment_ID,
					'comment_author'       => sanitize_text_field( '' !== $author ? $author : get_bloginfo( 'name' ) ),
					'comment_author_email' => '',
					'comment_content'      => esc_html( $text ),
					'comment_approved'     => 1,
					'comment_agent'        => "helpdesk $mark",
					'comment_meta'         => array( self::META => '1' ),
				)
			)
		);
	}
}
