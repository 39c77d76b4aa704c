<?php
/**
 * Settings, Helpdesk.
 *
 * @package Helpdesk
 */

/**
 * Shows the settings, and tests the connection.
 */
final class Helpdesk_Settings_Page {

	const SLUG = 'helpdesk';
	const TEST = 'helpdesk_test';

	/**
	 * Connects with WordPress.
	 */
	public static function connect() {
		add_action( 'admin_menu', array( __CLASS__, 'add_page' ) );
		add_action( 'admin_init', array( __CLASS__, 'register' ) );
		add_action( 'admin_post_' . self::TEST, array( __CLASS__, 'test' ) );
		add_filter( 'plugin_action_links_' . plugin_basename( HELPDESK_SHELL_FILE ), array( __CLASS__, 'add_link' ) );
	}

	/**
	 * Returns the address of the page.
	 *
	 * @return string
	 */
	public static function url() {
		return admin_url( 'options-general.php?page=' . self::SLUG );
	}

	/**
	 * Adds the page to the menu.
	 */
	public static function add_page() {
		add_options_page( __( 'Helpdesk', 'helpdesk' ), __( 'Helpdesk', 'helpdesk' ), 'manage_options', self::SLUG, array( __CLASS__, 'show' ) );
	}

	/**
	 * Adds a link to the list of plugins.
	 *
	 * @param array $links Of this plugin.
	 * @return array
	 */
	public static function add_link( $links ) {
		array_unshift( $links, '<a href="' . esc_url( self::url() ) . '">' . esc_html__( 'Settings', 'helpdesk' ) . '</a>' );
		return $links;
	}

	/**
	 * Tells WordPress what is set here.
	 */
	public static function register() {
		$about = array(
			'type'              => 'array',
			'sanitize_callback' => array( 'Helpdesk_Settings', 'sanitize' ),
			'show_in_rest'      => false,
		);
		register_setting( self::SLUG, Helpdesk_Settings::OPTION, $about );
		add_settings_section( 'link', __( 'Connection', 'helpdesk' ), array( __CLASS__, 'show_addresses' ), self::SLUG );
		self::add_text( 'link', 'url', __( 'Address of the helpdesk', 'helpdesk' ), 'url', 'https://help.example.com' );
		self::add_text( 'link', 'site', __( 'Site key', 'helpdesk' ), 'text', 'main' );
		self::add_text( 'link', 'kid', __( 'Id of the secret', 'helpdesk' ), 'text', '' );
		self::add_text( 'link', 'secret', __( 'Secret', 'helpdesk' ), 'password', '', __( 'Stays empty here once it is stored; type a new one to exchange it. It can stand in wp-config.php instead, as HELPDESK_SECRET.', 'helpdesk' ) );
		self::add_text( 'link', 'wait', __( 'Seconds to wait', 'helpdesk' ), 'number', '3', __( 'How long a page waits for the helpdesk before it shows a link instead.', 'helpdesk' ) );
		add_settings_section( 'people', __( 'People', 'helpdesk' ), '__return_false', self::SLUG );
		self::add_switch( 'people', 'proved', __( 'Addresses', 'helpdesk' ), __( 'This site proves all addresses', 'helpdesk' ), __( 'Leave this off unless nobody can have an account here without answering a mail. Without it, those count as proved who have set their password, or confirmed a new address, by a link that was mailed to them.', 'helpdesk' ) );
		add_settings_field( 'helpdesk_roles', __( 'Tickets on the dashboard', 'helpdesk' ), array( __CLASS__, 'show_roles' ), self::SLUG, 'people' );
		add_settings_section( 'looks', __( 'In pages', 'helpdesk' ), array( __CLASS__, 'show_shortcodes' ), self::SLUG );
		self::add_switch( 'looks', 'widget', __( 'Floating widget', 'helpdesk' ), __( 'Show the button for help on all pages', 'helpdesk' ), __( 'Pages that show the helpdesk anyway go without.', 'helpdesk' ) );
		self::add_text( 'looks', 'label', __( 'Words on the button', 'helpdesk' ), 'text', __( 'Help', 'helpdesk' ) );
		self::add_text( 'looks', 'accent', __( 'Colour', 'helpdesk' ), 'text', '#2b5fd9', __( 'Of buttons and links, such as #2b5fd9. Empty: that of the helpdesk.', 'helpdesk' ) );
	}

