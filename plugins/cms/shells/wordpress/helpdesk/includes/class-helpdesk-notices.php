<?php
/**
 * What is said after something was done in the administration.
 *
 * @package Helpdesk
 */

/**
 * Keeps a sentence for whoever is signed in, and shows it on the next page.
 */
final class Helpdesk_Notices {

	/**
	 * Keeps a sentence.
	 *
	 * @param string $kind `success` or `error`.
	 * @param string $says The sentence.
	 */
	public static function keep( $kind, $says ) {
		set_transient( self::name(), array( $kind, $says ), MINUTE_IN_SECONDS );
	}

	/**
	 * Shows what was kept.
	 */
	public static function show() {
		$kept = get_transient( self::name() );
		if ( is_array( $kept ) ) {
			delete_transient( self::name() );
			printf( '<div class="notice notice-%s is-dismissible" role="status"><p>%s</p></div>', esc_attr( $kept[0] ), esc_html( $kept[1] ) );
		}
	}

	/**
	 * Returns under which name a sentence is kept.
	 *
	 * @return string
	 */
	private static function name() {
		return 'helpdesk_notice_' . get_current_user_id();
	}
}
