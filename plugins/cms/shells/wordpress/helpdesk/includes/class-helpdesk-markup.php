<?php
/**
 * The HTML of fragments, made fit for a page of WordPress.
 *
 * @package Helpdesk
 */

/**
 * Gives form fields names that PHP and WordPress leave alone, and text that no filter of a theme changes.
 *
 * A field called `name` would make WordPress look for a post of that name; of two fields with one name PHP drops one. So
 * a field `subject` is sent as `hd[7375626a656374][]`.
 */
final class Helpdesk_Markup {

	const FIELD = 'hd';
	const NONCE = '_helpdesk_nonce';

	const TAG       = '#<(?:!--.*?-->|/?[a-z](?:[^>"\']++|"[^"]*+"|\'[^\']*+\')*+>)#si';
	const CONTROL   = '#^<(?:input|select|textarea|button)\b#i';
	const ATTRIBUTE = '#([^\s"\'>/=]+)\s*=\s*(?:"([^"]*)"|\'([^\']*)\'|([^\s"\'>]+))#';

	/**
	 * Characters that WordPress replaces in text: shortcodes, typographic quotes, dashes, faces.
	 */
	const INERT = array(
		'['         => '&#91;',
		']'         => '&#93;',
		'"'         => '&#34;',
		"'"         => '&#39;',
		'`'         => '&#96;',
		'-'         => '&#45;',
		'.'         => '&#46;',
		':'         => '&#58;',
		')'         => '&#41;',
		'8'         => '&#56;',
		'x'         => '&#120;',
		'Wordpress' => '&#87;ordpress',
	);

	/**
	 * Makes a fragment of the helpdesk ready to be kept.
	 *
	 * @param string $html Of the helpdesk.
	 * @return string
	 */
	public static function prepare( $html ) {
		$ready = '';
		$end   = 0;
		preg_match_all( self::TAG, $html, $tags, PREG_OFFSET_CAPTURE );
		foreach ( $tags[0] as list( $tag, $at ) ) {
			$ready .= self::text( substr( $html, $end, $at - $end ) ) . self::tag( $tag );
			$end    = $at + strlen( $tag );
		}
		return $ready . self::text( substr( $html, $end ) );
	}

	/**
	 * Puts in what protects forms against forgery; this is different each time.
	 *
	 * @param string $html What `prepare` returned.
	 * @return string
	 */
	public static function finish( $html ) {
		$nonce = '<input type="hidden" name="' . self::NONCE . '" value="' . esc_attr( wp_create_nonce( 'helpdesk_form' ) ) . '">';
		return str_replace( '<!--helpdesk-->', $nonce, $html );
	}

	/**
	 * Returns the name under which a field is sent.
	 *
	 * @param string $name Of the helpdesk.
	 * @return string
	 */
	public static function field( $name ) {
		return self::FIELD . '[' . bin2hex( $name ) . '][]';
	}

	/**
	 * Returns the helpdesk's name of a field; null if it is none.
	 *
	 * @param string $key What stands in the first brackets.
	 * @return string|null
	 */
	public static function name( $key ) {
		return preg_match( '/^(?:[0-9a-f]{2})+$/', $key ) ? hex2bin( $key ) : null;
	}

	/**
	 * Returns text that is shown as it is.
	 *
	 * @param string $text Between two tags; entities stay.
	 * @return string
	 */
	private static function text( $text ) {
		return preg_replace_callback(
			'/&(?:#\d+|#x[0-9a-f]+|[a-z][a-z0-9]*);|[^&]++|&/i',
			static function ( $part ) {
				return '&' === $part[0][0] ? $part[0] : strtr( $part[0], self::INERT );
			},
			$text
		);
	}

	/**
	 * Returns a tag with the name under which its field is sent.
	 *
	 * @param string $tag From `<` to `>`.
	 * @return string
	 */
	private static function tag( $tag ) {
		if ( preg_match( self::CONTROL, $tag ) ) {
			$tag = preg_replace_callback(
				self::ATTRIBUTE,
				static function ( $found ) {
					if ( 'name' !== strtolower( $found[1] ) ) {
						return $found[0];
					}
					return 'name="' . self::field( html_entity_decode( end( $found ), ENT_QUOTES | ENT_HTML5 ) ) . '"';
				},
				$tag
			);
		}
		return strtr(
			$tag,
			array(
				'[' => '&#91;',
				']' => '&#93;',
			)
		);
	}
}
