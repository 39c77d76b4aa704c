<?php
/**
 * Tickets on the dashboard.
 *
 * @package Helpdesk
 */

/**
 * Shows agents their tickets on the dashboard of WordPress.
 */
final class Helpdesk_Dashboard {

	/**
	 * Connects with WordPress.
	 */
	public static function connect() {
		add_action( 'wp_dashboard_setup', array( __CLASS__, 'add' ) );
	}

	/**
	 * Adds the box for those whose role has it.
	 */
	public static function add() {
		$roles = array_intersect( (array) Helpdesk_Settings::get( 'roles' ), (array) wp_get_current_user()->roles );
		if ( Helpdesk_Settings::is_complete() && $roles ) {
			wp_add_dashboard_widget( 'helpdesk_tickets', __( 'Support tickets', 'helpdesk' ), array( __CLASS__, 'show' ) );
		}
	}

	/**
	 * Writes the box.
	 */
	public static function show() {
		wp_enqueue_style( 'helpdesk', plugins_url( 'assets/helpdesk.css', HELPDESK_SHELL_FILE ), array(), HELPDESK_SHELL_VERSION );
		$told = self::told();
		if ( is_string( $told ) ) {
			echo '<p>' . esc_html( $told ) . ' <a href="' . esc_url( Helpdesk_Settings::get( 'url' ) . '/desk/' ) . '">' . esc_html__( 'Go to the helpdesk', 'helpdesk' ) . '</a></p>';
			return;
		}
		echo '<ul class="helpdesk-counts">';
		foreach ( self::rows( $told, 'counts' ) as $count ) {
			echo '<li><a href="' . esc_url( self::text( $count, 'url' ) ) . '"><strong>' . esc_html( number_format_i18n( (float) self::text( $count, 'count' ) ) ) . '</strong> ' . esc_html( self::text( $count, 'label' ) ) . '</a></li>';
		}
		echo '</ul>';
		$tickets = self::rows( $told, 'tickets' );
		if ( ! $tickets ) {
			echo '<p>' . esc_html__( 'No tickets are waiting.', 'helpdesk' ) . '</p>';
			return;
		}
		echo '<ul class="helpdesk-tickets">';
		foreach ( $tickets as $ticket ) {
			self::show_ticket( $ticket );
		}
		echo '</ul>';
	}

	/**
	 * Writes one ticket.
	 *
	 * @param array $ticket As the helpdesk tells it.
	 */
	private static function show_ticket( array $ticket ) {
		$at    = strtotime( self::text( $ticket, 'updated_at' ) );
		$facts = array_filter( array( self::text( $ticket, 'status' ), self::text( $ticket, 'requester' ) ) );
		if ( $at ) {
			/* translators: %s: a span of time, such as 5 minutes */
			$facts[] = sprintf( __( '%s ago', 'helpdesk' ), human_time_diff( $at ) );
		}
		echo '<li><a href="' . esc_url( self::text( $ticket, 'url' ) ) . '">' . esc_html( '#' . self::text( $ticket, 'number' ) . ' ' . self::text( $ticket, 'subject' ) ) . '</a><br><span>' . esc_html( implode( ' · ', $facts ) ) . '</span></li>';
	}

	/**
	 * Returns what the helpdesk tells, or a sentence that says why it does not.
	 *
	 * @return array|string
	 */
	private static function told() {
		$answer = Helpdesk_Client::get( 'dashboard', Helpdesk_Person::current() );
		return '' === $answer['problem'] ? $answer['data'] : $answer['problem'];
	}

	/**
	 * Returns the rows of a part of what was told.
	 *
	 * @param array  $told What was told.
	 * @param string $part `counts` or `tickets`.
	 * @return array
	 */
	private static function rows( array $told, $part ) {
		return isset( $told[ $part ] ) && is_array( $told[ $part ] ) ? array_filter( $told[ $part ], 'is_array' ) : array();
	}

	/**
	 * Returns a text of a row; empty if it is none.
	 *
	 * @param array  $row  Of what was told.
	 * @param string $name Of the text.
	 * @return string
	 */
	private static function text( array $row, $name ) {
		return isset( $row[ $name ] ) && is_scalar( $row[ $name ] ) ? (string) $row[ $name ] : '';
	}
}
