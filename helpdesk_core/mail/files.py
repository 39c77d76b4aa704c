"""Which files travel with a mail, and how its HTML shows them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk_core.attachments.models import Attachment

MEGABYTE = 1000 * 1000
_PLAIN_ID = re.compile(r"[A-Za-z0-9.@+=/$!_-]{1,200}")


def content_id(attachment: Attachment) -> str:
    """Return the id by which HTML may show the file inline, without angle brackets and safe to write into HTML."""
    given = attachment.content_id or ""
    return given if _PLAIN_ID.fullmatch(given) else f"{attachment.uid}@attachment"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that stays on the helpdesk, for the templates of mails: `name` with its size, and where it is found."""

    name: str
    url: str

    def __str__(self) -> str:
        return self.name


def divide(attachments: Sequence[Attachment], most_bytes: int) -> tuple[list[Attachment], list[Attachment]]:
    """Return the files that fit into a mail, and those that are left out; the first ones go first."""
    fitting: list[Attachment] = []
    left_out: list[Attachment] = []
    room = most_bytes
    for attachment in attachments:
        if attachment.size <= room:
            fitting.append(attachment)
            room -= attachment.size
        else:
            left_out.append(attachment)
    return fitting, left_out


def with_own_images(html: str, attachments: Sequence[Attachment]) -> str:
    """Return HTML whose images point into the mail instead of to the helpdesk."""
    for attachment in attachments:
        source = rf'(<img\b[^>]*\bsrc=")/attachments/{re.escape(attachment.uid)}(?:[/?#][^"]*)?(?=")'
        html = re.sub(source, rf"\g<1>cid:{content_id(attachment)}", html)
    return html
