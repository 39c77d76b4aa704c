"""Blesta: services of a client.

Documented at https://docs.blesta.com/5/developers/api (`/api/MODEL/METHOD.json`, HTTP Basic with the API user and key,
the result under `response`) and https://source-docs.blesta.com/ (`Clients::search`, `Services::getAllByClient`).
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from helpdesk_core.api.services import Service

from ..texts import lazy
from .base import Entry, Found, Kind, Wanted, Way, basic, facts, inner, rows, same, text


def ask(way: Way, settings: Mapping[str, str], wanted: Wanted) -> Found:
    """Find the clients by address, and list their services of every status."""
    numbers = [wanted.number] if wanted.number else []
    for address in () if wanted.number else wanted.addresses:
        found = rows(_get(way, settings, "clients/search", query=address))
        numbers += [text(each.get("id")) for each in found if same(each.get("email"), address)]
    services = [
        each
        for number in dict.fromkeys(filter(None, numbers))
        for each in rows(_get(way, settings, "services/getAllByClient", client_id=number, status="all"))
    ]
    return Found(services=[_service(settings, each) for each in services])


def _get(way: Way, settings: Mapping[str, str], method: str, **query: str) -> Any:
    url = f"{settings['url'].rstrip('/')}/api/{method}.json?{urlencode(query)}"
    return inner(way.ask(url, headers=basic(settings["user"], settings["key"]), missing=404), "response")


def _service(settings: Mapping[str, str], row: Mapping[str, Any]) -> Service:
    package, name = text(inner(row, "package", "name")), text(row.get("name"))
    admin, client = settings.get("admin", "").strip("/"), text(row.get("client_id"))
    base = f"{settings['url'].rstrip('/')}/{admin}/clients/editservice/{client}/{text(row.get('id'))}/"
    return Service(
        id=text(row.get("id")),
        name=f"{name} ({package})" if name and package else name or package,
        type=text(inner(row, "package", "module_name")) or package,
        state=text(row.get("status")),
        link=base if admin else "",
        facts=facts(
            Package=package,
            Since=text(row.get("date_added"))[:10],
            Renews=text(row.get("date_renews"))[:10],
            Suspended=text(row.get("date_suspended"))[:10],
        ),
    )


KIND = Kind(
    key="blesta",
    label=lazy("Blesta"),
    about=lazy("Services of a client, by an API user of the company. Its key may do everything in Blesta: guard it."),
    entries=(
        Entry(name="url", label=lazy("Address of Blesta"), kind="url", hint="https://billing.example.com"),
        Entry(name="user", label=lazy("API user")),
        Entry(name="key", label=lazy("API key"), kind="secret"),
        Entry(
            name="admin",
            label=lazy("Folder of the admin area"),
            default="admin",
            required=False,
            hint=lazy("For links of staff; empty for none."),
        ),
    ),
    ask=ask,
    number=lazy("the client's id, not the number that clients see"),
)
