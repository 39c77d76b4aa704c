<?php
/**
 * Removes what the plugin has stored, when it is deleted. Tickets stay where they are: in the helpdesk.
 *
 * @package Helpdesk
 */

if ( ! defined( 'WP_UNINSTALL_PLUGIN' ) ) {
	exit;
}

/**
 * Removes options, kept fragments, and marks at comments of one site.
 */
function helpdesk_shell_remove() {
	global $wpdb;
	// phpcs:disable WordPress.DB.DirectDatabaseQuery
	foreach ( array( 'helpdesk_', '_transient_helpdesk_', '_transient_timeout_helpdesk_' ) as $beginning ) {
		$names = $wpdb->get_col( $wpdb->prepare( "SELECT `option_name` FROM `$wpdb->options` WHERE `option_name` LIKE %s", $wpdb->esc_like( $beginning ) . '%' ) );
		array_map( 'delete_option', $names );
	}
	// phpcs:enable
	foreach ( array( '_helpdesk_ticket', '_helpdesk_ticket_url', '_helpdesk_message' ) as $name ) {
		delete_metadata( 'comment', 0, $name, '', true );
	}
}

if ( is_multisite() ) {
	foreach ( get_sites(
		array(
			'fields' => 'ids',
			'number' => 0,
		)
	) as $helpdesk_shell_site ) {
		switch_to_blog( $helpdesk_shell_site );
		helpdesk_shell_remove();
		restore_current_blog();
	}
} else {
	helpdesk_shell_remove();
}
foreach ( array( 'helpdesk_proved_address', 'helpdesk_generation', 'helpdesk_signed_in' ) as $helpdesk_shell_name ) {
	delete_metadata( 'user', 0, $helpdesk_shell_name, '', true );
}
