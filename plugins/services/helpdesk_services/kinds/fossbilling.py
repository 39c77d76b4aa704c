"""FOSSBilling: orders of a client.

Documented at https://fossbilling.org/docs/api/api: POST requests with JSON to `/api/admin/…`, HTTP Basic with the name
`admin` and an API key; the answer has `result` and `error`. Used are `client/get` and `order/get_list`.
"""

from collections.abc import Mapping
from typing import Any

from helpdesk_core.api.errors import Unavailable
from helpdesk_core.api.services import Service

from ..texts import lazy
from .base import Entry, Found, Kind, Wanted, Way, basic, facts, inner, rows, text


def ask(way: Way, settings: Mapping[str, str], wanted: Wanted) -> Found:
    """Find the client by number or address, and list the orders."""
    numbers = [wanted.number] if wanted.number else []
    addresses = () if wanted.number else wanted.addresses
    numbers += [text(inner(_call(way, settings, "client/get", email=each), "id")) for each in addresses]
    found: list[Service] = []
    for number in filter(None, numbers):
        answer = _call(way, settings, "order/get_list", client_id=number, per_page=100)
        orders = [each for each in rows(inner(answer, "list")) if text(each.get("client_id")) in ("", number)]
        found += [_service(settings, each) for each in orders]
    return Found(services=found)


def _call(way: Way, settings: Mapping[str, str], method: str, **fields: Any) -> Any:
    url = f"{settings['url'].rstrip('/')}/api/admin/{method}"
    answer = way.ask(url, headers=basic("admin", settings["key"]), body=fields)
    message = text(inner(answer, "error", "message"))
    if not message:
        return inner(answer, "result")
    if "not found" in message.lower():
        return None
    raise Unavailable(lazy("%(name)s says: %(message)s", name="FOSSBilling", message=message[:200]))


def _service(settings: Mapping[str, str], row: Mapping[str, Any]) -> Service:
    admin = settings.get("admin", "").strip("/")
    link = f"{settings['url'].rstrip('/')}/{admin}/order/manage/{text(row.get('id'))}"
    return Service(
        id=text(row.get("id")),
        name=text(row.get("title")) or f"#{text(row.get('id'))}",
        type=text(row.get("service_type")),
        state=text(row.get("status")),
        link=link if admin else "",
        facts=facts(
            Price=f"{text(row.get('total') or row.get('price'))} {text(row.get('currency'))}".strip(),
            Period=row.get("period"),
            Since=text(row.get("created_at"))[:10],
            Expires=text(row.get("expires_at"))[:10],
        ),
    )


KIND = Kind(
    key="fossbilling",
    label=lazy("FOSSBilling"),
    about=lazy("Orders of a client, by the API key of a member of staff who may read clients and orders."),
    entries=(
        Entry(name="url", label=lazy("Address of FOSSBilling"), kind="url", hint="https://billing.example.com"),
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
    number=lazy("the client id"),
)
