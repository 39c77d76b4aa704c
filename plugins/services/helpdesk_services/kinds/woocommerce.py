"""WooCommerce: orders of a customer.

Documented at https://woocommerce.github.io/woocommerce-rest-api-docs/ (REST API v3): `GET
/wp-json/wc/v3/customers?email=`, `GET /wp-json/wc/v3/orders?customer=` and `?search=`, by HTTPS with the consumer key
and secret as HTTP Basic.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from helpdesk_core.api.services import Service

from ..texts import lazy
from .base import Entry, Found, Kind, Wanted, Way, basic, facts, inner, rows, same, text

MOST: Final = "50"


def ask(way: Way, settings: Mapping[str, str], wanted: Wanted) -> Found:
    """List the orders of the account, and those that were made with the address without one."""
    orders: dict[str, Mapping[str, Any]] = {}
    if wanted.number:
        orders |= _orders(way, settings, customer=wanted.number)
    for address in () if wanted.number else wanted.addresses:
        for each in rows(_get(way, settings, "customers", email=address, role="all")):
            if same(each.get("email"), address):
                orders |= _orders(way, settings, customer=text(each.get("id")))
        by_mail = _orders(way, settings, search=address)
        orders |= {key: row for key, row in by_mail.items() if same(inner(row, "billing", "email"), address)}
    return Found(services=[_service(settings, each) for each in orders.values()])


def _orders(way: Way, settings: Mapping[str, str], **query: str) -> dict[str, Mapping[str, Any]]:
    found = rows(_get(way, settings, "orders", per_page=MOST, **query))
    return {text(each.get("id")): each for each in found if each.get("id")}


def _get(way: Way, settings: Mapping[str, str], what: str, **query: str) -> Any:
    url = f"{settings['url'].rstrip('/')}/wp-json/wc/v3/{what}?{urlencode(query)}"
    return way.ask(url, headers=basic(settings["key"], settings["secret"]))


def _service(settings: Mapping[str, str], row: Mapping[str, Any]) -> Service:
    items = [text(each.get("name")) for each in rows(row.get("line_items"))]
    number = text(row.get("number")) or text(row.get("id"))
    query = urlencode({"page": "wc-orders", "action": "edit", "id": text(row.get("id"))})
    return Service(
        id=text(row.get("id")),
        name=f"#{number}: {', '.join(items[:3])}" if items else f"#{number}",
        type="order",
        state=text(row.get("status")),
        link=f"{settings['url'].rstrip('/')}/wp-admin/admin.php?{query}",
        facts=facts(
            Ordered=text(row.get("date_created"))[:10],
            Total=f"{text(row.get('total'))} {text(row.get('currency'))}".strip(),
            Products=", ".join(items),
            Payment=row.get("payment_method_title"),
        ),
    )


KIND = Kind(
    key="woocommerce",
    label=lazy("WooCommerce orders"),
    about=lazy("Orders of a shop, by a key of its REST API that may read."),
    entries=(
        Entry(name="url", label=lazy("Address of the shop"), kind="url", hint="https://shop.example.com"),
        Entry(name="key", label=lazy("Consumer key")),
        Entry(name="secret", label=lazy("Consumer secret"), kind="secret"),
    ),
    ask=ask,
    number=lazy("the id of the customer's account in WordPress"),
)
