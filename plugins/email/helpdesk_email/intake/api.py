"""Where providers hand mail over: `POST /api/v1/x/email/inbound/<provider>/<secret>`."""

from collections.abc import Sequence
from typing import Any

from flask import request
from marshmallow import fields

from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.rest import PUBLIC, ApiRoute, Endpoints, Output

from .doors import Doors, address
from .handover import Handover
from .providers import PROVIDERS


class Taken(Output):
    """What became of a handover."""

    stored = fields.Integer(metadata={"description": "How many mails are safely stored."})


def inbound_routes(doors: Doors) -> Sequence[ApiRoute]:
    """Return the operations, working on these doors."""
    endpoints = Endpoints("Inbound mail", "Where providers hand mail over.")

    def take_mail(provider: str, key: str) -> dict[str, Any]:
        """Take mail over from a provider.

        The address is made on the admin page “Ways in”; it is a secret. The body has the provider's own form. An answer
        of 200 means that the mails are stored; after any other the provider has to send them again.
        """
        if provider not in PROVIDERS:
            raise NotFound("There is no such address.")
        given = Handover(
            address=address(doors.desk, provider, key),
            headers=request.headers,
            body=request.get_data(cache=False),
            query={name: tuple(values) for name, values in request.args.lists()},
        )
        return {"stored": doors.take(provider, key, given)}

    def probe(provider: str, key: str) -> dict[str, Any]:
        """Answer a provider that asks whether there is anything at its address."""
        return {"stored": 0}

    options: dict[str, Any] = {"permission": PUBLIC, "returns": Taken}
    for ending in ("", "/mime"):
        rule, name = f"/inbound/<provider>/<key>{ending}", "_mime" if ending else ""
        endpoints.post(rule, name=f"take_mail{name}", problems=(413, 503), **options)(take_mail)
        endpoints.get(rule, name=f"probe{name}", **options)(probe)
    return endpoints.routes
