<?php
/**
 * Plugin Name:       Helpdesk
 * Description:       Support inside your site: ask, see and answer tickets, sign in to the helpdesk, make tickets of comments.
 * Version:           1.0.0
 * Requires at least: 5.8
 * Requires PHP:      7.4
 * Author:            The helpdesk's authors
 * License:           MIT
 * Text Domain:       helpdesk
 * Domain Path:       /languages
 *
 * All behaviour is the helpdesk's own: this plugin signs who is asking, fetches a part of a page, and hands forms on.
 *
 * @package Helpdesk
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

define( 'HELPDESK_SHELL_VERSION', '1.0.0' );
define( 'HELPDESK_SHELL_FILE', __FILE__ );

/**
 * Reads a class of this plugin from its file when it is first needed.
 *
 * @param string $name Name of a class.
 */
function helpdesk_shell_autoload( $name ) {
	if ( 0 !== strpos( $name, 'Helpdesk_' ) ) {
		return;
	}
	$file = __DIR__ . '/includes/class-' . strtolower( str_replace( '_', '-', $name ) ) . '.php';
	if ( is_readable( $file ) ) {
		require $file;
	}
}
spl_autoload_register( 'helpdesk_shell_autoload' );

/**
 * Connects the parts of this plugin with WordPress.
 */
function helpdesk_shell_start() {
	load_plugin_textdomain( 'helpdesk', false, dirname( plugin_basename( __FILE__ ) ) . '/languages' );
	$parts = array(
		'Helpdesk_Proofs',
		'Helpdesk_Fragments',
		'Helpdesk_Forms',
		'Helpdesk_Frames',
		'Helpdesk_Sign_In',
		'Helpdesk_Answers',
	);
	if ( is_admin() ) {
		array_push( $parts, 'Helpdesk_Settings_Page', 'Helpdesk_Comments', 'Helpdesk_Dashboard', 'Helpdesk_Site_Health' );
	}
	foreach ( $parts as $part ) {
		call_user_func( array( $part, 'connect' ) );
	}
}
add_action( 'plugins_loaded', 'helpdesk_shell_start' );
