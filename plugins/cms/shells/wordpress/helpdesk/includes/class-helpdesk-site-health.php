<?php
/**
 * The helpdesk in Tools, Site Health.
 *
 * @package Helpdesk
 */

/**
 * Tells whether the helpdesk answers; also behind "Test connection".
 */
final class Helpdesk_Site_Health {

	/**
	 * Connects with WordPress.
	 */
	public static function connect() {
		add_filter( 'site_status_tests', array( __CLASS__, 'add' ) );
	}

	/**
	 * Adds the test.
	 *
	 * @param array $tests Of WordPress.
	 * @return array
	 */
	public static function add( $tests ) {
		$tests['direct']['helpdesk'] = array(
			'label' => __( 'Connection to the helpdesk', 'helpdesk' ),
			'test'  => array( __CLASS__, 'test' ),
		);
		return $tests;
	}

	/**
	 * Asks the helpdesk how it is.
	 *
	 * @return array Whether all is well, and a sentence.
	 */
	public static function ask() {
		$answer = Helpdesk_Client::get( 'health', Helpdesk_Person::current(), true );
		if ( '' !== $answer['problem'] ) {
			return array( false, $answer['problem'] );
		}
		$data = $answer['data'] + array(
			'helpdesk' => '',
			'name'     => '',
			'version'  => '',
			'contract' => 0,
			'may'      => array(),
		);
		if ( 1 !== (int) $data['contract'] ) {
			return array( false, __( 'The helpdesk speaks another version of the contract: update this plugin.', 'helpdesk' ) );
		}
		/* translators: 1: name of the helpdesk, 2: its version, 3: name of this site there */
		return array( true, sprintf( __( 'Connected to %1$s (version %2$s), where this site is called %3$s.', 'helpdesk' ), $data['helpdesk'], $data['version'], $data['name'] ) );
	}

	/**
	 * Answers Site Health.
	 *
	 * @return array
	 */
	public static function test() {
		list( $is_well, $says ) = self::ask();
		return array(
			'label'       => $is_well ? __( 'The helpdesk answers', 'helpdesk' ) : __( 'The helpdesk does not answer as it should', 'helpdesk' ),
			'status'      => $is_well ? 'good' : 'recommended',
			'badge'       => array(
				'label' => __( 'Helpdesk', 'helpdesk' ),
				'color' => 'blue',
			),
			'description' => '<p>' . esc_html( $says ) . '</p>',
			'actions'     => sprintf( '<p><a href="%s">%s</a></p>', esc_url( Helpdesk_Settings_Page::url() ), esc_html__( 'Settings of the helpdesk', 'helpdesk' ) ),
			'test'        => 'helpdesk',
		);
	}
}
