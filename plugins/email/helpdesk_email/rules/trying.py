"""What would happen to a stored mail if it came again as a new one; nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor

from ..desk.listing import find_received, readable
from ..desk.showing import bytes_of
from ..models import Received
from ..reading import read_mail
from ..receiving import Gateway
from ..routing import Place, recipients_of, route
from ..senders import sender_of
from .checks import Checks
from .matching import Wishes

MOST = 50


@dataclass(frozen=True, slots=True)
class Trial:
    """The answer: where the mail would go and why, as what, whether it would be blocked or taken for spam."""

    subject: str
    departments: tuple[str, ...]
    why: str
    wishes: Wishes
    blocked: str | None
    spam: str | None


def recent_mails(session: Session, actor: Actor) -> Sequence[Received]:
    """Return the newest mails that the actor may see and that still have their bytes."""
    query = select(Received).where(readable(actor), Received.forgotten_at.is_(None))
    return session.scalars(query.order_by(Received.id.desc()).limit(MOST)).all()


def try_rules(gateway: Gateway, actor: Actor, uid: str) -> Trial:
    """Say what would happen; `NotFound` for a mail that the actor may not see."""
    desk = gateway.desk
    with desk.read() as session:
        row, _ticket = find_received(session, actor, uid)
        mail = read_mail(bytes_of(gateway.archive, row))
        settings = desk.settings.effective("email").values
        place = Place.of(desk, session)
        checks = Checks(desk, session, settings, gateway.scorers)
        sender = sender_of(desk, session, mail.from_)
        recipients = recipients_of(mail, row.envelope_recipients)
        wishes = checks.wishes(mail, sender.address if sender else "", recipients, row.size)
        chosen = route(place, recipients, settings["default_department"])
        wanted = checks.department(place, wishes)
        departments = (wanted,) if wanted else chosen.departments
        if settings["several_departments"] == "first":
            departments = departments[:1]
        return Trial(
            subject=mail.subject,
            departments=tuple(each.name for each in departments),
            why="" if wanted else chosen.why,
            wishes=wishes,
            blocked=checks.blocked(sender) if sender else None,
            spam=checks.spam(mail, sender) if sender else None,
        )
