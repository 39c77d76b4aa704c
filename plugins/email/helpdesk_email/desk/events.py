"""What people can do to received mails, so that the record of all changes has it."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event

from ..texts import lazy


@dataclass(frozen=True, kw_only=True)
class MailHandled(Event):
    """Somebody has decided about a received mail.

    `what` is `replayed`, `filed`, `opened`, `dropped` or `restored`; `number` is the ticket's, if one is meant.
    """

    type: ClassVar[str] = "email.mail_handled"
    uid: str
    what: str
    number: str = ""

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        said = {
            "replayed": lazy("processed a received mail again"),
            "filed": lazy("put a received mail on a ticket"),
            "opened": lazy("opened a ticket from a received mail"),
            "dropped": lazy("dropped a received mail"),
        }
        return said.get(self.what) or lazy("took a dropped mail back")


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

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        added, removed = self.what == "added", self.what == "removed"
        if self.kind == "rule":
            if added:
                return lazy("added the rule for mail “%(name)s”", name=self.name)
            if removed:
                return lazy("removed the rule for mail “%(name)s”", name=self.name)
            return lazy("changed the rule for mail “%(name)s”", name=self.name)
        if self.kind == "blocked":
            return lazy("blocked a sender") if added else lazy("let a blocked sender write again")
        if self.kind == "suppressed":
            return lazy("let mails go to an address again that could not be reached")
        if self.kind == "dkim":
            if removed:
                return lazy("removed the key for signing “%(name)s”", name=self.name)
            return lazy("saved the key for signing “%(name)s”", name=self.name)
        return lazy("changed how mails of “%(name)s” leave", name=self.name)
