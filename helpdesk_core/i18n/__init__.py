"""Catalogues of core and plugins, locale and time zone."""
