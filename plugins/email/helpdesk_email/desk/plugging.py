"""What the plugin's class hands to core of the desk: links, pages, marks under messages."""

from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk_core.api import Actor, Helpdesk, Link, Panel, Permission, Route, TicketAction
from helpdesk_core.api.tickets import Message, Ticket

from ..receiving import Gateway
from ..texts import texts
from .listing import count_mails
from .undelivered import MANAGE, undelivered

_ = texts.gettext


def permission() -> Permission:
    """Return the right to look at received mails and to decide about them."""
    return Permission(
        MANAGE, texts.lazy("see received mails, and decide about them"), owner="email", per_department=True
    )


def desk_pages(gateway: Gateway) -> Sequence[Route]:
    """Return the pages below /desk/x/email/."""
    from .pages import MailPages
    from .rethreading_pages import RethreadPages

    return [*MailPages(gateway).routes(), *RethreadPages(gateway).routes()]


def admin_pages(gateway: Gateway) -> Sequence[Route]:
    """Return the pages of the rules below /admin/x/email/."""
    from ..rules.pages import RulePages

    return RulePages(gateway).routes()


def mail_link(desk: Helpdesk, actor: Actor) -> Sequence[Link]:
    """Return the entry of the rail, with how many mails wait for a person."""
    if not actor.may(MANAGE):
        return []
    with desk.read() as session:
        waiting = count_mails(session, actor)["quarantined"]
    return [Link(label=_("Mail"), href="/desk/x/email/", icon="mail", count=waiting, loud=waiting > 0)]


def marks_under_messages(
    desk: Helpdesk, messages: Sequence[Message], ticket: Ticket, actor: Actor
) -> Mapping[int, Panel]:
    """Return for staff which recipients single messages did not reach, and which mails were signed or encrypted."""
    if not actor.is_staff or not actor.may("ticket.read", ticket.department_id):
        return {}
    with desk.read() as session:
        failed = undelivered(session, [each.id for each in messages])
    protected = {
        each.id: protection_words(each.details["protection"]) for each in messages if "protection" in each.details
    }
    return {
        key: Panel(
            template="email/message_marks.html",
            context={
                "failed": failed.get(key, ()),
                "protection": protected.get(key, ""),
                "may_allow": actor.may(MANAGE),
            },
        )
        for key in failed.keys() | protected.keys()
    }


def protection_words(protection: Mapping[str, Any]) -> str:
    """Return what staff should know of a signed or encrypted mail; empty for what a later version may have written."""
    match protection:
        case {"kind": "encrypted", "in_text": True}:
            text = _("Encrypted (%(standard)s). The text is kept as it came; nothing was opened.")
        case {"kind": "encrypted"}:
            text = _("Encrypted (%(standard)s). What it says is in the attached file, kept as it came.")
        case {"kind": "signed", "closed": True}:
            text = _("Signed (%(standard)s), not checked. What it says is in the attached file, kept as it came.")
        case {"kind": "signed"}:
            text = _("Signed (%(standard)s). The signature was not checked.")
        case _:
            return ""
    return text % {"standard": protection.get("standard", "")}


def rethread_action(ticket: Ticket, actor: Actor) -> Sequence[TicketAction]:
    """Return the entry of a ticket's menu."""
    if ticket.channel != "email" or not actor.may("ticket.merge", ticket.department_id):
        return []
    return [
        TicketAction(
            label=_("A mail belongs elsewhere"), href=f"/desk/x/email/elsewhere/{ticket.number}", icon="folder-input"
        )
    ]
