"""The description of the API is the truth: whatever is sent, the answer is one that it announces."""

import io
from typing import Any, cast

import pytest
import schemathesis
from flask import Flask
from schemathesis import GenerationMode
from schemathesis.schemas import BaseSchema
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.models import Operation
from helpdesk_core.users.tokens import create_token
from tests.rest.callers import As
from tests.rest.conforming import MODES, statuses

EXAMPLES = 3


@pytest.fixture
def ids(as_: As, world: World, desk: Helpdesk, admin: Actor) -> dict[str, list[str]]:
    """Names of things that exist, by the names of the parts of addresses."""
    agent = world.agent("Adam Agent", "support")
    api = as_(admin)
    organisation = api.post("/organisations", {"name": "Shop Ltd", "note": "VIP"}).json["id"]
    customer = world.customer("Carla", organisation=organisation)
    world.department("billing")
    tickets = [world.ticket(customer, subject=f"T{number}").ticket for number in range(3)]
    number = tickets[0].number or ""
    upload = api.post("/attachments", data={"file": (io.BytesIO(b"%PDF"), "invoice.pdf")}).json["id"]
    note = {"kind": "internal", "body_text": "Look *here*", "attachments": [upload]}
    message = api.post(f"/tickets/{number}/messages", note).json["id"]
    api.patch(f"/tickets/{number}", {"assignee": agent.uid, "tags": ["vip"], "type": "fault"})
    api.post(f"/tickets/{number}/participants", {"role": "specialist", "user": agent.uid})
    api.post(f"/tickets/{number}/links", {"number": tickets[1].number})
    api.post(f"/tickets/{tickets[2].number}/merge", {"into": tickets[1].number})
    workspace = api.post("/workspaces", {"name": "Mine", "filter": {"assignee": ["me"]}}).json["id"]
    with desk.read() as session:
        operation = session.scalars(select(Operation.uid)).one()
    people = [customer.uid or "", agent.uid or ""]
    return {
        "number": [each.number or "" for each in tickets],
        "other": [number],
        "key": ["support", "billing", "agent", "new", "normal", "fault"],
        "owner": ["core.site", "core.mail"],
        "role": ["agent", "cc"],
        "user": people,
        "id": [message, upload, operation, organisation, workspace, *people],
    }


@pytest.fixture
def schema(app: Flask) -> BaseSchema:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)


@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
def test_every_answer_is_as_described(
    schema: BaseSchema, desk: Helpdesk, admin: Actor, ids: dict[str, list[str]], mode: GenerationMode
) -> None:
    token = create_token(desk, SYSTEM, admin.uid or "", "test").token
    seen: set[int] = set()
    for operation in schema.get_all_operations():
        seen |= statuses(cast(Any, operation).ok(), mode, token, ids, examples=EXAMPLES)
    assert seen >= ({200, 201, 204, 404, 422} if mode is GenerationMode.POSITIVE else {400, 401, 404, 422}), seen
