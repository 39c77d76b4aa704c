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
	const LONGEST  = 500;

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
	 * Returns the path that the address of the page asks for; empty if it asks for none.
	 *
	 * @return string
	 */
	public static function path() {
		// A link to a part of a page is no form: there is nothing to forge.
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended
		$asked = isset( $_GET[ self::ARGUMENT ] ) && is_string( $_GET[ self::ARGUMENT ] ) ? sanitize_text_field( wp_unslash( $_GET[ self::ARGUMENT ] ) ) : '';
		return substr( ltrim( $asked, '/' ), 0, self::LONGEST );
	}
}
