"""BILLmanager: services of a client.

Documented at https://www.ispsystem.com/docs/b6c/developer-section/guide-to-ispsystem-software-api and
https://www.ispsystem.com/docs/b6c/developer-section/billmanager-api: a call names a function (`func=vds`) with
`authinfo=name:password` and `out=json`; lists are `doc.elem`, each value an object with `$`, and with `$orig` where
`$` is a word in the language of the panel. `su` calls the function as another user, whose login is the address.
Everything is posted, so that no secret stands in an address.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from helpdesk_core.api.errors import Unavailable
from helpdesk_core.api.services import Service

from ..texts import lazy
from .base import Entry, Found, Kind, Wanted, Way, facts, inner, rows, text

STATES: Final = {"1": "ordered", "2": "active", "3": "suspended", "4": "deleted", "5": "processing"}
"""The numbers of `item_status` in lists of services."""
DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
UNKNOWN: Final = frozenset({"auth", "access", "su", "user"})
"""Kinds of errors that mean that there is no such user."""


def ask(way: Way, settings: Mapping[str, str], wanted: Wanted) -> Found:
    """List the services of each of the functions, as the client sees them."""
    found: list[Service] = []
    for who in [wanted.number] if wanted.number else wanted.addresses:
        for function in settings["functions"].replace(",", " ").split():
            listed = _list(way, settings, function, who)
            if listed is None:
                break
            found += [_service(function, each) for each in listed]
    return Found(services=found)


def _list(way: Way, settings: Mapping[str, str], function: str, who: str) -> list[Mapping[str, str]] | None:
    form = {"authinfo": f"{settings['user']}:{settings['password']}", "out": "json", "func": function, "su": who}
    doc = inner(way.ask(f"{settings['url'].rstrip('/')}/billmgr", form=form), "doc")
    error = inner(doc, "error")
    if error is None:
        elements = inner(doc, "elem")
        return [_plain(each) for each in (rows([elements]) if _is_one(elements) else rows(elements))]
    if text(inner(error, "$object")) in UNKNOWN or text(inner(error, "$type")) in ("su", "missed"):
        return None
    message = text(inner(error, "msg", "$")) or text(inner(error, "$type")) or "?"
    raise Unavailable(lazy("%(name)s says: %(message)s", name="BILLmanager", message=message[:200]))


def _is_one(elements: Any) -> bool:
    """Tell whether a list of one is written as the thing itself, as the panel does."""
    return isinstance(elements, dict) and "id" in elements


def _plain(row: Mapping[str, Any]) -> dict[str, str]:
    plain = {name: text(value.get("$") if isinstance(value, dict) else value) for name, value in row.items()}
    codes = {f"{name}_orig": text(inner(value, "$orig")) for name, value in row.items() if isinstance(value, dict)}
    return plain | {name: code for name, code in codes.items() if code}


def _service(function: str, row: Mapping[str, str]) -> Service:
    name = row.get("domain") or row.get("name") or row.get("ip") or row.get("id", "")
    plan = row.get("pricelist", "")
    return Service(
        id=f"{function}-{row.get('id', '')}",
        name=f"{name} ({plan})" if plan and plan != name else name,
        type=function,
        state=_state(row),
        facts=facts(
            Plan=plan,
            IP=row.get("ip"),
            Data_centre=row.get("datacentername"),
            Paid_until=_paid_until(row),
            Cost=row.get("cost"),
        ),
    )


def _state(row: Mapping[str, str]) -> str:
    word = row.get("item_status", "")
    code = row.get("item_status_orig") or (word if word.isdecimal() else row.get("item_real_status", ""))
    return STATES.get(code, word or code)


def _paid_until(row: Mapping[str, str]) -> str:
    """Return the date; what is charged day by day has a phrase in its place, and the date beside it."""
    dates = (row.get(name, "") for name in ("expiredate", "real_expiredate"))
    return next((date for date in dates if DATE.fullmatch(date)), "")


def _are_functions(given: str) -> None:
    if not re.fullmatch(r"[a-z0-9_.]+([ ,]+[a-z0-9_.]+)*", given):
        raise ValueError(lazy("Write the names of functions with spaces between: vhost vds dedic domain."))


KIND = Kind(
    key="billmanager",
    label=lazy("BILLmanager"),
    about=lazy("Services of a client, by a member of staff who may act as clients."),
    entries=(
        Entry(name="url", label=lazy("Address of BILLmanager"), kind="url", hint="https://billing.example.com:1500"),
        Entry(name="user", label=lazy("User")),
        Entry(name="password", label=lazy("Password"), kind="secret"),
        Entry(
            name="functions",
            label=lazy("Lists"),
            default="vhost vds dedic domain",
            hint=lazy("The names of the lists of services, with spaces between."),
            check=_are_functions,
        ),
    ),
    ask=ask,
    number=lazy("the client's login"),
)
