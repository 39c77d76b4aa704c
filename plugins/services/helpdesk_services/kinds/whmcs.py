"""WHMCS: products of a client.

Documented at https://developers.whmcs.com/api-reference/getclientsproducts and
https://developers.whmcs.com/api-reference/getclientsdetails: a POST to `includes/api.php` with `identifier`, `secret`,
`action` and `responsetype=json`; `products.product` is the list. The passwords in it are not read.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from helpdesk_core.api.errors import Unavailable
from helpdesk_core.api.services import Service

from ..texts import lazy
from .base import Entry, Found, Kind, Wanted, Way, facts, inner, rows, text

PORTION: Final = 250


def ask(way: Way, settings: Mapping[str, str], wanted: Wanted) -> Found:
    """Find the client by number or address, and list the products."""
    numbers = [wanted.number] if wanted.number else [_client(way, settings, each) for each in wanted.addresses]
    found: list[Service] = []
    for number in filter(None, numbers):
        answer = _call(way, settings, "GetClientsProducts", clientid=number, limitnum=str(PORTION))
        found += [_service(settings, each) for each in rows(inner(answer, "products", "product"))]
    return Found(services=found)


def _client(way: Way, settings: Mapping[str, str], address: str) -> str:
    answer = _call(way, settings, "GetClientsDetails", email=address, stats="false")
    return text(inner(answer, "client", "id") or inner(answer, "client", "userid") or inner(answer, "userid"))


def _call(way: Way, settings: Mapping[str, str], action: str, **more: str) -> Any:
    form = {"identifier": settings["identifier"], "secret": settings["secret"], "action": action}
    if settings.get("accesskey"):
        form["accesskey"] = settings["accesskey"]
    answer = way.ask(f"{settings['url'].rstrip('/')}/includes/api.php", form={**form, "responsetype": "json", **more})
    if inner(answer, "result") == "success":
        return answer
    message = text(inner(answer, "message"))
    if message == "Client Not Found":
        return {}
    raise Unavailable(lazy("%(name)s says: %(message)s", name="WHMCS", message=message[:200] or "?"))


def _service(settings: Mapping[str, str], row: Mapping[str, Any]) -> Service:
    query = urlencode({"userid": text(row.get("clientid")), "id": text(row.get("id"))})
    product, domain = text(row.get("name")), text(row.get("domain"))
    admin = settings.get("admin", "").strip("/")
    return Service(
        id=text(row.get("id")),
        name=f"{domain} ({product})" if domain and product else domain or product,
        type=text(row.get("groupname")) or product,
        state=text(row.get("status")).lower(),
        link=f"{settings['url'].rstrip('/')}/{admin}/clientsservices.php?{query}" if admin else "",
        facts=facts(
            Product=product,
            Server=row.get("servername") or row.get("serverhostname"),
            IP=row.get("dedicatedip") or row.get("serverip"),
            User=row.get("username"),
            Since=row.get("regdate"),
            Next_due=row.get("nextduedate"),
        ),
    )


KIND = Kind(
    key="whmcs",
    label=lazy("WHMCS"),
    about=lazy("Products and services of a client, by API credentials that may read clients and their products."),
    entries=(
        Entry(name="url", label=lazy("Address of WHMCS"), kind="url", hint="https://billing.example.com"),
        Entry(name="identifier", label=lazy("API identifier")),
        Entry(name="secret", label=lazy("API secret"), kind="secret"),
        Entry(
            name="accesskey",
            label=lazy("API access key"),
            kind="secret",
            required=False,
            hint=lazy("Only if WHMCS asks for one."),
        ),
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
