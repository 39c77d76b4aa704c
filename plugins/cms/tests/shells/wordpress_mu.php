<?php
/**
 * What a real site would have of its own: what an account is, and no mail in tests.
 *
 * @package Helpdesk
 */

if ( ! function_exists( 'wp_mail' ) ) {
	function wp_mail() {
		return true;
	}
}

add_filter(
	'helpdesk_account_data',
	static function ( $data ) {
		return array_merge( $data, (array) get_option( 'tests_account', array() ) );
	}
);
