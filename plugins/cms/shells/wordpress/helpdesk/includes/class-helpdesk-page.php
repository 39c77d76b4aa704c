<?php
/**
 * The page that is being looked at.
 *
 * @package Helpdesk
 */

/**
 * Knows where a fragment stands, and which part of the helpdesk its address asks for.
 */
final class Helpdesk_Page {

	const ARGUMENT = 'helpdesk';
	const LONGEST  = 2000;

	/**
	 * Returns the address of the page, without what a fragment adds to it.
	 *
	 * @return string
	 */
	public static function url() {
		if ( is_singular() ) {
			return (string) get_permalink( get_queried_object_id() );
		}
		global $wp;
		return home_url( user_trailingslashit( isset( $wp->request ) ? $wp->request : '' ) );
	}

	/**
	 * Returns the address of a part of the helpdesk in this page.
	 *
	 * @param string $path Such as `tickets/7`.
	 * @return string
	 */
	public static function url_of( $path ) {
		return add_query_arg( self::ARGUMENT, rawurlencode( $path ), self::url() );
	}

	/**
	 * Returns the path that the address of the page asks for; empty if it asks for none, or for what is no UTF-8.
	 *
	 * What is percent-encoded in it stays, such as the words of a search: sanitize_text_field() would remove it.
	 *
	 * @return string
	 */
	public static function path() {
		// A link to a part of a page is no form: there is nothing to forge. The path goes to the helpdesk, and is escaped where it is shown.
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended, WordPress.Security.ValidatedSanitizedInput.InputNotSanitized
		$asked = isset( $_GET[ self::ARGUMENT ] ) && is_string( $_GET[ self::ARGUMENT ] ) ? wp_check_invalid_utf8( wp_unslash( $_GET[ self::ARGUMENT ] ) ) : '';
		$asked = preg_replace( '/[\x00-\x1F\x7F]/', '', $asked );
		return mb_substr( ltrim( $asked, '/ ' ), 0, self::LONGEST );
	}
}
