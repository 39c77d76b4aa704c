<?php
/**
 * What a real site would have of its own: what an account is, and mails that go to a file.
 *
 * @package Helpdesk
 */

if ( ! function_exists( 'wp_mail' ) ) {
	function wp_mail( $to, $subject, $message ) {
		file_put_contents( dirname( ABSPATH ) . '/mails.txt', "To: $to\n$subject\n\n$message\n", FILE_APPEND );
		return true;
	}
}

add_filter(
	'helpdesk_account_data',
	static function ( $data ) {
		return array_merge( $data, (array) get_option( 'tests_account', array() ) );
	}
);
