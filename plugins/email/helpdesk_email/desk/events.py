"""What people can do to received mails, so that the record of all changes has it."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event


@dataclass(frozen=True, kw_only=True)
class MailHandled(Event):
    """Somebody has decided about a received mail.

    `what` is `replayed`, `filed`, `opened`, `dropped` or `restored`; `number` is the ticket's, if one is meant.
    """

    type: ClassVar[str] = "email.mail_handled"
    uid: str
    what: str
    number: str = ""


@dataclass(frozen=True, kw_only=True)
class MailPolicyChanged(Event):
    """Somebody has changed what becomes of mail.

    `kind` is `rule`, `blocked`, `suppressed`, `department` (its way out) or `dkim` (a key for signing), `what` is
    `added`, `changed`, `moved` or `removed`, `name` that of the rule, the department or the key. Addresses stay out, so
    that erasing a person leaves none behind.
    """

    type: ClassVar[str] = "email.mail_policy_changed"
    kind: str
    what: str
    name: str = ""