	/**
	 * Adds a field for text.
	 *
	 * @param string $section Where it stands.
	 * @param string $name    Of the setting.
	 * @param string $label   As people read it.
	 * @param string $type    Of the input.
	 * @param string $example Shown while it is empty.
	 * @param string $help    What it does.
	 */
	private static function add_text( $section, $name, $label, $type, $example, $help = '' ) {
		$about = compact( 'name', 'type', 'example', 'help' ) + array( 'label_for' => 'helpdesk_' . $name );
		add_settings_field( 'helpdesk_' . $name, $label, array( __CLASS__, 'show_text' ), self::SLUG, $section, $about );
	}

	/**
	 * Adds a switch.
	 *
	 * @param string $section Where it stands.
	 * @param string $name    Of the setting.
	 * @param string $label   As people read it.
	 * @param string $words   Beside the switch.
	 * @param string $help    What it does.
	 */
	private static function add_switch( $section, $name, $label, $words, $help ) {
		add_settings_field( 'helpdesk_' . $name, $label, array( __CLASS__, 'show_switch' ), self::SLUG, $section, compact( 'name', 'words', 'help' ) );
	}

	/**
	 * Writes a field for text.
	 *
	 * @param array $about See `add_text`.
	 */
	public static function show_text( $about ) {
		$name     = $about['name'];
		$value    = 'secret' === $name ? '' : (string) Helpdesk_Settings::get( $name );
		$is_fixed = Helpdesk_Settings::is_fixed( $name );
		$example  = 'secret' === $name && '' !== Helpdesk_Settings::get( 'secret' ) ? __( 'A secret is stored', 'helpdesk' ) : $about['example'];
		printf(
			'<input type="%1$s" class="regular-text" id="helpdesk_%2$s" name="%3$s[%2$s]" value="%4$s" placeholder="%5$s" autocomplete="%6$s"%7$s%8$s>',
			esc_attr( $about['type'] ),
			esc_attr( $name ),
			esc_attr( Helpdesk_Settings::OPTION ),
			esc_attr( $value ),
			esc_attr( $example ),
			'secret' === $name ? 'new-password' : 'off',
			'number' === $about['type'] ? ' min="1" max="20" step="any"' : '',
			$is_fixed ? ' disabled' : ''
		);
		if ( $is_fixed ) {
			echo '<p class="description">' . esc_html__( 'This is set in wp-config.php.', 'helpdesk' ) . '</p>';
		} elseif ( '' !== $about['help'] ) {
			echo '<p class="description">' . esc_html( $about['help'] ) . '</p>';
		}
	}

	/**
	 * Writes a switch.
	 *
	 * @param array $about See `add_switch`.
	 */
	public static function show_switch( $about ) {
		printf(
			'<label><input type="checkbox" name="%s[%s]" value="1"%s> %s</label>',
			esc_attr( Helpdesk_Settings::OPTION ),
			esc_attr( $about['name'] ),
			checked( (bool) Helpdesk_Settings::get( $about['name'] ), true, false ),
			esc_html( $about['words'] )
		);
		if ( '' !== $about['help'] ) {
			echo '<p class="description">' . esc_html( $about['help'] ) . '</p>';
		}
	}

	/**
	 * Writes who sees tickets on the dashboard.
	 */
	public static function show_roles() {
		$chosen = (array) Helpdesk_Settings::get( 'roles' );
		echo '<fieldset><legend class="screen-reader-text">' . esc_html__( 'Tickets on the dashboard', 'helpdesk' ) . '</legend>';
		printf( '<input type="hidden" name="%s[roles][]" value="">', esc_attr( Helpdesk_Settings::OPTION ) );
		foreach ( wp_roles()->get_names() as $role => $words ) {
			printf(
				'<label><input type="checkbox" name="%s[roles][]" value="%s"%s> %s</label><br>',
				esc_attr( Helpdesk_Settings::OPTION ),
				esc_attr( $role ),
				checked( in_array( $role, $chosen, true ), true, false ),
				esc_html( translate_user_role( $words ) )
			);
		}
		echo '</fieldset><p class="description">' . esc_html__( 'Who of them is an agent, and of what, is decided in the helpdesk.', 'helpdesk' ) . '</p>';
	}

