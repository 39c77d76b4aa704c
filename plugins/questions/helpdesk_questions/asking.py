"""Asking the questions in the form, checking what was answered, and keeping it with the ticket."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from helpdesk_core.api import Actor, FormField, Helpdesk, Transaction
from helpdesk_core.api.services import ask_services, find_customer
from helpdesk_core.api.tickets import Message, NewTicket, Ticket
from helpdesk_core.api.users import find_by_address, find_user

from .asked import Asked, Set, say
from .models import Answer
from .sets import ID, all_sets
from .texts import _, lazy

FEW: Final = 6
"""So many options stand below each other; more are a list to choose from."""
INPUTS: Final = {"text": "text", "long": "textarea", "several": "checkboxes", "file": "note"}


@dataclass(frozen=True, slots=True)
class Place:
    """A question in its set, with the name under which it is known."""

    set: Set
    asked: Asked

    @property
    def name(self) -> str:
        """Return `<set>.<question>`."""
        return f"{self.set.key}.{self.asked.key}"


def places(
    desk: Helpdesk, customer_id: int | None, department: str | None, service: str, given: Mapping[str, Any]
) -> list[Place]:
    """Return what is asked for a ticket there, about a service (its key), by what was answered so far."""
    with desk.read() as session:
        sets = all_sets(desk, session)
    in_question = [each for each in sets if each.fits(department, _first(each.service_types))]
    if not in_question:
        return []
    kind = service_type(desk, customer_id, service) if any(each.service_types for each in in_question) else ""
    return [place for each in in_question if each.fits(department, kind) for place in wanted(each, given)]


def wanted(one: Set, given: Mapping[str, Any]) -> list[Place]:
    """Return the questions of a set that are asked; one that waits for a question that is not asked is not."""
    found: list[Place] = []
    values: dict[str, Any] = {}
    for each in one.questions:
        if each.is_wanted(values):
            found.append(Place(one, each))
            values[each.key] = given.get(f"{one.key}.{each.key}")
    return found


def service_type(desk: Helpdesk, customer_id: int | None, service: str) -> str:
    """Return the type of a customer's service by its key; empty if it is not known."""
    if customer_id is None or ":" not in service:
        return ""
    with desk.read() as session:
        customer = find_customer(desk, session, customer_id, for_staff=True)
    answers = ask_services(desk, customer) if customer else []
    return next((each.type for answer in answers for each in answer.services if answer.key_of(each) == service), "")


def fields(found: Sequence[Place], locale: str, *, is_staff: bool) -> list[FormField]:
    """Return the fields of the form; staff need not answer what a customer must."""
    decisive = {(each.set.key, each.asked.if_question) for each in _all(found) if each.asked.if_question}
    return [
        FormField(
            name=each.name,
            label=say(each.asked.text, locale),
            kind=_input(each.asked),
            hint=_hint(each.asked, locale),
            required=each.asked.required and each.asked.kind != "file" and not is_staff,
            options=tuple((option.value, say(option.text, locale)) for option in each.asked.options),
            load=_loader(each.asked),
            asks_again=(each.set.key, each.asked.key) in decisive,
        )
        for each in found
    ]


def problems(desk: Helpdesk, actor: Actor, draft: NewTicket) -> list[str]:
    """Return what stands in the way of a ticket: answers that do not fit, a file that is missing.

    Where questions are not asked (mail, a program that knows nothing of them) nothing is missing.
    """
    given = draft.extra.get(ID)
    if given is None:
        return []
    if not isinstance(given, Mapping):
        return [lazy('Give the answers by question: {"set.question": "answer"}.')]
    found = _places_of(desk, actor, draft, given)
    said: list[str] = []
    known = {each.name for each in found}
    said += [
        lazy("“%(name)s” is not asked here.", name=str(name)[:90])
        for name, value in given.items()
        if value and name not in known
    ]
    for each in found:
        try:
            value = each.asked.read(_as_entered(given.get(each.name)))
        except ValueError as error:
            said.append(lazy("%(question)s: %(problem)s", question=_label(each, draft, actor), problem=error.args[0]))
            continue
        if each.asked.required and each.asked.kind != "file" and not value and not _is_for_another(actor, draft):
            said.append(lazy("%(question)s: fill this in.", question=_label(each, draft, actor)))
    return said or _missing_files(found, actor, draft)


