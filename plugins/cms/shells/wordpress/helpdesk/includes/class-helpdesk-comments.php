<?php
/**
 * Comments that become tickets.
 *
 * @package Helpdesk
 */

/**
 * Offers "Make a ticket" at each comment of the administration, and "View ticket" afterwards.
 */
final class Helpdesk_Comments {

	const NUMBER = '_helpdesk_ticket';
	const URL    = '_helpdesk_ticket_url';
	const ACTION = 'helpdesk_make_ticket';

	/**
	 * Connects with WordPress.
	 */
	public static function connect() {
		add_filter( 'comment_row_actions', array( __CLASS__, 'add_action' ), 10, 2 );
		add_action( 'admin_post_' . self::ACTION, array( __CLASS__, 'make_ticket' ) );
		add_action( 'admin_notices', array( 'Helpdesk_Notices', 'show' ) );
	}

	/**
	 * Adds what can be done with a comment.
	 *
	 * @param array      $actions Links by name.
	 * @param WP_Comment $comment The comment.
	 * @return array
	 */
	public static function add_action( $actions, $comment ) {
		if ( ! Helpdesk_Settings::is_complete() || ! current_user_can( 'edit_comment', $comment->comment_ID ) ) {
			return $actions;
		}
		$url = (string) get_comment_meta( $comment->comment_ID, self::URL, true );
		if ( '' !== $url ) {
			/* translators: %s: number of a ticket */
			$title                    = sprintf( __( 'Ticket %s', 'helpdesk' ), get_comment_meta( $comment->comment_ID, self::NUMBER, true ) );
			$actions['helpdesk_view'] = '<a href="' . esc_url( $url ) . '" title="' . esc_attr( $title ) . '">' . esc_html__( 'View ticket', 'helpdesk' ) . '</a>';
		} elseif ( ! get_comment_meta( $comment->comment_ID, Helpdesk_Answers::META, true ) && in_array( $comment->comment_approved, array( '0', '1' ), true ) ) {
			$arguments                = array(
				'action'  => self::ACTION,
				'comment' => $comment->comment_ID,
			);
			$make                     = wp_nonce_url( add_query_arg( $arguments, admin_url( 'admin-post.php' ) ), self::ACTION . $comment->comment_ID );
			$actions['helpdesk_make'] = '<a href="' . esc_url( $make ) . '">' . esc_html__( 'Make a ticket', 'helpdesk' ) . '</a>';
		}
		return $actions;
	}

	/**
	 * Makes a ticket of a comment, and goes back to the list.
	 */
	public static function make_ticket() {
		$id = isset( $_GET['comment'] ) ? absint( $_GET['comment'] ) : 0;
		check_admin_referer( self::ACTION . $id );
		$comment = get_comment( $id );
		if ( ! $comment || ! current_user_can( 'edit_comment', $id ) ) {
			wp_die( esc_html__( 'You may not make a ticket of this comment.', 'helpdesk' ), '', array( 'response' => 403 ) );
		}
		$answer = Helpdesk_Client::post( 'comments', Helpdesk_Person::current(), self::told_of( $comment ) );
		if ( '' === $answer['problem'] && isset( $answer['data']['number'], $answer['data']['url'] ) ) {
			update_comment_meta( $id, self::NUMBER, sanitize_text_field( (string) $answer['data']['number'] ) );
			update_comment_meta( $id, self::URL, esc_url_raw( (string) $answer['data']['url'] ) );
			/* translators: %s: number of a ticket */
			Helpdesk_Notices::keep( 'success', sprintf( __( 'The comment has become ticket %s. What agents answer there is published below it.', 'helpdesk' ), $answer['data']['number'] ) );
		} else {
			/* translators: %s: a sentence that says why */
			Helpdesk_Notices::keep( 'error', sprintf( __( 'No ticket was made. %s', 'helpdesk' ), $answer['problem'] ) );
		}
		$back = wp_get_referer();
		wp_safe_redirect( $back ? $back : admin_url( 'edit-comments.php' ), 303, 'Helpdesk' );
		exit;
	}

	/**
	 * Returns what the helpdesk is told of a comment.
	 *
	 * @param WP_Comment $comment The comment.
	 * @return array
	 */
	private static function told_of( WP_Comment $comment ) {
		$user   = $comment->user_id ? get_userdata( (int) $comment->user_id ) : false;
		$proved = $user && 0 === strcasecmp( $user->user_email, $comment->comment_author_email ) && Helpdesk_Proofs::is_proved( $user );
		return array(
			'id'         => (string) $comment->comment_ID,
			'url'        => get_comment_link( $comment ),
			'page_title' => html_entity_decode( wp_strip_all_tags( get_the_title( (int) $comment->comment_post_ID ) ), ENT_QUOTES | ENT_HTML5, 'UTF-8' ),
			'text'       => html_entity_decode( wp_strip_all_tags( $comment->comment_content ), ENT_QUOTES | ENT_HTML5, 'UTF-8' ),
			'author'     => array(
				'name'           => $comment->comment_author,
				'email'          => $comment->comment_author_email,
				'email_verified' => $proved,
			),
		);
	}
}