	/**
	 * Writes what an admin of the helpdesk has to type in there.
	 */
	public static function show_addresses() {
		echo '<p>' . esc_html__( 'In the helpdesk, make a site under Administration, Sites, with these addresses. It then shows the key, the secret and its id.', 'helpdesk' ) . '</p><table class="helpdesk-addresses">';
		$parts  = wp_parse_url( home_url() );
		$origin = $parts['scheme'] . '://' . $parts['host'] . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
		$rows   = array(
			array( __( 'May be shown in', 'helpdesk' ), $origin ),
			array( __( 'Answers to comments go to', 'helpdesk' ), Helpdesk_Answers::url() ),
			array( __( 'People sign out at', 'helpdesk' ), add_query_arg( 'helpdesk_do', 'sign-out', home_url( '/' ) ) ),
		);
		foreach ( $rows as list( $words, $address ) ) {
			echo '<tr><th scope="row">' . esc_html( $words ) . '</th><td><code>' . esc_html( $address ) . '</code></td></tr>';
		}
		echo '</table>';
	}

	/**
	 * Writes how support comes into pages.
	 */
	public static function show_shortcodes() {
		echo '<p>' . esc_html__( 'Put the block "Helpdesk" into a page, or one of these shortcodes:', 'helpdesk' ) . '</p><ul class="helpdesk-shortcodes">';
		$codes = array(
			'[helpdesk path="new"]'              => __( 'a form to ask for help', 'helpdesk' ),
			'[helpdesk path="tickets"]'          => __( 'somebody\'s tickets', 'helpdesk' ),
			'[helpdesk path="search"]'           => __( 'a search in the knowledge base', 'helpdesk' ),
			'[helpdesk_frame path="new"]'        => __( 'the same in a frame', 'helpdesk' ),
			'[helpdesk_sign_in next="/tickets"]' => __( 'a link that signs in to the helpdesk', 'helpdesk' ),
		);
		foreach ( $codes as $code => $words ) {
			echo '<li><code>' . esc_html( $code ) . '</code> ' . esc_html( $words ) . '</li>';
		}
		echo '</ul>';
	}

	/**
	 * Writes the page.
	 */
	public static function show() {
		wp_enqueue_style( 'helpdesk', plugins_url( 'assets/helpdesk.css', HELPDESK_SHELL_FILE ), array(), HELPDESK_SHELL_VERSION );
		echo '<div class="wrap"><h1>' . esc_html__( 'Helpdesk', 'helpdesk' ) . '</h1><form action="options.php" method="post">';
		settings_fields( self::SLUG );
		do_settings_sections( self::SLUG );
		submit_button();
		echo '</form><h2>' . esc_html__( 'Test', 'helpdesk' ) . '</h2><p>' . esc_html__( 'Asks the helpdesk with what is stored: address, key, secret and clock.', 'helpdesk' ) . '</p>';
		echo '<form action="' . esc_url( admin_url( 'admin-post.php' ) ) . '" method="post"><input type="hidden" name="action" value="' . esc_attr( self::TEST ) . '">';
		wp_nonce_field( self::TEST );
		submit_button( __( 'Test connection', 'helpdesk' ), 'secondary', 'submit', false );
		echo '</form></div>';
	}

	/**
	 * Tests the connection, and goes back to the page.
	 */
	public static function test() {
		check_admin_referer( self::TEST );
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'You may not change settings here.', 'helpdesk' ), '', array( 'response' => 403 ) );
		}
		list( $is_well, $says ) = Helpdesk_Site_Health::ask();
		Helpdesk_Notices::keep( $is_well ? 'success' : 'error', $says );
		wp_safe_redirect( self::url(), 303, 'Helpdesk' );
		exit;
	}
}
