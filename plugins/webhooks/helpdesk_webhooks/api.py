"""Operations of the HTTP API below /api/v1/x/webhooks/."""

from typing import Any

from marshmallow import fields, validate
from sqlalchemy.orm import Session

from helpdesk_core.api.rest import (
    Answer,
    Endpoints,
    Input,
    Moment,
    Output,
    PageQuery,
    current_actor,
    current_desk,
    cursor,
    db,
    etag_of,
    page_of,
    read_cursor,
    still_as_seen,
)

from . import endpoints, log
from .endpoints import LONGEST_NAME, LONGEST_URL, MANAGE, EndpointDraft
from .models import Delivery, Endpoint

operations = Endpoints("Webhooks", "Programs that are told of what happens. Events are those of `GET /events`.")

CHANGING = ("failures", "failing_since", "off_because", "updated_at")
"""What changes by itself, and so is no part of the version."""


class WebhookEndpoint(Output):
    """A program that is told of events; no `events` means all. `off_because` is `gone` or `failing`, or empty."""

    uid = fields.String()
    name = fields.String()
    url = fields.String()
    events = fields.List(fields.String())
    is_active = fields.Boolean()
    off_because = fields.String()
    failures = fields.Integer(metadata={"description": "How many tries in a row have failed."})
    failing_since = Moment(allow_none=True)
    created_at = Moment()
    updated_at = Moment()


class WebhookEndpointInput(Input):
    """An endpoint as it is to be."""

    name = fields.String(required=True, validate=validate.Length(1, LONGEST_NAME))
    url = fields.String(required=True, validate=validate.Length(1, LONGEST_URL))
    events = fields.List(fields.String(), load_default=())
    is_active = fields.Boolean(load_default=True)


class WebhookSecret(Output):
    """The secret that signs; the receiver checks signatures with it."""

    secret = fields.String(metadata={"example": "whsec_…"})


class WebhookOutcome(Output):
    """What came of one try; `status` is null if nobody answered."""

    ok = fields.Boolean()
    status = fields.Integer(allow_none=True)
    problem = fields.String()
    excerpt = fields.String(metadata={"description": "How the answer begins."})
    milliseconds = fields.Integer()


class WebhookDelivery(Output):
    """One event for one endpoint. `id` is what the receiver got as `webhook-id`, without `msg_`."""

    id = fields.String(attribute="uid")
    endpoint = fields.String(attribute="endpoint.uid")
    event = fields.Integer(attribute="event_id", allow_none=True)
    type = fields.String()
    state = fields.String(validate=validate.OneOf(log.STATES))
    tries = fields.Integer()
    next_try_at = fields.Function(
        lambda row: row.next_try_at.isoformat() if row.state == "waiting" else None,
        metadata={"type": ["string", "null"], "format": "date-time"},
    )
    created_at = Moment()
    ended_at = Moment(allow_none=True)


class WebhookDeliveryQuery(PageQuery):
    """Which deliveries."""

    endpoint = fields.String(load_default="", metadata={"description": "Those of the endpoint with this uid only."})
    state = fields.String(load_default="", validate=validate.OneOf(["", *log.STATES]))


WebhookEndpointPage = page_of(WebhookEndpoint, "WebhookEndpointPage")
WebhookDeliveryPage = page_of(WebhookDelivery, "WebhookDeliveryPage")


@operations.get("/endpoints", permission=MANAGE, returns=WebhookEndpointPage)
def list_webhook_endpoints() -> Any:
    """List all endpoints, by name."""
    return {"items": endpoints.all_endpoints(db()), "next": None}


@operations.post("/endpoints", permission=MANAGE, body=WebhookEndpointInput, returns=WebhookEndpoint, status=201)
def make_webhook_endpoint(body: dict[str, Any]) -> Answer:
    """Make an endpoint; ask for its secret afterwards."""
    made = endpoints.make(current_desk(), current_actor(), EndpointDraft(**body))
    return _answer(made, location=f"/x/webhooks/endpoints/{made.uid}")


@operations.get("/endpoints/<uid>", permission=MANAGE, returns=WebhookEndpoint, versioned=True)
def show_webhook_endpoint(uid: str) -> Answer:
    """Show an endpoint."""
    return _answer(endpoints.find_endpoint(db(), uid))


@operations.put(
    "/endpoints/<uid>", permission=MANAGE, body=WebhookEndpointInput, returns=WebhookEndpoint, versioned=True
)
def change_webhook_endpoint(uid: str, body: dict[str, Any]) -> Answer:
    """Change an endpoint. One that is switched on again gets what has waited for it."""

    def version(session: Session) -> str:
        return _version(endpoints.find_endpoint(session, uid, lock=True))

    with still_as_seen(version):
        changed = endpoints.change(current_desk(), current_actor(), uid, EndpointDraft(**body))
    return _answer(changed)


@operations.delete("/endpoints/<uid>", permission=MANAGE)
def remove_webhook_endpoint(uid: str) -> None:
    """Remove an endpoint with its log."""
    endpoints.remove(current_desk(), current_actor(), uid)


@operations.get("/endpoints/<uid>/secret", permission=MANAGE, returns=WebhookSecret)
def show_webhook_secret(uid: str) -> dict[str, str]:
    """Show the secret in force."""
    return {"secret": endpoints.secret_of(current_desk(), current_actor(), uid)}


@operations.post("/endpoints/<uid>/secret", permission=MANAGE, returns=WebhookSecret)
def renew_webhook_secret(uid: str) -> dict[str, str]:
    """Make a new secret; for a day the one before signs as well."""
    return {"secret": endpoints.renew_secret(current_desk(), current_actor(), uid)}


@operations.post("/endpoints/<uid>/trial", permission=MANAGE, returns=WebhookOutcome)
def try_webhook_endpoint(uid: str) -> Any:
    """Send a trial event now, and tell what was answered."""
    return log.try_out(current_desk(), current_actor(), uid)


@operations.get(
    "/deliveries", permission=MANAGE, query=WebhookDeliveryQuery, returns=WebhookDeliveryPage, problems=(404,)
)
def list_webhook_deliveries(query: dict[str, Any]) -> Any:
    """List deliveries, the newest first."""
    before = read_cursor(query["after"], int)[0] if "after" in query else None
    limit = query["limit"]
    found = log.deliveries(db(), endpoint=query["endpoint"], state=query["state"], before=before, limit=limit + 1)
    page = found[:limit]
    return {"items": page, "next": cursor(page[-1].id) if len(found) > limit else None}


@operations.post("/deliveries/<id>/replay", permission=MANAGE, returns=WebhookDelivery, status=202, problems=(409,))
def replay_webhook_delivery(id: str) -> Delivery:
    """Let a delivery go out again, under the name it had."""
    log.send_again(current_desk(), current_actor(), id)
    return log.find_delivery(db(), id)


def _answer(row: Endpoint, location: str | None = None) -> Answer:
    return Answer(row, etag=_version(row), location=location)


def _version(row: Endpoint) -> str:
    return etag_of(WebhookEndpoint, row, without=CHANGING)
