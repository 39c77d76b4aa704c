<?php
/**
 * Parts of the helpdesk inside pages.
 *
 * @package Helpdesk
 */

/**
 * Shows fragments by shortcode and block; they need no JavaScript.
 */
final class Helpdesk_Fragments {

	/**
	 * Where the part begins that follows the address of the page; others on the page stay where they begin.
	 *
	 * @var string|null
	 */
	private static $leader = null;

	/**
	 * What was shown for a path already: themes may ask for a page's content more than once.
	 *
	 * @var array
	 */
	private static $shown = array();

	/**
	 * Connects with WordPress.
	 */
	public static function connect() {
		add_shortcode( 'helpdesk', array( __CLASS__, 'shortcode' ) );
		add_action( 'init', array( __CLASS__, 'register_block' ) );
		add_action( 'template_redirect', array( __CLASS__, 'keep_out_of_caches' ) );
		add_filter( 'no_texturize_tags', array( __CLASS__, 'leave_typed_text' ) );
	}

	/**
	 * Makes the block known to the editor.
	 */
	public static function register_block() {
		$file = plugins_url( 'blocks/support/editor.js', HELPDESK_SHELL_FILE );
		wp_register_script( 'helpdesk-block', $file, array( 'wp-blocks', 'wp-block-editor', 'wp-components', 'wp-element' ), HELPDESK_SHELL_VERSION, true );
		if ( is_admin() ) {
			wp_add_inline_script( 'helpdesk-block', 'window.helpdeskBlock = ' . wp_json_encode( self::words_of_block() ) . ';', 'before' );
		}
		register_block_type( dirname( HELPDESK_SHELL_FILE ) . '/blocks/support', array( 'render_callback' => array( __CLASS__, 'block' ) ) );
	}

	/**
	 * Returns what the editor says of the block.
	 *
	 * @return array
	 */
	private static function words_of_block() {
		return array(
			'title'     => __( 'Helpdesk', 'helpdesk' ),
			'about'     => __( 'Support inside this page: a form, tickets or the knowledge base. What is shown here depends on who looks.', 'helpdesk' ),
			'shows'     => __( 'What it begins with', 'helpdesk' ),
			'own'       => __( 'Path', 'helpdesk' ),
			'help'      => __( 'A path of the helpdesk, such as article/how-to-pay or new?department=billing.', 'helpdesk' ),
			'frame'     => __( 'Show it in a frame', 'helpdesk' ),
			'frameHelp' => __( 'A frame needs JavaScript, and keeps the styles of this site and those of the helpdesk apart.', 'helpdesk' ),
			'paths'     => array(
				array( 'new', __( 'Ask for help', 'helpdesk' ) ),
				array( 'tickets', __( 'My tickets', 'helpdesk' ) ),
				array( 'search', __( 'Search in the knowledge base', 'helpdesk' ) ),
				array( 'status', __( 'State of services', 'helpdesk' ) ),
				array( '', __( 'Something else', 'helpdesk' ) ),
			),
		);
	}

	/**
	 * Shows `[helpdesk path="tickets"]`.
	 *
	 * @param array|string $attributes Of the shortcode.
	 * @return string
	 */
	public static function shortcode( $attributes ) {
		$attributes = shortcode_atts( array( 'path' => 'new' ), $attributes, 'helpdesk' );
		return self::show( ltrim( $attributes['path'], '/' ) );
	}

	/**
	 * Shows the block.
	 *
	 * @param array $attributes Of the block.
	 * @return string
	 */
	public static function block( $attributes ) {
		$path = isset( $attributes['path'] ) && '' !== $attributes['path'] ? ltrim( $attributes['path'], '/' ) : 'new';
		return empty( $attributes['frame'] ) ? self::show( $path ) : Helpdesk_Frames::element( $path );
	}

	/**
	 * Returns a part of the helpdesk that begins with a path.
	 *
	 * @param string $begin Path.
	 * @return string
	 */
	public static function show( $begin ) {
		if ( null === self::$leader ) {
			self::$leader = $begin;
		}
		$leads = self::$leader === $begin;
		$path  = $leads && '' !== Helpdesk_Page::path() ? Helpdesk_Page::path() : $begin;
		Helpdesk_Style::enqueue();
		if ( ! isset( self::$shown[ $path ] ) ) {
			$posted               = $leads ? Helpdesk_Forms::outcome() : null;
			self::$shown[ $path ] = Helpdesk_Markup::finish( null === $posted ? self::fragment( $path ) : $posted );
		}
		return '<div class="helpdesk">' . self::$shown[ $path ] . '</div>';
	}

