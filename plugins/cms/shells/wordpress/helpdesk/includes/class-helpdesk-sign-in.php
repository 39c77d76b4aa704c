<?php
/**
 * Signing in to the helpdesk, and out of both.
 *
 * @package Helpdesk
 */

/**
 * Signs people in to the helpdesk who are signed in here, and out there when they sign out here, and the other way round.
 */
final class Helpdesk_Sign_In {

	/**
	 * When a person first went to the helpdesk from here: only then there may be something to end.
	 */
	const META = 'helpdesk_signed_in';

	/**
	 * By this cookie the browser is known again, also where a new password or a new log-in has begun another session here.
	 */
	const COOKIE = 'helpdesk_browser';

	/**
	 * As long as sessions of the helpdesk last at most; each visit begins it anew.
	 */
	const COOKIE_LASTS = 400 * DAY_IN_SECONDS;

	/**
	 * Connects with WordPress.
	 */
	public static function connect() {
		add_shortcode( 'helpdesk_sign_in', array( __CLASS__, 'shortcode' ) );
		add_action( 'wp_loaded', array( __CLASS__, 'go' ) );
		add_action( 'wp_logout', array( __CLASS__, 'tell_helpdesk' ) );
	}

	/**
	 * Returns the address that signs in to the helpdesk; it makes a fresh token when it is opened.
	 *
	 * @param string $next A path of the helpdesk to go on to.
	 * @return string
	 */
	public static function url( $next = '' ) {
		$arguments = array( 'helpdesk_do' => 'sign-in' );
		if ( '' !== $next ) {
			$arguments['next'] = rawurlencode( $next );
		}
		return add_query_arg( $arguments, home_url( '/' ) );
	}

	/**
	 * Shows `[helpdesk_sign_in next="/tickets" label="My tickets"]`.
	 *
	 * @param array|string $attributes Of the shortcode.
	 * @return string
	 */
	public static function shortcode( $attributes ) {
		$attributes = shortcode_atts(
			array(
				'next'  => '/tickets',
				'label' => '',
			),
			$attributes,
			'helpdesk_sign_in'
		);
		if ( ! Helpdesk_Settings::is_complete() ) {
			return '';
		}
		$label = '' !== $attributes['label'] ? $attributes['label'] : __( 'Sign in to support', 'helpdesk' );
		return '<a class="helpdesk-sign-in" rel="nofollow" href="' . esc_url( self::url( $attributes['next'] ) ) . '">' . esc_html( $label ) . '</a>';
	}

	/**
	 * Goes to the helpdesk with a token, or signs out here, if this request asks for it.
	 */
	public static function go() {
		// A link from elsewhere may sign people in as themselves and show them their tickets; there is nothing to forge.
		// phpcs:disable WordPress.Security.NonceVerification.Recommended
		$asked = isset( $_GET['helpdesk_do'] ) && is_string( $_GET['helpdesk_do'] ) ? sanitize_key( $_GET['helpdesk_do'] ) : '';
		$next  = isset( $_GET['next'] ) && is_string( $_GET['next'] ) ? sanitize_text_field( wp_unslash( $_GET['next'] ) ) : '';
		// phpcs:enable
		if ( 'sign-in' === $asked && Helpdesk_Settings::is_complete() ) {
			self::sign_in( preg_match( '#^/(?![/\\\\])#', $next ) ? $next : '/tickets' );
		} elseif ( 'sign-out' === $asked ) {
			self::sign_out();
		}
	}

