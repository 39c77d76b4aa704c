"""The routes of this area."""

from helpdesk_core.web.auth import joining, languages, signing

ROUTES = (signing.routes, joining.routes, languages.routes)
