<?php
/**
 * Sets a WordPress up without its pages: php wordpress_tool.php FOLDER COMMAND, with JSON at its input.
 *
 * @package Helpdesk
 */

$_SERVER['HTTP_HOST']       = 'localhost';
$_SERVER['REQUEST_URI']     = '/';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';

$told = json_decode( file_get_contents( 'php://stdin' ), true );
if ( 'install' === $argv[2] ) {
	define( 'WP_INSTALLING', true );
	define( 'WP_SITEURL', $told['url'] );
}
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/file.php';

function tests_install( array $told ) {
	require_once ABSPATH . 'wp-admin/includes/upgrade.php';
	require_once ABSPATH . 'wp-admin/includes/plugin.php';
	wp_install( 'Example Company', 'owner', 'owner@example.com', true, '', wp_generate_password() );
	update_option( 'siteurl', $told['url'] );
	update_option( 'home', $told['url'] );
	update_option( 'show_avatars', 0 );
	update_option( 'tests_account', $told['account'] );
	switch_theme( 'twentytwentythree' );
	foreach ( $told['people'] as $person ) {
		$id = wp_insert_user(
			array(
				'user_login'   => $person['login'],
				'user_email'   => $person['email'],
				'user_pass'    => $told['password'],
				'display_name' => $person['name'],
				'role'         => $person['role'],
			)
		);
		if ( is_wp_error( $id ) ) {
			throw new Exception( $id->get_error_message() );
		}
		if ( $person['proved'] ) {
			update_user_meta( $id, 'helpdesk_proved_address', $person['email'] );
		}
		update_user_meta( $id, 'admin_color', 'fresh' );
	}
	$pages = array(
		'support'  => array( 'Support', '<!-- wp:helpdesk/support {"path":"new"} /-->' ),
		'tickets'  => array( 'My tickets', "<!-- wp:shortcode -->\n[helpdesk path=\"tickets\"]\n<!-- /wp:shortcode -->" ),
		'frame'    => array( 'Support in a frame', '<!-- wp:helpdesk/support {"path":"new","frame":true} /-->' ),
		'account'  => array( 'Account', "<!-- wp:shortcode -->\n[helpdesk_sign_in next=\"/tickets\"]\n<!-- /wp:shortcode -->" ),
		'comments' => array( 'News', '<!-- wp:paragraph --><p>We have opened a new shop.</p><!-- /wp:paragraph -->' ),
	);
	foreach ( $pages as $slug => list( $title, $content ) ) {
		wp_insert_post(
			wp_slash(
				array(
					'post_type'      => 'page',
					'post_name'      => $slug,
					'post_title'     => $title,
					'post_content'   => $content,
					'post_status'    => 'publish',
					'comment_status' => 'comments' === $slug ? 'open' : 'closed',
				)
			)
		);
	}
	global $wp_rewrite;
	$wp_rewrite->set_permalink_structure( '/%postname%/' );
	flush_rewrite_rules( false );
	$problem = activate_plugin( 'helpdesk/helpdesk.php' );
	if ( is_wp_error( $problem ) ) {
		throw new Exception( $problem->get_error_message() );
	}
	return true;
}

function tests_configure( array $told ) {
	global $wpdb;
	update_option(
		'helpdesk_settings',
		array(
			'url'    => $told['helpdesk'],
			'site'   => $told['site'],
			'kid'    => $told['kid'],
			'secret' => $told['secret'],
			'wait'   => $told['wait'],
			'widget' => true,
			'roles'  => array( 'administrator', 'editor' ),
		)
	);
	foreach ( array( '_transient_helpdesk_f_', '_transient_timeout_helpdesk_f_' ) as $beginning ) {
		$names = $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE %s", $wpdb->esc_like( $beginning ) . '%' ) );
		array_map( 'delete_option', $names );
	}
	delete_option( 'helpdesk_failures' );
	delete_option( 'helpdesk_style' );
	return true;
}

function tests_comment( array $told ) {
	return wp_insert_comment(
		wp_slash(
			array(
				'comment_post_ID'      => get_page_by_path( 'comments' )->ID,
				'comment_author'       => $told['name'],
				'comment_author_email' => $told['email'],
				'comment_content'      => $told['text'],
				'comment_approved'     => 1,
			)
		)
	);
}

function tests_newcomer( array $told ) {
	return wp_insert_user(
		array(
			'user_login' => $told['login'],
			'user_email' => $told['email'],
			'user_pass'  => $told['password'],
		)
	);
}

function tests_end( array $told ) {
	update_option( 'tests_end', $told['when'] );
	return true;
}

function tests_later( array $told ) {
	global $wpdb;
	$wpdb->query( $wpdb->prepare( "UPDATE $wpdb->options SET option_value = %s WHERE option_name LIKE %s", 'taken ' . ( time() - $told['seconds'] ), $wpdb->esc_like( 'helpdesk_answer_' ) . '%' ) );
	return true;
}

function tests_transport() {
	// Asks WordPress itself: with cURL it hands the handle out before each request.
	$by = 'sockets';
	add_action(
		'http_api_curl',
		static function () use ( &$by ) {
			$by = 'curl';
		}
	);
	wp_remote_get( 'http://127.0.0.1:9/', array( 'timeout' => 1 ) );
	return $by;
}

function tests_upload() {
	// With cURL more than the system takes in before somebody reads it; without, so little that writing does not wait.
	$file = wp_tempnam( 'tests' );
	file_put_contents( $file, str_repeat( 'x', function_exists( 'curl_init' ) ? 6000000 : 600000 ) );
	$sent = array( 'field' => 'files', 'name' => 'a.txt', 'type' => 'text/plain', 'path' => $file );
	$answer = Helpdesk_Client::post_form( 'fragment', Helpdesk_Person::current(), array( array( 'path', 'new' ), array( 'page', home_url( '/' ) ) ), array( $sent ) );
	unlink( $file );
	return $answer['problem'];
}

function tests_upload_closed() {
	// Before PHP 8 what cURL knew is closed by the time that WordPress tells of the failure.
	add_filter(
		'pre_http_request',
		static function () {
			$closed = fopen( 'php://memory', 'r' );
			fclose( $closed );
			Helpdesk_Client::keep_handle( $closed );
			return new WP_Error( 'http_request_failed', 'Time is up' );
		}
	);
	return tests_upload();
}

function tests_failures() {
	return get_option( 'helpdesk_failures', array() );
}

function tests_mails() {
	return (string) file_get_contents( dirname( ABSPATH ) . '/mails.txt' );
}

function tests_stored() {
	global $wpdb;
	return array_merge(
		$wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE '%helpdesk%'" ),
		$wpdb->get_col( "SELECT meta_key FROM $wpdb->usermeta WHERE meta_key LIKE '%helpdesk%' AND meta_key NOT LIKE 'meta-box-%'" ),
		$wpdb->get_col( "SELECT meta_key FROM $wpdb->commentmeta WHERE meta_key LIKE '%helpdesk%'" )
	);
}

function tests_uninstall() {
	define( 'WP_UNINSTALL_PLUGIN', 'helpdesk/helpdesk.php' );
	require WP_PLUGIN_DIR . '/helpdesk/uninstall.php';
	return tests_stored();
}

function tests_prove( array $told ) {
	foreach ( $told['people'] as $email ) {
		update_user_meta( get_user_by( 'email', $email )->ID, 'helpdesk_proved_address', $email );
	}
	return true;
}

try {
	echo wp_json_encode( call_user_func( 'tests_' . $argv[2], $told ) );
} catch ( Exception $error ) {
	fwrite( STDERR, $error->getMessage() );
	exit( 1 );
}