	/**
	 * Tells whether this page has shown a part of the helpdesk.
	 *
	 * @return bool
	 */
	public static function has_shown() {
		return array() !== self::$shown;
	}

	/**
	 * Returns a fragment: what is kept of it, what the helpdesk answers, or a polite link.
	 *
	 * @param string $path Of the fragment.
	 * @return string
	 */
	private static function fragment( $path ) {
		$claims = Helpdesk_Person::current();
		$page   = Helpdesk_Page::url();
		$kept   = Helpdesk_Cache::find( $claims, $path, $page );
		if ( null !== $kept && Helpdesk_Cache::is_fresh( $kept ) ) {
			return $kept['html'];
		}
		$asked  = array(
			'path'   => $path,
			'page'   => $page,
			'method' => 'GET',
		);
		$answer = Helpdesk_Client::post( 'fragment', $claims, $asked );
		if ( '' === $answer['problem'] && isset( $answer['data']['html'] ) ) {
			$html = Helpdesk_Markup::prepare( (string) $answer['data']['html'] );
			Helpdesk_Cache::keep( $claims, $path, $page, $html, isset( $answer['data']['max_age'] ) ? (int) $answer['data']['max_age'] : 0 );
			return $html;
		}
		$is_away = 0 === $answer['status'] || $answer['status'] >= 500;
		return null !== $kept && $is_away ? self::as_it_was( $kept ) : self::apology( $answer );
	}

	/**
	 * Returns what is kept, and says that it is not fresh.
	 *
	 * @param array $kept What the cache found.
	 * @return string
	 */
	private static function as_it_was( array $kept ) {
		/* translators: %s: a time of day */
		$says = sprintf( __( 'The helpdesk does not answer at the moment. This is how it looked at %s.', 'helpdesk' ), wp_date( get_option( 'time_format' ), $kept['at'] ) );
		return '<p class="helpdesk-away" role="status">' . esc_html( $says ) . '</p>' . $kept['html'];
	}

	/**
	 * Returns what stands where a fragment cannot.
	 *
	 * @param array $answer Of the client.
	 * @return string
	 */
	public static function apology( array $answer ) {
		$code   = isset( $answer['data']['code'] ) ? (string) $answer['data']['code'] : '';
		$theirs = $answer['status'] >= 400 && $answer['status'] < 500 && '' !== $code && 0 !== strpos( $code, 'token-' );
		$url    = Helpdesk_Settings::get( 'url' );
		$html   = esc_html( $theirs ? $answer['problem'] : __( 'Our support cannot be shown in this page at the moment.', 'helpdesk' ) );
		if ( '' !== $url ) {
			$html .= ' <a href="' . esc_url( $url . '/' ) . '">' . esc_html__( 'Go to the support site', 'helpdesk' ) . '</a>';
		}
		if ( ! $theirs && current_user_can( 'manage_options' ) ) {
			/* translators: %s: a sentence that says what is wrong */
			$html .= '<br><small>' . esc_html( sprintf( __( 'Only admins see this: %s', 'helpdesk' ), $answer['problem'] ) ) . '</small>';
		}
		return '<p class="helpdesk-away" role="status">' . $html . '</p>';
	}

	/**
	 * Keeps pages that show somebody's own tickets out of shared caches.
	 */
	public static function keep_out_of_caches() {
		$post = is_singular() ? get_queried_object() : null;
		if ( $post instanceof WP_Post && ( has_shortcode( $post->post_content, 'helpdesk' ) || has_block( 'helpdesk/support', $post ) ) ) {
			if ( ! defined( 'DONOTCACHEPAGE' ) ) {
				define( 'DONOTCACHEPAGE', true );
			}
			nocache_headers();
		}
	}

	/**
	 * Leaves the text in form fields as it was typed.
	 *
	 * @param array $tags Names of elements whose quotes stay straight.
	 * @return array
	 */
	public static function leave_typed_text( $tags ) {
		return array_merge( (array) $tags, array( 'textarea', 'option' ) );
	}
}
