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

// A process that ends while it stores a comment: before the row is written, or right after.
add_filter(
	'query',
	static function ( $query ) {
		if ( 0 === strpos( ltrim( $query ), 'INSERT INTO `' . $GLOBALS['wpdb']->comments . '`' ) && 'before' === get_option( 'tests_end' ) ) {
			exit;
		}
		return $query;
	}
);
add_filter(
	'add_comment_metadata',
	static function ( $check ) {
		if ( 'after' === get_option( 'tests_end' ) ) {
			exit;
		}
		return $check;
	}
);

add_filter(
	'helpdesk_account_data',
	static function ( $data ) {
		return array_merge( $data, (array) get_option( 'tests_account', array() ) );
	}
);
