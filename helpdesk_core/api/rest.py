"""Operations of the HTTP API, and what belongs to the request at hand.

`Input`, `Output`, `PageQuery`, `page_of`, `Moment` and `Words` make schemas; a list is answered with a `Page`.
For a thing that can be changed, `etag_of` gives the version of an `Answer`, and `still_as_seen` is put around the
change: it compares that version with the request's `If-Match`. Both belong to operations that are `versioned`.
"""

from helpdesk_core.rest.context import current_actor, current_desk, db, signed_in, words
from helpdesk_core.rest.cursors import cursor, read_cursor
from helpdesk_core.rest.etags import etag_of, still_as_seen
from helpdesk_core.rest.routing import PUBLIC, SIGNED_IN, STAFF, Answer, ApiRoute, Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.schemas import Input, Moment, Output, PageQuery, Words, page_of

__all__ = [
    "PUBLIC",
    "SIGNED_IN",
    "STAFF",
    "Answer",
    "ApiRoute",
    "Endpoints",
    "Input",
    "Moment",
    "Output",
    "Page",
    "PageQuery",
    "Words",
    "current_actor",
    "current_desk",
    "cursor",
    "db",
    "etag_of",
    "page_of",
    "read_cursor",
    "signed_in",
    "still_as_seen",
    "words",
]
