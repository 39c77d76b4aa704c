"""Pages: routes, panels, and what belongs to the request at hand."""

from helpdesk_core.web.auth.entering import entered
from helpdesk_core.web.context import act_as, close_session, current_actor, current_desk, db, once, signed_in, words
from helpdesk_core.web.desk.rail import rail_context
from helpdesk_core.web.files import attachment_response
from helpdesk_core.web.localisation import language, said
from helpdesk_core.web.parts import Answer, Article, Column, Command, FormField, Link, Panel, Source, TicketAction
from helpdesk_core.web.routing import CUSTOMER, PUBLIC, SIGNED_IN, STAFF, Route, Routes

__all__ = [
    "CUSTOMER",
    "PUBLIC",
    "SIGNED_IN",
    "STAFF",
    "Answer",
    "Article",
    "Column",
    "Command",
    "FormField",
    "Link",
    "Panel",
    "Route",
    "Routes",
    "Source",
    "TicketAction",
    "act_as",
    "attachment_response",
    "close_session",
    "current_actor",
    "current_desk",
    "db",
    "entered",
    "language",
    "once",
    "rail_context",
    "said",
    "signed_in",
    "words",
]
