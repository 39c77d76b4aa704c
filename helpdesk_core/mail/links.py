"""Where links in mails lead; the pages of the same paths are in `web/`."""

from urllib.parse import quote

from helpdesk_core.attachments.models import Attachment
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.users.links import address_token, file_token, guest_token, password_token
from helpdesk_core.users.models import AddressRequest, User


def site_url(desk: Helpdesk) -> str:
    """Return the helpdesk's own address, without a slash at the end."""
    return desk.settings.site().url.rstrip("/")


def ticket_url(desk: Helpdesk, ticket: Ticket, user: User) -> str:
    """Return where a customer sees the ticket: signed in, or by a signed link if they have no password."""
    if user.password_hash is None and not user.is_owner:
        return f"{site_url(desk)}/t/{guest_token(desk, ticket.id, user.id)}"
    return plain_ticket_url(desk, ticket)


def plain_ticket_url(desk: Helpdesk, ticket: Ticket) -> str:
    """Return where a customer sees the ticket after signing in; for mails that more than one person gets."""
    return f"{site_url(desk)}/tickets/{quote(ticket.number or '')}"


def file_url(desk: Helpdesk, attachment: Attachment, user: User) -> str:
    """Return where the person gets a file without signing in; for mails that nobody else gets."""
    return f"{site_url(desk)}/f/{file_token(desk, attachment.uid, user.id)}"


def plain_file_url(desk: Helpdesk, attachment: Attachment) -> str:
    """Return where those who may see it get a file after signing in."""
    return f"{site_url(desk)}/attachments/{attachment.uid}"


def desk_url(desk: Helpdesk, ticket: Ticket) -> str:
    """Return where staff see the ticket."""
    return f"{site_url(desk)}/desk/tickets/{quote(ticket.number or '')}"


def password_url(desk: Helpdesk, user: User, reason: str) -> str:
    """Return where the person chooses a password."""
    return f"{site_url(desk)}/password/reset/{password_token(desk, user, reason)}"


def address_url(desk: Helpdesk, request: AddressRequest) -> str:
    """Return where the person proves an address."""
    return f"{site_url(desk)}/verify/{address_token(desk, request)}"
