<?php
/**
 * What an admin has set.
 *
 * @package Helpdesk
 */

/**
 * Reads the settings: the option, over it constants of wp-config.php.
 */
final class Helpdesk_Settings {

	const OPTION = 'helpdesk_settings';

	const DEFAULTS = array(
		'url'    => '',
		'site'   => '',
		'kid'    => '',
		'secret' => '',
		'wait'   => 3,
		'proved' => false,
		'roles'  => array( 'administrator', 'editor' ),
		'widget' => false,
		'label'  => '',
		'accent' => '',
	);

	/**
	 * Settings that wp-config.php may hold, and the names of their constants.
	 */
	const CONSTANTS = array(
		'url'    => 'HELPDESK_URL',
		'site'   => 'HELPDESK_SITE',
		'kid'    => 'HELPDESK_KEY_ID',
		'secret' => 'HELPDESK_SECRET',
	);

	/**
	 * Returns all settings.
	 *
	 * @return array
	 */
	public static function all() {
		$settings = array_merge( self::DEFAULTS, (array) get_option( self::OPTION, array() ) );
		foreach ( self::CONSTANTS as $name => $constant ) {
			if ( defined( $constant ) ) {
				$settings[ $name ] = (string) constant( $constant );
			}
		}
		$settings['url'] = untrailingslashit( $settings['url'] );
		return $settings;
	}

	/**
	 * Returns one setting.
	 *
	 * @param string $name Its name in DEFAULTS.
	 * @return mixed
	 */
	public static function get( $name ) {
		$settings = self::all();
		return $settings[ $name ];
	}

	/**
	 * Tells whether everything that is needed to ask the helpdesk has been set.
	 *
	 * @return bool
	 */
	public static function is_complete() {
		$settings = self::all();
		return '' !== $settings['url'] && '' !== $settings['site'] && '' !== $settings['kid'] && '' !== $settings['secret'];
	}

	/**
	 * Tells whether a setting is fixed in wp-config.php.
	 *
	 * @param string $name Its name in DEFAULTS.
	 * @return bool
	 */
	public static function is_fixed( $name ) {
		return isset( self::CONSTANTS[ $name ] ) && defined( self::CONSTANTS[ $name ] );
	}

	/**
	 * Checks what was typed into the settings page, and keeps what was there before where it is wrong.
	 *
	 * @param mixed $typed Fields of the form.
	 * @return array
	 */
	public static function sanitize( $typed ) {
		$typed  = is_array( $typed ) ? $typed : array();
		$before = array_merge( self::DEFAULTS, (array) get_option( self::OPTION, array() ) );
		$kept   = $before;
		if ( isset( $typed['url'] ) ) {
			$problem = self::problem_of_url( trim( $typed['url'] ) );
			if ( '' === $problem ) {
				$kept['url'] = untrailingslashit( esc_url_raw( trim( $typed['url'] ) ) );
			} else {
				add_settings_error( self::OPTION, 'url', $problem );
			}
		}
		foreach ( array( 'site', 'kid', 'label' ) as $name ) {
			if ( isset( $typed[ $name ] ) ) {
				$kept[ $name ] = sanitize_text_field( $typed[ $name ] );
			}
		}
		if ( isset( $typed['secret'] ) && '' !== trim( $typed['secret'] ) ) {
			if ( strlen( trim( $typed['secret'] ) ) >= 32 ) {
				$kept['secret'] = trim( $typed['secret'] );
			} else {
				add_settings_error( self::OPTION, 'secret', __( 'The secret is too short: copy all of it, it has at least 32 characters. The secret from before was kept.', 'helpdesk' ) );
			}
		}
		if ( isset( $typed['wait'] ) ) {
			$kept['wait'] = min( 20, max( 1, (float) $typed['wait'] ) );
		}
		if ( isset( $typed['accent'] ) ) {
			$kept['accent'] = (string) sanitize_hex_color( trim( $typed['accent'] ) );
		}
		foreach ( array( 'proved', 'widget' ) as $name ) {
			$kept[ $name ] = ! empty( $typed[ $name ] );
		}
		if ( isset( $typed['roles'] ) && is_array( $typed['roles'] ) ) {
			$kept['roles'] = array_values( array_filter( array_map( 'sanitize_key', $typed['roles'] ) ) );
		}
		if ( array( $kept['url'], $kept['site'] ) !== array( $before['url'], $before['site'] ) ) {
			delete_option( Helpdesk_Client::FAILURES );
			delete_option( Helpdesk_Style::OPTION );
		}
		return $kept;
	}

	/**
	 * Returns a sentence that says what is wrong with an address of a helpdesk; empty if nothing is.
	 *
	 * @param string $url What was typed.
	 * @return string
	 */
	private static function problem_of_url( $url ) {
		if ( '' === $url ) {
			return '';
		}
		$parts = wp_parse_url( $url );
		if ( empty( $parts['host'] ) || ! in_array( isset( $parts['scheme'] ) ? $parts['scheme'] : '', array( 'http', 'https' ), true ) ) {
			return __( 'This is no address of a helpdesk: write it like https://help.example.com.', 'helpdesk' );
		}
		if ( 'http' === $parts['scheme'] && ! in_array( $parts['host'], array( 'localhost', '127.0.0.1', '[::1]' ), true ) ) {
			return __( 'Tokens must not be readable on the way: the address of the helpdesk has to begin with https://.', 'helpdesk' );
		}
		if ( ! empty( $parts['query'] ) || ! empty( $parts['fragment'] ) ) {
			return __( 'Give the address of the helpdesk\'s start page, without anything behind ? or #.', 'helpdesk' );
		}
		return '';
	}
}
