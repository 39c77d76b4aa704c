"""Telling administrators what has gone wrong with mail, and that it is well again: once each, not each minute."""

from collections.abc import Sequence

from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.db import new_uid
from helpdesk_core.api.mail import (
    Mailbox,
    OutgoingDraft,
    is_address,
    new_message_id,
    own_addresses,
    queue,
    site_address,
)
from helpdesk_core.api.users import User, people_who_may

from ..leaving.models import Alert
from ..texts import texts
from .health import Trouble, troubles
from .mailboxes import MANAGE

_l = texts.lazy
TEMPLATE = "email_health"
ENOUGH = 3
"""After so many looks in a row that do not find it, something counts as well again: what comes and goes is one."""


def tell_changes(desk: Helpdesk) -> None:
    """Compare what is wrong with what administrators know, and mail them the difference; for a job of every minute.

    What they know and the mails are written together, so nobody is told twice, however many workers look.
    """
    now = {each.key[:100]: each for each in troubles(desk)}
    with desk.read() as session:
        known = {each.key for each in session.scalars(select(Alert))}
    if not now and not known:
        return
    with desk.begin(SYSTEM) as tx:
        rows = {each.key: each for each in tx.session.scalars(select(Alert).with_for_update())}
        begun = [each for key, each in now.items() if key not in rows]
        ended = []
        for key, row in rows.items():
            row.missed = 0 if key in now else row.missed + 1
            if row.missed >= ENOUGH:
                ended.append(row)
                tx.session.delete(row)
        for each in begun:
            tx.session.add(Alert(key=each.key[:100], text=each.text, since=tx.now))
        tx.session.flush()  # of two workers that look at once, the second fails here and tells nobody
        if begun or ended:
            _mail(tx, begun, ended)


def _mail(tx: Transaction, begun: Sequence[Trouble], ended: Sequence[Alert]) -> None:
    desk, site = tx.desk, tx.desk.settings.site()
    own, url = own_addresses(desk, tx.session), f"{site.url.rstrip('/')}/admin/health"
    for person in _administrators(tx, own):
        say = desk.texts(person.locale or site.language).say
        parts = []
        if begun:
            parts += [say(_l("Something is wrong with mail:")), *(f"* {say(each.text)}" for each in begun)]
        if ended:
            parts += [say(_l("This is well again:")), *(f"* {say(each.text)}" for each in ended)]
        uid = new_uid()
        subject = say(_l("Mail needs a look")) if begun else say(_l("Mail is well again"))
        draft = OutgoingDraft(
            template=TEMPLATE,
            sender=Mailbox.of(site.name, site_address(desk)),
            to=(Mailbox.of(person.name, person.primary_email or ""),),
            subject=f"{subject}: {site.name}",
            text="\n\n".join([*parts, url, f"-- \n{site.name}\n"]),
            message_id=new_message_id(desk, uid),
        )
        queue(tx, draft, f"{TEMPLATE}:{uid}")


def _administrators(tx: Transaction, own: frozenset[str]) -> Sequence[User]:
    return [
        each
        for each in people_who_may(tx.session, MANAGE)
        if is_address(each.primary_email) and each.primary_email not in own
    ]
