<?php
/**
 * Frames and the floating widget.
 *
 * @package Helpdesk
 */

/**
 * Puts the helpdesk's own elements into pages, and gives them tokens when they ask for one.
 */
final class Helpdesk_Frames {

	/**
	 * Whether this page has a frame.
	 *
	 * @var bool
	 */
	private static $has_frame = false;

	/**
	 * Connects with WordPress.
	 */
	public static function connect() {
		add_shortcode( 'helpdesk_frame', array( __CLASS__, 'shortcode' ) );
		add_action( 'wp_footer', array( __CLASS__, 'widget' ), 5 );
		add_action( 'wp_loaded', array( __CLASS__, 'give_token' ) );
	}

	/**
	 * Shows `[helpdesk_frame path="tickets" title="Support"]`.
	 *
	 * @param array|string $attributes Of the shortcode.
	 * @return string
	 */
	public static function shortcode( $attributes ) {
		$attributes = shortcode_atts(
			array(
				'path'  => 'new',
				'title' => '',
			),
			$attributes,
			'helpdesk_frame'
		);
		return self::element( ltrim( $attributes['path'], '/' ), $attributes['title'] );
	}

	/**
	 * Returns a frame that begins with a path; without JavaScript it is a link.
	 *
	 * @param string $path  Of the helpdesk.
	 * @param string $title What the frame is called for people who hear it.
	 * @return string
	 */
	public static function element( $path, $title = '' ) {
		if ( ! Helpdesk_Settings::is_complete() ) {
			return Helpdesk_Fragments::apology( Helpdesk_Client::get( 'health', array() ) );
		}
		self::$has_frame = true;
		Helpdesk_Style::enqueue();
		self::enqueue();
		$attributes = array(
			'site'      => Helpdesk_Settings::get( 'site' ),
			'path'      => $path,
			'token-url' => self::token_url(),
			'title'     => '' !== $title ? $title : __( 'Support', 'helpdesk' ),
		);
		return self::html( 'helpdesk-embed', $attributes, __( 'Go to the support site', 'helpdesk' ) );
	}

	/**
	 * Writes the floating widget at the end of a page, where it is switched on.
	 */
	public static function widget() {
		$is_there = self::$has_frame || Helpdesk_Fragments::has_shown();
		/**
		 * Filters whether this page has the floating widget.
		 *
		 * @param bool $shown What the settings say; pages that show the helpdesk anyway go without.
		 */
		if ( ! Helpdesk_Settings::is_complete() || ! apply_filters( 'helpdesk_show_widget', Helpdesk_Settings::get( 'widget' ) && ! $is_there ) ) {
			return;
		}
		Helpdesk_Style::enqueue();
		self::enqueue();
		$label      = Helpdesk_Settings::get( 'label' );
		$attributes = array(
			'site'      => Helpdesk_Settings::get( 'site' ),
			'token-url' => self::token_url(),
			'label'     => '' !== $label ? $label : __( 'Help', 'helpdesk' ),
		);
		// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- `html` escapes each attribute.
		echo self::html( 'helpdesk-widget', $attributes, $attributes['label'] );
	}

	/**
	 * Answers an element that asks for a token of whoever is signed in, or of a visitor.
	 */
	public static function give_token() {
		// A token only says who is signed in here; other sites cannot read the answer.
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended
		if ( ! isset( $_GET['helpdesk_do'] ) || 'token' !== $_GET['helpdesk_do'] || ! Helpdesk_Settings::is_complete() ) {
			return;
		}
		nocache_headers();
		header( 'Cross-Origin-Resource-Policy: same-origin' );
		$user = wp_get_current_user();
		wp_send_json( array( 'token' => Helpdesk_Token::make( 'frame', $user->exists() ? Helpdesk_Sign_In::begin( $user ) : Helpdesk_Person::current() ) ) );
	}

	/**
	 * Returns the address that gives tokens.
	 *
	 * @return string
	 */
	private static function token_url() {
		return add_query_arg( 'helpdesk_do', 'token', home_url( '/' ) );
	}

	/**
	 * Has the helpdesk's script loaded; the page does not wait for it.
	 */
	private static function enqueue() {
		// The helpdesk says itself how long its script may be kept, so it gets no version of ours.
		// phpcs:ignore WordPress.WP.EnqueuedResourceParameters.MissingVersion
		wp_enqueue_script( 'helpdesk-embed', Helpdesk_Settings::get( 'url' ) . '/x/cms/embed.js', array(), null, true );
		add_filter( 'script_loader_tag', array( __CLASS__, 'let_it_wait' ), 10, 2 );
	}

	/**
	 * Marks the script as one that the page does not wait for.
	 *
	 * @param string $tag    Of the script.
	 * @param string $handle Its name.
	 * @return string
	 */
	public static function let_it_wait( $tag, $handle ) {
		return 'helpdesk-embed' === $handle && false === strpos( $tag, ' async' ) ? str_replace( ' src=', ' async src=', $tag ) : $tag;
	}

	/**
	 * Returns an element with a link in it for browsers without JavaScript.
	 *
	 * @param string $name       Of the element.
	 * @param array  $attributes Texts by name.
	 * @param string $words      Of the link.
	 * @return string
	 */
	private static function html( $name, array $attributes, $words ) {
		$html = '<' . $name;
		foreach ( $attributes as $attribute => $value ) {
			$html .= ' ' . $attribute . '="' . esc_attr( $value ) . '"';
		}
		return $html . '><a href="' . esc_url( Helpdesk_Settings::get( 'url' ) . '/' ) . '">' . esc_html( $words ) . '</a></' . $name . '>';
	}
}
