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
	 * Returns the site's colours as custom properties, for fragments and frames.
	 *
	 * @return string
	 */
	private static function tokens() {
		$accent = Helpdesk_Settings::get( 'accent' );
		return '' === $accent ? '' : ".helpdesk,helpdesk-embed,helpdesk-widget{--hd-accent:$accent}";
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
