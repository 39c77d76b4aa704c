"""Addresses that nothing is sent to, over the API: `/api/v1/x/email/suppressed`."""

from collections.abc import Sequence
from typing import Any

from marshmallow import fields

from helpdesk_core.api.rest import (
    ApiRoute,
    Endpoints,
    Moment,
    Output,
    Page,
    PageQuery,
    current_actor,
    current_desk,
    cursor,
    db,
    page_of,
    read_cursor,
)

from .undelivered import MANAGE, allow, suppressed_addresses


class SuppressedAddress(Output):
    """An address that mail came back from for good."""

    uid = fields.String()
    address = fields.String()
    reason = fields.String()
    suppressed_at = Moment()


SuppressedPage = page_of(SuppressedAddress, "SuppressedPage")


def suppressed_routes() -> Sequence[ApiRoute]:
    """Return the operations."""
    endpoints = Endpoints("Suppressed addresses", "Addresses that nothing is sent to, since mail came back from there.")

    @endpoints.get("/suppressed", permission=MANAGE, query=PageQuery, returns=SuppressedPage)
    def list_suppressed(query: dict[str, Any]) -> Page:
        """List addresses that nothing is sent to, the newest first."""
        after = read_cursor(query["after"], int)[0] if query.get("after") else None
        rows, following = suppressed_addresses(db(), after=after, limit=query["limit"])
        return Page(rows, cursor(following) if following else None)

    @endpoints.delete("/suppressed/<uid>", permission=MANAGE, problems=(404,))
    def allow_address(uid: str) -> None:
        """Send to an address again; it takes the permission for all departments."""
        allow(current_desk(), current_actor(), uid)

    return endpoints.routes
