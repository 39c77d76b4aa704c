"""Operations of the HTTP API below /api/v1/x/services/."""

from typing import Any

from marshmallow import fields, validate

from helpdesk_core.api import SIGNED_IN, STAFF
from helpdesk_core.api.rest import Endpoints, Input, Moment, Output, current_actor, current_desk, db
from helpdesk_core.api.tickets import find_ticket

from . import choosing, keeping

operations = Endpoints("Services", "What customers have, and which of it a ticket is about.")


class KnownService(Output):
    """Something that a customer has; `key` is what a ticket is opened with, under `x.services.service`."""

    key = fields.String(metadata={"example": "services.billing:17"})
    name = fields.String()
    type = fields.String()
    state = fields.String()


class ServiceSourceState(Output):
    """What one source says: its services, when it said so, and why there is nothing newer."""

    source = fields.String()
    name = fields.String()
    answered_at = Moment(allow_none=True)
    problem = fields.String()
    services = fields.List(fields.Nested(KnownService))


class CustomerServices(Output):
    """What all sources say."""

    sources = fields.List(fields.Nested(ServiceSourceState))


class TicketServiceInput(Input):
    """What a ticket is about: the key of a service, `none`, `other`, or empty for not said."""

    service = fields.String(required=True, validate=validate.Length(max=choosing.MOST_LETTERS))


@operations.get("/mine", permission=SIGNED_IN, returns=CustomerServices)
def my_services() -> dict[str, Any]:
    """Read one's own services.

    Found by confirmed addresses only. Sources that are slow are shown as they were last known.
    """
    return _shown(choosing.answers_for(current_desk(), current_actor().user_id), for_staff=False)


@operations.get("/tickets/<number>", permission=STAFF, returns=CustomerServices)
def services_of_requester(number: str) -> dict[str, Any]:
    """Read the services of a ticket's requester."""
    ticket = find_ticket(db(), current_actor(), number, "desk")
    return _shown(choosing.answers_for(current_desk(), ticket.requester_id, for_staff=True), for_staff=True)


@operations.put("/tickets/<number>", permission=STAFF, body=TicketServiceInput, status=204)
def change_service(number: str, body: dict[str, Any]) -> None:
    """Say which service a ticket is about."""
    keeping.change(current_desk(), current_actor(), number, body["service"])


def _shown(answers: choosing.Answers, *, for_staff: bool) -> dict[str, Any]:
    return {
        "sources": [
            {
                "source": answer.source,
                "name": answer.name,
                "answered_at": answer.answered_at,
                "problem": str(answer.problem) if for_staff else "",
                "services": [
                    {"key": answer.key_of(each), "name": each.name, "type": each.type, "state": each.state}
                    for each in answer.services
                ],
            }
            for answer in answers
        ]
    }
