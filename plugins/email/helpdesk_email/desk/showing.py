"""A received mail as a page shows it: read again from its bytes, without the secrets it carries."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk_core.api.errors import NotFound

from ..archive import Archive
from ..models import Received
from ..reading import Attachment, Mail, clean_html, read_mail
from ..sentences import lazy_of, words_of
from ..texts import texts

_ = texts.gettext
_SIGNATURE = re.compile(rb"(ticket\.[a-z0-9][a-z0-9._-]{0,31}\.[rmns][a-z2-7]{0,16}\.)[a-z2-7]{16}", re.IGNORECASE)
LONGEST_SOURCE = 512 * 1024
LONGEST_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class Step:
    """One decision about a mail: what was asked, what came of it, and why."""

    title: str
    result: str
    why: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page tells of a mail; `mail` is None if its bytes are gone, `missing` says so.

    `defects` says what was wrong with it.
    """

    steps: Sequence[Step]
    mail: Mail | None = None
    missing: str = ""
    defects: Sequence[str] = ()


def bytes_of(archive: Archive, row: Received) -> bytes:
    """Return the mail with the signatures of our tokens crossed out: whoever holds one may answer as its owner."""
    if row.forgotten_at is not None:
        raise NotFound(_("This mail was forgotten; only what was decided about it is left."))
    return _SIGNATURE.sub(lambda found: found[1] + b"x" * 16, archive.get(row.sha256))


def show(archive: Archive, row: Received) -> Shown:
    """Return what there is to show."""
    steps = [_step(each) for each in row.decisions]
    try:
        mail = read_mail(bytes_of(archive, row))
    except NotFound as error:
        return Shown(steps, missing=words_of(error))
    return Shown(steps, mail, defects=[lazy_of(each) for each in mail.defects])


def source_of(archive: Archive, row: Received) -> tuple[str, bool]:
    """Return the mail as text, and whether it was cut because it is long."""
    raw = bytes_of(archive, row)
    return raw[:LONGEST_SOURCE].decode("utf-8", "replace"), len(raw) > LONGEST_SOURCE


def html_of(archive: Archive, row: Received) -> str:
    """Return the mail's HTML, safe to show; its pictures are left out."""
    mail = read_mail(bytes_of(archive, row))
    if mail.html is None:
        raise NotFound(_("The mail has no HTML."))
    return clean_html(mail.html)


def file_of(archive: Archive, row: Received, index: int) -> Attachment:
    """Return a file of the mail by its place, counted from 0."""
    files = read_mail(bytes_of(archive, row)).attachments
    if not 0 <= index < len(files):
        raise NotFound(_("The mail has no such file."))
    return files[index]


def state_words() -> dict[str, tuple[str, str]]:
    """Return the states: words, and the kind of their pill."""
    return {
        "quarantined": (_("Quarantine"), "warning"),
        "stored": (_("To be processed"), "info"),
        "done": (_("Done"), "success"),
        "dropped": (_("Dropped"), ""),
    }


def _step(decision: dict[str, str]) -> Step:
    titles = {
        "decode": _("Decoded"),
        "identity": _("Sender"),
        "loop?": _("A loop?"),
        "blocked?": _("Blocked?"),
        "automatic?": _("Automatic?"),
        "match": _("Which ticket"),
        "route": _("Which department"),
        "spam?": _("Spam?"),
        "rules": _("Rules"),
        "strip": _("Quotes"),
        "hint": _("Hint"),
        "undelivered": _("Undelivered"),
        "create": _("Result"),
        "by hand": _("By hand"),
    }
    name = decision.get("step", "")
    return Step(titles.get(name, name), decision.get("result", ""), decision.get("why", ""))