def store(tx: Transaction, ticket: Ticket, message: Message, draft: NewTicket) -> None:
    """Write the answers, in the words in which they were asked."""
    given = draft.extra.get(ID)
    if not isinstance(given, Mapping):
        return
    locale = draft.locale or ticket.locale or "en"
    service = _service_of(draft)
    for each in places(tx.desk, ticket.requester_id, ticket.department.key, service, given):
        value: Any = each.asked.read(_as_entered(given.get(each.name)))
        if each.asked.kind == "file":
            value = [file.name for file in message.attachments]
        if not value:
            continue
        values = value if isinstance(value, list) else [value]
        tx.session.add(
            Answer(
                ticket_id=ticket.id,
                message_id=message.id,
                key=each.name,
                version=each.set.version,
                kind=each.asked.kind,
                question=say(each.asked.text, locale),
                value=value,
                said=each.asked.said(value, locale),
                line=f"{each.name}: {', '.join(values)}".lower(),
            )
        )


def _places_of(desk: Helpdesk, actor: Actor, draft: NewTicket, given: Mapping[str, Any]) -> list[Place]:
    return places(desk, _customer_id(desk, actor, draft), draft.department, _service_of(draft), given)


def _service_of(draft: NewTicket) -> str:
    given = draft.extra.get("services")
    value = given.get("service") if isinstance(given, Mapping) else given
    return value if isinstance(value, str) else ""


def _missing_files(found: Sequence[Place], actor: Actor, draft: NewTicket) -> list[str]:
    asked = [each for each in found if each.asked.kind == "file" and each.asked.required]
    message = draft.message
    if not asked or _is_for_another(actor, draft):
        return []
    if len(message.uploads) + len(message.attachments) + len(message.files) >= len(asked):
        return []
    return [lazy("Attach a file: %(what)s", what=_label(each, draft, actor)) for each in asked]


def _label(each: Place, draft: NewTicket, actor: Actor) -> str:
    return say(each.asked.text, draft.locale or actor.locale or "en")


def _is_for_another(actor: Actor, draft: NewTicket) -> bool:
    return actor.kind == "system" or (actor.is_staff and draft.requester is not None)


def _customer_id(desk: Helpdesk, actor: Actor, draft: NewTicket) -> int | None:
    requester = draft.requester
    if requester is None or not _is_for_another(actor, draft):
        return actor.user_id
    with desk.read() as session:
        if requester.uid:
            return find_user(session, requester.uid).id
        found = find_by_address(session, requester.email) if requester.email else None
        return found.id if found else None


def _as_entered(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(str(each) for each in value)
    return "" if value is None else str(value)


def _all(found: Sequence[Place]) -> list[Place]:
    sets = {each.set.key: each.set for each in found}
    return [Place(one, asked) for one in sets.values() for asked in one.questions]


def _first(types: Sequence[str]) -> str:
    return types[0] if types else ""


def _input(asked: Asked) -> str:
    if asked.kind == "choice":
        return "radios" if len(asked.options) <= FEW else "select"
    return INPUTS.get(asked.kind, asked.kind)


def _hint(asked: Asked, locale: str) -> str:
    hint = say(asked.hint, locale)
    if asked.kind != "file":
        return hint
    need = _("Add it below, under “Files”.") if asked.required else _("If you can, add it below, under “Files”.")
    return f"{hint} {need}".strip()


def _loader(asked: Asked) -> Callable[[str], str | list[str]]:
    return asked.read