	/**
	 * Goes to the helpdesk with a token.
	 *
	 * @param string $next A path of the helpdesk to go on to.
	 */
	private static function sign_in( $next ) {
		nocache_headers();
		header( 'Referrer-Policy: no-referrer' );
		if ( ! is_user_logged_in() ) {
			wp_safe_redirect( wp_login_url( self::url( $next ) ), 302, 'Helpdesk' );
			exit;
		}
		$user = wp_get_current_user();
		$arguments = array(
			'token' => rawurlencode( Helpdesk_Token::make( 'sign-in', self::begin( $user ) ) ),
			'next'  => rawurlencode( $next ),
		);
		// The helpdesk is another host, which an admin typed in.
		// phpcs:ignore WordPress.Security.SafeRedirect.wp_redirect_wp_redirect
		wp_redirect( add_query_arg( $arguments, Helpdesk_Settings::get( 'url' ) . '/x/cms/sign-in' ), 303, 'Helpdesk' );
		exit;
	}

	/**
	 * Returns the claims of a user with a name of the browser, so that signing out in it ends what began in it and no more.
	 *
	 * Sets a cookie: nothing of the page may have been sent.
	 *
	 * @param WP_User $user Who is signed in.
	 * @return array
	 */
	public static function begin( WP_User $user ) {
		if ( ! get_user_meta( $user->ID, self::META, true ) ) {
			update_user_meta( $user->ID, self::META, time() );
		}
		$browser = self::browser();
		if ( '' === $browser ) {
			$browser = bin2hex( random_bytes( 16 ) );
		}
		self::keep( $browser );
		return Helpdesk_Person::claims( $user ) + array( 'sid' => $browser );
	}

	/**
	 * Returns what the helpdesk calls this browser; empty where it has not led there yet.
	 *
	 * @return string
	 */
	private static function browser() {
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- It is compared with all that it may be.
		$kept = isset( $_COOKIE[ self::COOKIE ] ) ? $_COOKIE[ self::COOKIE ] : '';
		return is_string( $kept ) && preg_match( '/^[0-9a-f]{32}\z/', $kept ) ? $kept : '';
	}

	/**
	 * Has the browser keep its name, wherever it sends the cookies of WordPress's own sessions.
	 *
	 * @param string $browser Its name.
	 */
	private static function keep( $browser ) {
		foreach ( array_unique( array( COOKIEPATH, SITECOOKIEPATH ) ) as $path ) {
			setcookie(
				self::COOKIE,
				$browser,
				array(
					'expires'  => time() + self::COOKIE_LASTS,
					'path'     => $path,
					'domain'   => (string) COOKIE_DOMAIN,
					'secure'   => is_ssl(),
					'httponly' => true,
					'samesite' => 'Lax',
				)
			);
		}
		$_COOKIE[ self::COOKIE ] = $browser;
	}

	/**
	 * Returns the name under which sessions began before there was the cookie; it does not lead back to the token.
	 *
	 * @return string
	 */
	private static function session() {
		return substr( hash( 'sha256', 'helpdesk ' . wp_get_session_token() ), 0, 32 );
	}

	/**
	 * Signs out here, since the person has signed out of the helpdesk; then shows the front page.
	 *
	 * Browsers send the cookie along only if the person themselves came here: nobody is signed out by a picture.
	 */
	private static function sign_out() {
		nocache_headers();
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- Compared only.
		$mode = isset( $_SERVER['HTTP_SEC_FETCH_MODE'] ) ? $_SERVER['HTTP_SEC_FETCH_MODE'] : 'navigate';
		$user = get_current_user_id();
		if ( 'navigate' === $mode && $user && get_user_meta( $user, self::META, true ) ) {
			wp_logout();
		}
		wp_safe_redirect( home_url( '/' ), 303, 'Helpdesk' );
		exit;
	}

	/**
	 * Tells the helpdesk that somebody has signed out here; in other browsers they stay where they are.
	 *
	 * @param int $user_id Of the person.
	 */
	public static function tell_helpdesk( $user_id ) {
		Helpdesk_Cache::forget( $user_id );
		$user = get_userdata( $user_id );
		if ( $user && get_user_meta( $user_id, self::META, true ) ) {
			$browser = self::browser();
			$sid     = '' !== $browser ? $browser : self::session();
			Helpdesk_Client::post( 'sign-out', Helpdesk_Person::claims( $user ) + array( 'sid' => $sid ), array() );
		}
	}
}
