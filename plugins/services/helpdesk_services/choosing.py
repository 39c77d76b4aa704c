"""Choosing the service that a ticket is about: the field of the form, and what is kept when the ticket is opened."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from helpdesk_core.api import Actor, FormField, Helpdesk, Transaction
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.services import Service, ServiceAnswer, ask_services, find_customer
from helpdesk_core.api.tickets import NewTicket, Ticket
from helpdesk_core.api.users import find_by_address, find_user

from .models import TicketService
from .sources import ID
from .texts import _, lazy

FIELD: Final = "service"
NONE: Final = "none"
OTHER: Final = "other"
FEW: Final = 6
"""So many services stand below each other; more are a list to choose from."""
MOST_LETTERS: Final = 400

Answers = Sequence[ServiceAnswer]


def answers_for(desk: Helpdesk, user_id: int | None, *, for_staff: bool = False) -> Answers:
    """Return what the sources say about a person; nothing for somebody who cannot be looked up."""
    if user_id is None:
        return []
    with desk.read() as session:
        customer = find_customer(desk, session, user_id, for_staff=for_staff)
    if customer is None:
        return []
    return ask_services(desk, customer, fresh=desk.settings.effective(ID).values["fresh"])


def by_key(answers: Answers) -> dict[str, tuple[ServiceAnswer, Service]]:
    """Return the services by the name under which they are known."""
    return {answer.key_of(each): (answer, each) for answer in answers for each in answer.services}


def field(answers: Answers, *, is_staff: bool) -> FormField | None:
    """Return the field of the form; None if nothing is known and nothing is in doubt."""
    known = by_key(answers)
    in_doubt = any(answer.problem for answer in answers)
    if not known and not in_doubt:
        return None
    options = [(key, said(service)) for key, (_answer, service) in known.items()]
    if in_doubt or is_staff:
        options.append((OTHER, _("One that is not listed here")))
    options.append((NONE, _("Not about a product")))
    return FormField(
        name=FIELD,
        label=_("Which service is it about?") if is_staff else _("Which of your services is it about?"),
        kind="radios" if len(options) <= FEW + 2 else "select",
        hint=_in_doubt(answers) if in_doubt else "",
        required=not is_staff and bool(known),
        options=tuple(options),
        load=_loader({key for key, _name in options}),
        asks_again=True,
        order=10,
    )


def said(service: Service) -> str:
    """Return a service in a few words, with its state where that is not the usual one."""
    usual = service.state.casefold() in ("", "active", "completed", "ok")
    return service.name if usual else f"{service.name} · {service.state}"


def _in_doubt(answers: Answers) -> str:
    if any(answer.answered_at is None for answer in answers):
        return _("Some services cannot be looked up just now. If yours is missing, say so and name it in your message.")
    return _("This list may not be quite up to date just now.")


def _loader(allowed: set[str]) -> Callable[[str], str]:
    def load(entered: str) -> str:
        if entered and entered not in allowed:
            raise ValueError(lazy("Choose one from the list."))
        return entered

    return load


def chosen(extra: Mapping[str, Any]) -> str:
    """Return what was chosen, by form or API; empty for nothing. `Invalid` if it has another shape."""
    given = extra.get(ID) or {}
    value = given.get(FIELD) if isinstance(given, Mapping) else given
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MOST_LETTERS:
        raise Invalid({ID: [lazy("Give the service by its name, such as “services.panel:17”, “none” or “other”.")]})
    return value


def problem(desk: Helpdesk, actor: Actor, draft: NewTicket) -> list[str]:
    """Return why a ticket cannot be about what was chosen: it is none of the customer's."""
    try:
        key = chosen(draft.extra)
    except Invalid as error:
        return list(error.problems[ID])
    if key in ("", NONE, OTHER):
        return []
    answers = answers_for(desk, _customer_id(desk, actor, draft), for_staff=_is_for_another(actor, draft))
    if key in by_key(answers) or any(answer.problem for answer in answers):
        return []
    return [lazy("There is no service “%(key)s” of this customer. Choose another, or “none”.", key=key[:80])]


def store(tx: Transaction, actor: Actor, ticket: Ticket, draft: NewTicket) -> None:
    """Keep what the ticket is about, as it is known at this moment; nobody is asked inside the transaction."""
    key = chosen(draft.extra)
    if key:
        found = by_key(answers_for(tx.desk, ticket.requester_id, for_staff=_is_for_another(actor, draft)))
        add(tx, ticket, key, found)


def add(tx: Transaction, ticket: Ticket, key: str, known: Mapping[str, tuple[ServiceAnswer, Service]]) -> TicketService:
    """Write the row of a ticket's service; one that is not known is `other`."""
    answer, service = known.get(key, (None, None))
    row = TicketService(
        ticket_id=ticket.id,
        key=key if service is not None or key == NONE else OTHER,
        source=answer.name[:120] if answer else "",
        name=service.name if service else "",
        type=service.type if service else "",
        state=service.state if service else "",
        link=service.link if service else "",
        facts=dict(service.facts) if service else {},
        is_current=True,
        taken_at=tx.now,
    )
    tx.session.add(row)
    return row


def _is_for_another(actor: Actor, draft: NewTicket) -> bool:
    return actor.is_staff and draft.requester is not None


def _customer_id(desk: Helpdesk, actor: Actor, draft: NewTicket) -> int | None:
    wanted = draft.requester
    if wanted is None:
        return actor.user_id
    if not actor.is_staff and actor.kind != "system":
        return None
    with desk.read() as session:
        if wanted.uid:
            return find_user(session, wanted.uid).id
        found = find_by_address(session, wanted.email) if wanted.email else None
        return found.id if found else None
