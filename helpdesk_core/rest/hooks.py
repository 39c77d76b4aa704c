"""Where plugins add to the API."""

from collections.abc import Sequence

from helpdesk_core.hooks import hookspec
from helpdesk_core.rest.routing import ApiRoute


@hookspec.collect(since="0.1", when="startup")
def api_routes() -> Sequence[ApiRoute]:
    """Return operations under `/api/v1/x/<plugin id>/`; each states its permission, and appears in the description.

    Their errors, pages and `Idempotency-Key` are those of the whole API. To add to a core ticket's JSON there is
    `ticket_extras`.
    """
