<?php
/**
 * What the helpdesk is told of a person.
 *
 * @package Helpdesk
 */

/**
 * Turns users of WordPress into claims of a token.
 */
final class Helpdesk_Person {

	const MOST_DATA   = 20;
	const LONGEST     = 200;
	const LONGEST_ADD = 254;

	/**
	 * Returns the claims of whoever looks at the page.
	 *
	 * @return array
	 */
	public static function current() {
		return self::claims( wp_get_current_user() );
	}

	/**
	 * Returns the claims of a user, or of a visitor where the user does not exist.
	 *
	 * @param WP_User $user A user.
	 * @return array
	 */
	public static function claims( WP_User $user ) {
		$claims = array( 'locale' => self::language() );
		$ip     = self::address();
		if ( '' !== $ip ) {
			$claims['ip'] = $ip;
		}
		if ( ! $user->exists() ) {
			return $claims;
		}
		$claims['sub']            = (string) $user->ID;
		$claims['email']          = substr( $user->user_email, 0, self::LONGEST_ADD );
		$claims['email_verified'] = Helpdesk_Proofs::is_proved( $user );
		$claims['name']           = '' !== trim( $user->display_name ) ? $user->display_name : $user->user_login;
		$claims['roles']          = array_values( (array) $user->roles );
		$data                     = self::data( $user );
		if ( $data ) {
			$claims['data'] = $data;
		}
		return $claims;
	}

	/**
	 * Returns what the account page knows of a user.
	 *
	 * @param WP_User $user A user.
	 * @return array Texts by name.
	 */
	private static function data( WP_User $user ) {
		/**
		 * Filters what agents see of a customer's account, and what is kept with a ticket when it is opened.
		 *
		 * At most 20 entries; names and values are text of at most 200 characters. Do not pass on secrets.
		 *
		 * @param array   $data Texts by name, such as `array( 'plan' => 'Large' )`.
		 * @param WP_User $user The customer.
		 */
		$data = apply_filters( 'helpdesk_account_data', array(), $user );
		$kept = array();
		foreach ( is_array( $data ) ? $data : array() as $name => $value ) {
			if ( is_scalar( $value ) && count( $kept ) < self::MOST_DATA ) {
				$kept[ mb_substr( (string) $name, 0, self::LONGEST ) ] = mb_substr( (string) $value, 0, self::LONGEST );
			}
		}
		return $kept;
	}

	/**
	 * Returns the page's language as a tag such as `de-AT`.
	 *
	 * @return string
	 */
	public static function language() {
		preg_match( '/^[a-z]{2,3}(_[A-Z]{2})?/', get_locale(), $found );
		return $found ? str_replace( '_', '-', $found[0] ) : 'en';
	}

	/**
	 * Returns the browser's address; empty if it is not known.
	 *
	 * @return string
	 */
	private static function address() {
		$seen = isset( $_SERVER['REMOTE_ADDR'] ) ? sanitize_text_field( wp_unslash( $_SERVER['REMOTE_ADDR'] ) ) : '';
		/**
		 * Filters the address of the browser, for sites behind a proxy that WordPress does not know of.
		 *
		 * @param string $seen Where the request came from.
		 */
		$seen = (string) apply_filters( 'helpdesk_client_address', $seen );
		return (string) filter_var( $seen, FILTER_VALIDATE_IP );
	}
}
