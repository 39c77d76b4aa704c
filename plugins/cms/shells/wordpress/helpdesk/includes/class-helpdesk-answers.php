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

	const OLDEST = 300;
	const META   = '_helpdesk_message';

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
		$names = array( 'helpdesk_id_' . hash( 'sha256', $id ) );
		if ( isset( $data['message'] ) && is_scalar( $data['message'] ) ) {
			$names[] = 'helpdesk_message_' . hash( 'sha256', (string) $data['message'] );
		}
		if ( ! self::claim( $names ) ) {
			return new WP_REST_Response( array( 'published' => false ), 200 );
		}
		$answer = self::publish( $comment, $text, isset( $data['author'] ) && is_string( $data['author'] ) ? $data['author'] : '' );
		if ( ! $answer ) {
			array_map( 'delete_option', $names );
			return new WP_Error( 'helpdesk_store', __( 'The answer could not be stored; send it again later.', 'helpdesk' ), array( 'status' => 503 ) );
		}
		return new WP_REST_Response(
			array(
				'published' => true,
				'comment'   => (string) $answer,
			),
			201
		);
	}

	/**
	 * Notes that an answer has been taken; only the first of several at the same moment can.
	 *
	 * @param array $names Under which it is noted.
	 * @return bool
	 */
	private static function claim( array $names ) {
		global $wpdb;
		foreach ( $names as $name ) {
			// `add_option` looks first and writes then, which two at once both survive; the database decides here, as in WP_Upgrader::create_lock.
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery
			$taken = $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO `$wpdb->options` (`option_name`, `option_value`, `autoload`) VALUES (%s, %s, 'no')", $name, time() ) );
			if ( ! $taken ) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Forgets each day the sendings that are too old to be taken anyway.
	 */
	public static function clean_up() {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery
		$wpdb->query( $wpdb->prepare( "DELETE FROM `$wpdb->options` WHERE `option_name` LIKE %s AND `option_value` < %d", $wpdb->esc_like( 'helpdesk_id_' ) . '%', time() - DAY_IN_SECONDS ) );
	}

	/**
	 * Publishes an answer below a comment.
	 *
	 * @param WP_Comment $comment The comment.
	 * @param string     $text    Plain text.
	 * @param string     $author  Name of the agent.
	 * @return int|false Id of the answer.
	 */
	private static function publish( WP_Comment $comment, $text, $author ) {
		$answer = wp_insert_comment(
			wp_slash(
				array(
					'comment_post_ID'      => $comment->comment_post_ID,
					'comment_parent'       => $comment->comment_ID,
					'comment_author'       => sanitize_text_field( '' !== $author ? $author : get_bloginfo( 'name' ) ),
					'comment_author_email' => '',
					'comment_content'      => esc_html( $text ),
					'comment_approved'     => 1,
					'comment_agent'        => 'helpdesk',
				)
			)
		);
		if ( $answer ) {
			update_comment_meta( $answer, self::META, '1' );
		}
		return $answer;
	}
}
