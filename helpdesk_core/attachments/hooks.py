"""Where plugins take part in keeping files."""

from collections.abc import Sequence

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.attachments.storage import Storage
from helpdesk_core.hooks import hookspec


@hookspec.pick(since="0.1")
def attachment_storage() -> Storage | None:
    """Return another place for the bytes of attachments (an object store); asked once, at start-up."""


@hookspec.veto(since="0.1", fail_closed=True)
def attachment_check(upload: Upload, actor: Actor) -> Sequence[str]:
    """Say why a file must not be taken in (a virus scanner, a policy); nothing means go.

    An error in the hook refuses the file: what could not be checked is not kept.
    """
