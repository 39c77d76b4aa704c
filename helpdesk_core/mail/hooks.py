"""Where plugins take part in what leaves as mail."""

from helpdesk_core.events.base import Event
from helpdesk_core.hooks import hookspec
from helpdesk_core.mail.draft import OutgoingDraft
from helpdesk_core.mail.events import MailFailed, MailSent
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.transport import Envelope, Transport


@hookspec.refine(since="0.1", refines="draft")
def outgoing_mail(draft: OutgoingDraft, event: Event | None) -> OutgoingDraft:
    """Change a mail before it is queued: add headers, set `reply_to`, add to the text, or `draft.drop("reason")`.

    `event` is what the mail tells of; None for a mail that tells of no event. Called by the worker, outside of any
    transaction, and again if composing is interrupted: give the same answer twice.
    """


@hookspec.pick(since="0.1")
def mail_transport(mail: OutgoingMail) -> Transport | None:
    """Return the way out for this mail, for example by its `department_id`, or None to leave it to the next.

    Return the same object for mails that can share a connection. Without an answer the settings in [mail] decide.
    """


@hookspec.refine(since="0.1", refines="envelope")
def mail_bytes(envelope: Envelope, mail: OutgoingMail) -> Envelope:
    """Change the finished bytes right before they are handed over: sign them (DKIM), or encrypt them.

    Called by the worker, outside of any transaction, for each try. Only `content` may differ: the whole mail with CRLF
    line ends. The last plugin sees what the others have made of it, so what signs the header belongs at the end of the
    list. Where a plugin fails, the mail leaves without its change; to keep it from leaving, bring the way out as well
    (`mail_transport`) and raise `MailRefused` there.
    """


@hookspec.after(since="0.1", event=MailSent)
def mail_sent(event: MailSent) -> None:
    """React to a mail that was handed over, after commit, in the worker."""


@hookspec.after(since="0.1", event=MailFailed)
def mail_failed(event: MailFailed) -> None:
    """React to a mail that was given up."""
