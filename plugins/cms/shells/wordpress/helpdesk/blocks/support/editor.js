/**
 * The block in the editor. What it shows depends on who looks, so the editor has a card instead of it.
 */
( function ( blocks, blockEditor, components, element, words ) {
	'use strict';

	const el = element.createElement;
	const known = words.paths.map( ( pair ) => pair[ 0 ] );

	function settings( attributes, set ) {
		const choice = known.includes( attributes.path ) ? attributes.path : '';
		return el(
			components.PanelBody,
			{ title: words.title },
			el( components.SelectControl, {
				label: words.shows,
				value: choice,
				options: words.paths.map( ( [ value, label ] ) => ( { value, label } ) ),
				onChange: ( path ) => set( { path } ),
			} ),
			choice === '' &&
				el( components.TextControl, {
					label: words.own,
					help: words.help,
					value: attributes.path,
					onChange: ( path ) => set( { path } ),
				} ),
			el( components.ToggleControl, {
				label: words.frame,
				help: words.frameHelp,
				checked: attributes.frame,
				onChange: ( frame ) => set( { frame } ),
			} )
		);
	}

	function Edit( { attributes, setAttributes } ) {
		const pair = words.paths.find( ( each ) => each[ 0 ] === attributes.path );
		return el(
			'div',
			blockEditor.useBlockProps(),
			el( blockEditor.InspectorControls, null, settings( attributes, setAttributes ) ),
			el(
				components.Placeholder,
				{ icon: 'sos', label: words.title, instructions: words.about },
				el( 'p', null, pair && pair[ 0 ] ? pair[ 1 ] : attributes.path )
			)
		);
	}

	blocks.registerBlockType( 'helpdesk/support', {
		edit: Edit,
		save: () => null,
	} );
} )( window.wp.blocks, window.wp.blockEditor, window.wp.components, window.wp.element, window.helpdeskBlock );
