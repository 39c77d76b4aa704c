"""The plugin: mail becomes tickets, and answers find theirs. Wiring only."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta

import click

from helpdesk_core.api import (
    Actor,
    Event,
    Helpdesk,
    Job,
    Link,
    Panel,
    Permission,
    Plugin,
    Route,
    TicketAction,
    Transaction,
    hookimpl,
)
from helpdesk_core.api.events import MailFailed
from helpdesk_core.api.hooks import (
    admin_links,
    admin_routes,
    api_routes,
    cli_commands,
    desk_links,
    desk_routes,
    erase_personal_data,
    health,
    mail_bytes,
    mail_failed,
    mail_transport,
    message_parts,
    message_redacting,
    outgoing_mail,
    permissions,
    personal_data,
    scheduled_jobs,
    ticket_actions,
)
from helpdesk_core.api.mail import Envelope, OutgoingDraft, OutgoingMail, Transport
from helpdesk_core.api.rest import ApiRoute
from helpdesk_core.api.settings import gettext_noop as _l
from helpdesk_core.api.tickets import Message, Ticket
from helpdesk_core.api.users import PersonalData, User

from .desk import models as _desk_tables  # noqa: F401 - its tables belong to the metadata of `Base`
from .desk.api import suppressed_routes
from .desk.events import MailHandled, MailPolicyChanged
from .desk.marks import marks_under_messages
from .desk.plugging import admin_pages, desk_pages, permission, rethread_action
from .desk.undelivered import forget_addresses, suppress_refused, without_suppressed
from .desk.waiting import Waiting
from .intake import models as _tables  # noqa: F401 - its tables belong to the metadata of `Base`
from .intake.alerts import tell_changes
from .intake.api import inbound_routes
from .intake.doors import Doors
from .intake.events import WayInChanged
from .intake.health import complaints
from .intake.mailboxes import MANAGE
from .intake.supervising import EVERY, Supervisor
from .leaving import models as _leaving_tables  # noqa: F401 - its tables belong to the metadata of `Base`
from .leaving.departments import mail_of
from .leaving.history import with_history
from .leaving.keys import sign
from .leaving.servers import Servers
from .models import Base
from .outgoing import with_token
from .privacy import LOOKING, forget_old, forget_person, forget_redacted, mails_of
from .receiving import Gateway
from .rules import models as _rule_tables  # noqa: F401 - its tables belong to the metadata of `Base`
from .settings import EmailSettings
from .texts import texts


class EmailPlugin(Plugin):
    """Tickets by mail."""

    id = "email"
    title = _l("Email")
    summary = _l("Turns mail into tickets, and finds the ticket that an answer belongs to.")
    settings = EmailSettings
    models = Base.metadata
    events = (WayInChanged, MailHandled, MailPolicyChanged)

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare the gateway."""
        super().__init__(desk)
        self.gateway = Gateway(desk)
        self.supervisor = Supervisor(desk, self.gateway)
        self.doors = Doors(desk, self.gateway)
        self.servers = Servers(desk)
        self.waiting = Waiting(desk)

    def close(self) -> None:
        """Stop fetching."""
        self.supervisor.close()

    @hookimpl(outgoing_mail)
    def outgoing_mail(self, draft: OutgoingDraft, event: Event | None) -> OutgoingDraft:
        """Give mails of tickets their token."""
        with self.desk.read() as session:
            draft = without_suppressed(self.desk, session, draft)
            own = mail_of(session, draft.department_id)
            draft = with_history(self.desk, session, draft, own.history if own else "none")
        place = (own.reply_token if own else "") or self.config["reply_token"]
        return with_token(self.desk, self.gateway.tokens, draft, event, reply_address=place == "address")

    @hookimpl(mail_transport)
    def mail_transport(self, mail: OutgoingMail) -> Transport | None:
        """Send by the server of the mail's department, if it has one."""
        return self.servers.of(mail)

    @hookimpl(mail_bytes)
    def mail_bytes(self, envelope: Envelope, mail: OutgoingMail) -> Envelope:
        """Sign with the key of the sender's domain, if there is one."""
        return sign(self.desk, envelope, mail)

    @hookimpl(mail_failed)
    def mail_failed(self, event: MailFailed) -> None:
        """Send nothing more to addresses that the mail server says are not there."""
        suppress_refused(self.desk, event)

    @hookimpl(permissions)
    def permissions(self) -> Sequence[Permission]:
        """Let roles hold the right to decide about received mail."""
        return [permission()]

    @hookimpl(desk_routes)
    def desk_routes(self) -> Sequence[Route]:
        """Show received mails, and let people decide about them."""
        return desk_pages(self.gateway)

    @hookimpl(desk_links)
    def desk_links(self, actor: Actor) -> Sequence[Link]:
        """Lead to the received mails, with how many wait."""
        return self.waiting.link(actor)

    @hookimpl(message_parts)
    def message_parts(self, messages: Sequence[Message], ticket: Ticket, actor: Actor) -> Mapping[int, Panel]:
        """Say which messages did not arrive."""
        return marks_under_messages(self.desk, messages, ticket, actor)

    @hookimpl(ticket_actions)
    def ticket_actions(self, ticket: Ticket, actor: Actor) -> Sequence[TicketAction]:
        """Offer to move a mail that landed on the wrong ticket."""
        return rethread_action(ticket, actor)

    @hookimpl(scheduled_jobs)
    def scheduled_jobs(self) -> Sequence[Job]:
        """Fetch mailboxes, finish what a crash has left behind, try servers that are down, and forget old mails."""
        return [
            Job("fetch", EVERY, lambda _desk: _fetch(self.supervisor)),
            Job("process-stored", timedelta(minutes=1), lambda _desk: _finish(self.gateway)),
            Job("try-servers", timedelta(minutes=1), lambda _desk: self.servers.try_those_down()),
            Job("tell-of-health", timedelta(minutes=1), tell_changes),
            Job("forget-old", timedelta(hours=1), lambda _desk: self._forget_old()),
        ]

    @hookimpl(api_routes)
    def api_routes(self) -> Sequence[ApiRoute]:
        """Let providers hand mail over, and programs see where nothing is sent."""
        return [*inbound_routes(self.doors), *suppressed_routes()]

    @hookimpl(admin_routes)
    def admin_routes(self) -> Sequence[Route]:
        """Show the ways in, and let admins change them."""
        from .intake.pages import Pages

        return [*Pages(self.desk).routes(), *admin_pages(self.desk, self.gateway)]

    @hookimpl(admin_links)
    def admin_links(self, actor: Actor) -> Sequence[Link]:
        """Lead to the ways in."""
        if not actor.may(MANAGE):
            return []
        return [
            Link(label=texts.gettext("Ways in for mail"), href="/admin/x/email/", icon="inbox"),
            Link(label=texts.gettext("Ways out for mail"), href="/admin/x/email/out", icon="send", order=101),
            Link(label=texts.gettext("Rules for mail"), href="/admin/x/email/rules", icon="funnel", order=102),
        ]

    @hookimpl(health)
    def health(self) -> Sequence[str]:
        """Say which mailboxes cannot be fetched, and which mails wait too long."""
        return complaints(self.desk)

    @hookimpl(message_redacting)
    def message_redacting(
        self, tx: Transaction, message: Message, tickets: Collection[int], repeats: Callable[[str], bool]
    ) -> None:
        """Forget the mail that brought the message, those that quote it, and the history that tells of it."""
        seconds = LOOKING * self.desk.hooks.limits.deadline(message_redacting)
        forget_redacted(tx, self.gateway.archive, tickets, message, repeats, seconds)

    @hookimpl(personal_data)
    def personal_data(self, user: User) -> Sequence[PersonalData]:
        """Hand out the mails that came from the person."""
        return mails_of(self.desk, self.gateway.archive, user)

    @hookimpl(erase_personal_data)
    def erase_personal_data(self, tx: Transaction, user: User) -> None:
        """Forget the mails that came from the person."""
        forget_person(tx, self.gateway.archive, user)
        forget_addresses(tx, [each.address for each in user.emails])

    @hookimpl(cli_commands)
    def cli_commands(self) -> Sequence[click.Command]:
        """Add `helpdesk email …`."""
        from .commands import commands
        from .intake.commands import commands as ways_in

        return [*commands(self.gateway), *ways_in(self.desk, self.gateway, self.supervisor)]

    def _forget_old(self) -> None:
        forget_old(self.desk, self.gateway.archive, self.config["keep_days"])

    @classmethod
    def unopened_commands(cls, error: Exception) -> Sequence[click.Command]:
        """Have mail servers keep their mail while the helpdesk cannot be opened, and explain mails all the same."""
        from .commands import unopened

        return unopened(error)


def _finish(gateway: Gateway) -> None:
    gateway.process_left_behind()


def _fetch(supervisor: Supervisor) -> None:
    supervisor.tick()
