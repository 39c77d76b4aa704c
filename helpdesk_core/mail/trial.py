"""A mail that an admin sends to see whether mail leaves."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.db.base import new_uid
from helpdesk_core.mail.compose import queue
from helpdesk_core.mail.draft import OutgoingDraft
from helpdesk_core.mail.links import site_url
from helpdesk_core.mail.mailbox import Mailbox
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.people import site_address
from helpdesk_core.mail.threading import new_message_id
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.permissions import require

TEMPLATE: Final = "trial"
"""What such mails are kept under in the queue."""
SUBJECT: Final = _l("A test mail")
TEXT: Final = _l("This mail came from your helpdesk, so mail leaves it. Nobody has to answer.")


def send_trial(desk: Helpdesk, actor: Actor, address: str) -> str:
    """Queue a mail to the address, and return its uid; needs `settings.manage`. `Invalid` if it is no address."""
    require(actor, "settings.manage")
    to = Mailbox.of("", address)
    with desk.read() as session:
        desk.settings.refresh(session)
    uid, site = new_uid(), desk.settings.site()
    say = desk.texts(actor.locale or site.language).say
    draft = OutgoingDraft(
        template=TEMPLATE,
        sender=Mailbox.of(site.name, site_address(desk)),
        to=(to,),
        subject=f"{say(SUBJECT)}: {site.name}",
        text=f"{say(TEXT)}\n\n-- \n{site.name}\n{site_url(desk)}\n",
        message_id=new_message_id(desk, uid),
    )
    with desk.begin(actor) as tx:
        mail = queue(tx, draft, f"{TEMPLATE}:{uid}")
        assert mail is not None  # its key is new
        tx.session.flush()
        return mail.uid


def trial_state(session: Session) -> str:
    """Return the state of the test mail that was sent last, empty if there was none; `sent` is what one hopes for."""
    query = select(OutgoingMail.state).where(OutgoingMail.template == TEMPLATE).order_by(OutgoingMail.id.desc())
    return session.scalar(query.limit(1)) or ""
