<?php
/**
 * How fragments look.
 *
 * @package Helpdesk
 */

/**
 * Puts the helpdesk's style sheet into pages, from a copy: a page never waits for another machine's style.
 */
final class Helpdesk_Style {

	const OPTION = 'helpdesk_style';

	/**
	 * Has the style written at the end of the page, or in its head if that is still to come.
	 */
	public static function enqueue() {
		if ( wp_style_is( 'helpdesk', 'enqueued' ) ) {
			return;
		}
		wp_enqueue_style( 'helpdesk', plugins_url( 'assets/helpdesk.css', HELPDESK_SHELL_FILE ), array(), HELPDESK_SHELL_VERSION );
		$style = str_ireplace( '</style', '<\/style', self::copy() );
		$own   = self::tokens();
		wp_register_style( 'helpdesk-fragments', false, array(), HELPDESK_SHELL_VERSION );
		wp_add_inline_style( 'helpdesk-fragments', $style . $own );
		wp_enqueue_style( 'helpdesk-fragments' );
	}

	/**
	 * Returns the site's colour as custom properties, for fragments and frames, with one that can be read on it.
	 *
	 * @return string
	 */
	private static function tokens() {
		$accent = Helpdesk_Settings::get( 'accent' );
		if ( '' === $accent ) {
			return '';
		}
		$on = self::luminance( $accent ) > 0.179 ? '#000000' : '#ffffff';
		return ".helpdesk,helpdesk-embed,helpdesk-widget{--hd-accent:$accent;--hd-on-accent:$on}";
	}

	/**
	 * Returns the relative luminance of a colour, as WCAG 2 defines it; above 0.179 black has the better contrast.
	 *
	 * @param string $colour Such as #2b5fd9 or #25d.
	 * @return float
	 */
	private static function luminance( $colour ) {
		$digits = ltrim( $colour, '#' );
		if ( 3 === strlen( $digits ) ) {
			$digits = $digits[0] . $digits[0] . $digits[1] . $digits[1] . $digits[2] . $digits[2];
		}
		$parts = array_map(
			static function ( $pair ) {
				$share = hexdec( $pair ) / 255;
				return $share <= 0.04045 ? $share / 12.92 : pow( ( $share + 0.055 ) / 1.055, 2.4 );
			},
			str_split( $digits, 2 )
		);
		return 0.2126 * $parts[0] + 0.7152 * $parts[1] + 0.0722 * $parts[2];
	}

	/**
	 * Returns the copy of the style sheet, which is fetched anew each hour.
	 *
	 * @return string
	 */
	private static function copy() {
		$kept = get_option( self::OPTION );
		if ( is_array( $kept ) && time() - $kept['at'] < HOUR_IN_SECONDS ) {
			return $kept['css'];
		}
		$css = Helpdesk_Client::style();
		if ( null === $css ) {
			return is_array( $kept ) ? $kept['css'] : '';
		}
		update_option(
			self::OPTION,
			array(
				'at'  => time(),
				'css' => $css,
			),
			false
		);
		return $css;
	}
}
