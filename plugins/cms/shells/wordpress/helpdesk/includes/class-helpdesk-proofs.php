<?php
/**
 * Whose address has been proved.
 *
 * @package Helpdesk
 */

/**
 * Notes whose address WordPress has proved by a mail that was answered.
 *
 * WordPress itself does not remember it. An account in the helpdesk is joined by a proved address only, so a mark is
 * set where a person followed a link that was mailed to them: they set their password, or confirmed a new address.
 */
final class Helpdesk_Proofs {

	const META = 'helpdesk_proved_address';

	/**
	 * Connects with WordPress.
	 */
	public static function connect() {
		add_action( 'after_password_reset', array( __CLASS__, 'note_password_set' ) );
		add_action( 'profile_update', array( __CLASS__, 'note_new_address' ), 10, 2 );
	}

	/**
	 * Tells whether a user's address is known to be theirs.
	 *
	 * @param WP_User $user A user.
	 * @return bool
	 */
	public static function is_proved( WP_User $user ) {
		$proved = Helpdesk_Settings::get( 'proved' ) || 0 === strcasecmp( (string) get_user_meta( $user->ID, self::META, true ), $user->user_email );
		/**
		 * Filters whether the site has proved that an address belongs to its user.
		 *
		 * Accounts of the helpdesk are joined by proved addresses, so a wrong yes hands somebody's tickets to a stranger.
		 *
		 * @param bool    $proved What is known.
		 * @param WP_User $user   The user.
		 */
		return '' !== $user->user_email && (bool) apply_filters( 'helpdesk_email_verified', $proved, $user );
	}

	/**
	 * Notes that somebody set a password by the link in a mail.
	 *
	 * @param WP_User $user The user.
	 */
	public static function note_password_set( $user ) {
		if ( did_action( 'login_form_rp' ) || did_action( 'login_form_resetpass' ) ) {
			update_user_meta( $user->ID, self::META, $user->user_email );
		}
	}

	/**
	 * Notes that somebody confirmed a new address by the link in a mail.
	 *
	 * @param int     $user_id Of the user.
	 * @param WP_User $before  The user as they were.
	 */
	public static function note_new_address( $user_id, $before ) {
		// This is the check that WordPress made just before it changed the address; it keeps the key until after this.
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended
		$key    = isset( $_GET['newuseremail'] ) ? sanitize_text_field( wp_unslash( $_GET['newuseremail'] ) ) : '';
		$mailed = get_user_meta( $user_id, '_new_email', true );
		$user   = get_userdata( $user_id );
		if ( '' === $key || ! $user || ! is_array( $mailed ) || $before->user_email === $user->user_email ) {
			return;
		}
		if ( hash_equals( (string) $mailed['hash'], $key ) && trim( $mailed['newemail'] ) === $user->user_email ) {
			update_user_meta( $user_id, self::META, $user->user_email );
		}
	}
}
