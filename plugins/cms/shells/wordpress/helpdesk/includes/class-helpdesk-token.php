<?php
/**
 * Who is asking, signed.
 *
 * @package Helpdesk
 */

/**
 * Makes tokens (RFC 7519, HS256) that tell the helpdesk who is asking.
 */
final class Helpdesk_Token {

	/**
	 * Seconds that a token holds. One that is used once is used at once.
	 */
	const LIVES = array(
		'sign-in' => 60,
		'frame'   => 60,
		'server'  => 120,
	);

	/**
	 * Returns a token.
	 *
	 * @param string $purpose `sign-in`, `frame` or `server`.
	 * @param array  $claims  Who it is: see Helpdesk_Person.
	 * @return string
	 */
	public static function make( $purpose, array $claims ) {
		$settings = Helpdesk_Settings::all();
		$now      = time();
		$claims   = array_merge(
			$claims,
			array(
				'iss' => $settings['site'],
				'aud' => $settings['url'],
				'iat' => $now,
				'exp' => $now + self::LIVES[ $purpose ],
				'jti' => bin2hex( random_bytes( 16 ) ),
				'use' => $purpose,
			)
		);
		$header   = array(
			'alg' => 'HS256',
			'typ' => 'JWT',
			'kid' => $settings['kid'],
		);
		$signed   = self::encode( wp_json_encode( $header ) ) . '.' . self::encode( wp_json_encode( $claims ) );
		return $signed . '.' . self::encode( hash_hmac( 'sha256', $signed, $settings['secret'], true ) );
	}

	/**
	 * Returns bytes as base64url without padding.
	 *
	 * @param string $bytes Any.
	 * @return string
	 */
	private static function encode( $bytes ) {
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- RFC 7515 asks for it.
		return rtrim( strtr( base64_encode( $bytes ), '+/', '-_' ), '=' );
	}
}
