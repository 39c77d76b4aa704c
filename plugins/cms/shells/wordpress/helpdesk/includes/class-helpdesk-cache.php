<?php
/**
 * What is kept of fragments.
 *
 * @package Helpdesk
 */

/**
 * Keeps fragments for a person who is signed in, as long as the helpdesk allows; what visitors see is not kept.
 *
 * What has grown old stays for a day, to be shown when the helpdesk does not answer.
 */
final class Helpdesk_Cache {

	const GENERATION = 'helpdesk_generation';

	/**
	 * Returns what is kept: `html`, `title`, `at` and `max_age`; null if nothing is.
	 *
	 * @param array  $claims Who asks: see Helpdesk_Person.
	 * @param string $path   Of the fragment.
	 * @param string $page   Address of the page.
	 * @return array|null
	 */
	public static function find( array $claims, $path, $page ) {
		if ( ! isset( $claims['sub'] ) ) {
			return null;
		}
		$kept = get_transient( self::key( $claims, $path, $page ) );
		return is_array( $kept ) ? $kept : null;
	}

	/**
	 * Tells whether what is kept may be shown without asking.
	 *
	 * @param array $kept What `find` returned.
	 * @return bool
	 */
	public static function is_fresh( array $kept ) {
		return time() - $kept['at'] < $kept['max_age'];
	}

	/**
	 * Keeps a fragment.
	 *
	 * @param array  $claims  Who asks.
	 * @param string $path    Of the fragment.
	 * @param string $page    Address of the page.
	 * @param string $html    The fragment.
	 * @param int    $max_age Seconds that the helpdesk allows; with 0 nothing is kept.
	 */
	public static function keep( array $claims, $path, $page, $html, $max_age ) {
		if ( ! isset( $claims['sub'] ) || $max_age <= 0 ) {
			return;
		}
		$kept = array(
			'html'    => $html,
			'at'      => time(),
			'max_age' => $max_age,
		);
		set_transient( self::key( $claims, $path, $page ), $kept, DAY_IN_SECONDS );
	}

	/**
	 * Forgets all that is kept for a person.
	 *
	 * @param int $user_id Of the person; 0 for a visitor.
	 */
	public static function forget( $user_id ) {
		if ( $user_id ) {
			update_user_meta( $user_id, self::GENERATION, bin2hex( random_bytes( 8 ) ) );
		}
	}

	/**
	 * Returns the name of a fragment: another person, role, language, page or link to a helpdesk is another fragment.
	 *
	 * @param array  $claims Who asks.
	 * @param string $path   Of the fragment.
	 * @param string $page   Address of the page.
	 * @return string
	 */
	private static function key( array $claims, $path, $page ) {
		unset( $claims['ip'] );
		$settings   = Helpdesk_Settings::all();
		$generation = get_user_meta( (int) $claims['sub'], self::GENERATION, true );
		$parts      = array( $settings['url'], $settings['site'], $settings['kid'], $claims, $generation, $path, $page );
		return 'helpdesk_f_' . hash( 'sha256', (string) wp_json_encode( $parts ) );
	}
}
