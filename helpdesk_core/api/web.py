"""Pages: routes, panels, and what belongs to the request at hand."""

from helpdesk_core.web.context import close_session, current_actor, current_desk, db, once, signed_in, words
from helpdesk_core.web.desk.rail import rail_context
from helpdesk_core.web.localisation import said
from helpdesk_core.web.parts import Answer, Column, Command, FormField, Link, Panel, Source, TicketAction
from helpdesk_core.web.routing import CUSTOMER, PUBLIC, SIGNED_IN, STAFF, Route, Routes

__all__ = [
    "CUSTOMER",
    "PUBLIC",
    "SIGNED_IN",
    "STAFF",
    "Answer",
    "Column",
    "Command",
    "FormField",
    "Link",
    "Panel",
    "Route",
    "Routes",
    "Source",
    "TicketAction",
    "close_session",
    "current_actor",
    "current_desk",
    "db",
    "once",
    "rail_context",
    "said",
    "signed_in",
    "words",
]
