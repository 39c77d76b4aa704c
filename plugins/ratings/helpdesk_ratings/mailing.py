"""The plugin's mails: the question how it went, and the notice of a bad rating."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.db import new_uid
from helpdesk_core.api.mail import (
    Mailbox,
    MailTemplates,
    OutgoingDraft,
    compose,
    desk_url,
    is_address,
    new_message_id,
    own_addresses,
    references,
    site_address,
    subject_tag,
)
from helpdesk_core.api.tickets import Ticket, reopen
from helpdesk_core.api.users import User, all_roles, people_who_may

from .events import RatingAsked, RatingGiven
from .links import Claim, token_of, url_of
from .models import Rating
from .scales import SCALES, step_of
from .settings import ID, rules, said_reason

ALERT: Final = "ratings.alert"
_MANAGES: Final = "ticket.redact"
"""What a manager may do in a department, and an agent may not, as roles are on a new site."""
_FOLDER: Final = Path(__file__).parent / "mail"


def send_question(desk: Helpdesk, event: RatingAsked) -> None:
    """Queue the mail that asks the requester; once, however often the event is delivered."""
    rule = rules(desk)
    with desk.read() as session:
        ticket, user = _ticket(session, event.ticket_id), session.get(User, event.user_id)
        if ticket is None or user is None or ticket.is_open or not _can_be_written_to(desk, session, [user]):
            return
        token = token_of(desk, Claim(ticket.id, user.id), rule.link_lasts)
        texts = desk.texts(_locale(desk, user, ticket))
        answers = [
            {"label": texts.say(step.label), "mark": step.mark, "url": url_of(desk, token, step.score)}
            for step in reversed(SCALES[rule.scale])
        ]
        drafts = [_draft(desk, session, "ask", ticket, user, {"answers": answers, "url": url_of(desk, token)})]
    compose(desk, event, drafts)


def bad_rating(desk: Helpdesk, event: RatingGiven) -> None:
    """Tell who has to know of a rating that turned bad, and open the ticket again if the site wants that."""
    rule = rules(desk)
    if not event.turned_bad:
        return
    drafts: list[OutgoingDraft] = []
    with desk.read() as session:
        ticket = _ticket(session, event.ticket_id)
        rating = session.scalar(select(Rating).where(Rating.uid == event.rating))
        if ticket is None or rating is None or rating.verdict != "bad":
            return
        if rule.tell_bad:
            people = _who_is_told(session, ticket.department_id)
            drafts = [
                _draft(desk, session, "bad", ticket, user, _said(desk, session, rating, user))
                for user in _can_be_written_to(desk, session, people)
            ]
    if drafts:
        compose(desk, event, drafts)
    if rule.reopen_bad and not ticket.is_open and ticket.merged_into_id is None:
        reopen(desk, SYSTEM, ticket.number or "")


def _who_is_told(session: Session, department_id: int) -> Sequence[User]:
    """Return those with the permission; as long as no role holds it, the managers of the department."""
    decided = any(each.permission == ALERT for role in all_roles(session) for each in role.permissions)
    return people_who_may(session, ALERT if decided else _MANAGES, department_id)


def _said(desk: Helpdesk, session: Session, rating: Rating, user: User) -> dict[str, Any]:
    step = step_of(rating.scale, rating.score)
    agent = session.get(User, rating.agent_id) if rating.agent_id else None
    texts = desk.texts(_locale(desk, user, None))
    return {
        "score": texts.say(step.label) if step else str(rating.score),
        "of_answer": rating.message_id is not None,
        "agent": agent.name if agent else "",
        "reasons": ", ".join(said_reason(each, texts(ID).gettext) for each in rating.reasons),
        "comment": rating.comment,
    }


def _draft(
    desk: Helpdesk, session: Session, template: str, ticket: Ticket, user: User, values: dict[str, Any]
) -> OutgoingDraft:
    department = ticket.department
    site = desk.settings.site()
    known = references(desk, session, ticket)
    to = Mailbox.of(user.name, user.primary_email or "")
    common = {
        "site_name": site.name,
        "site_url": site.url.rstrip("/"),
        "recipient": to,
        "number": ticket.number,
        "subject": ticket.subject,
        "tag": subject_tag(ticket.number),
        "url": desk_url(desk, ticket),
    }
    templates = MailTemplates([_FOLDER], translate=lambda locale: desk.texts(locale)(ID))
    locale = _locale(desk, user, ticket)
    said = templates.render(
        f"rating_{template}", common | values, locale=locale, timezone=user.timezone or site.timezone
    )
    return OutgoingDraft(
        template=f"rating_{template}",
        sender=Mailbox.of(department.name, department.address or site_address(desk)),
        to=(to,),
        subject=said.subject,
        text=said.text,
        html=said.html,
        message_id=new_message_id(desk, new_uid()),
        in_reply_to=known[-1],
        references=known,
        ticket_id=ticket.id,
        department_id=department.id,
    )


def _ticket(session: Session, ticket_id: int | None) -> Ticket | None:
    query = select(Ticket).where(Ticket.id == ticket_id).options(joinedload(Ticket.department))
    return session.scalar(query)


def _locale(desk: Helpdesk, user: User, ticket: Ticket | None) -> str:
    theirs = user.locale or (ticket.locale if ticket is not None and ticket.requester_id == user.id else None)
    return theirs or desk.settings.site().language


def _can_be_written_to(desk: Helpdesk, session: Session, users: Iterable[User]) -> list[User]:
    """Leave out the deactivated and erased, and the helpdesk's own addresses: a mail there would open a ticket."""
    own = own_addresses(desk, session)
    return [
        user
        for user in users
        if user.is_active
        and user.erased_at is None
        and is_address(user.primary_email)
        and user.primary_email not in own
    ]
