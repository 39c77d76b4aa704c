"""Scenes: a customer's ticket that an agent has answered."""

from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from helpdesk_core.api import Actor
from helpdesk_core.api.tickets import Message, NewMessage, Ticket, close, reply
from helpdesk_core.testing.plugins import PluginSite


@dataclass(frozen=True)
class Scene:
    """A customer's ticket in the department support, answered once by an agent."""

    site: PluginSite
    customer: Actor
    agent: Actor
    ticket: Ticket
    answer: Message

    @property
    def number(self) -> str:
        """The ticket's number."""
        return self.ticket.number or ""

    def close(self) -> None:
        """Close the ticket, and let the worker hear of it."""
        close(self.site.desk, self.agent, self.number)
        self.site.work()


def another(site: PluginSite, customer: Actor, agent: Actor, **fields: Any) -> Scene:
    """Make a further scene in the same helpdesk."""
    ticket = site.world.ticket(customer, **fields).ticket
    posted = reply(site.desk, agent, ticket.number or "", NewMessage(text="Switch it off and on."))
    return Scene(site, customer, agent, posted.ticket, posted.message)


def mails(site: PluginSite, subject: str, to: str = "") -> list[EmailMessage]:
    """Return the mails that have left with these words in the subject, to that address if one is given."""
    sent = site.mail.to(to) if to else site.mail.sent
    read = [BytesParser(EmailMessage, policy=policy.default).parsebytes(each.content) for each in sent]
    return [each for each in read if subject in str(each["Subject"])]


def body(mail: EmailMessage, kind: str = "plain") -> str:
    """Return what a mail says, as `plain` text or as `html`."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())
