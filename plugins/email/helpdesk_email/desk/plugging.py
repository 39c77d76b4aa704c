"""What the plugin's class hands to core of the desk: pages, and an entry of a ticket's menu."""

from collections.abc import Sequence

from helpdesk_core.api import Actor, Helpdesk, Permission, Route, TicketAction
from helpdesk_core.api.tickets import Ticket

from ..receiving import Gateway
from ..texts import texts
from .undelivered import MANAGE

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


def admin_pages(desk: Helpdesk, gateway: Gateway) -> Sequence[Route]:
    """Return the pages of the rules and of the ways out, below /admin/x/email/."""
    from ..leaving.pages import WayOutPages
    from ..rules.pages import RulePages

    return [*RulePages(gateway).routes(), *WayOutPages(desk).routes()]


def rethread_action(ticket: Ticket, actor: Actor) -> Sequence[TicketAction]:
    """Return the entry of a ticket's menu."""
    if ticket.channel != "email" or not actor.may("ticket.merge", ticket.department_id):
        return []
    return [
        TicketAction(
            label=_("A mail belongs elsewhere"), href=f"/desk/x/email/elsewhere/{ticket.number}", icon="folder-input"
        )
    ]
