"""Which files travel with a mail, and how its HTML shows them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk_core.attachments.models import Attachment

MEGABYTE = 1000 * 1000
MOST_SHOWN = 10 * MEGABYTE
"""So much do the pictures within a text weigh at most together."""
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


def divide(
    attachments: Sequence[Attachment], most_bytes: int, html: str = ""
) -> tuple[list[Attachment], list[Attachment]]:
    """Return the files that travel with a mail, and those that are left out; the first ones go first.

    Pictures that `html` shows go before all others, up to `MOST_SHOWN` together whatever `most_bytes` allows, since a
    link in their place would be a hole in the text.
    """
    shown = [each for each in attachments if _own_image(each).search(html) or f'"cid:{content_id(each)}"' in html]
    with_text = _first_within(shown, max(MOST_SHOWN, most_bytes))
    room = most_bytes - sum(each.size for each in with_text)
    beside = _first_within([each for each in attachments if each not in shown], room)
    fitting = [each for each in attachments if each in with_text or each in beside]
    return fitting, [each for each in attachments if each not in fitting]


def _first_within(attachments: Sequence[Attachment], room: int) -> list[Attachment]:
    found: list[Attachment] = []
    for attachment in attachments:
        if attachment.size <= room:
            found.append(attachment)
            room -= attachment.size
    return found


def with_own_images(html: str, attachments: Sequence[Attachment]) -> str:
    """Return HTML whose images point into the mail instead of to the helpdesk."""
    for attachment in attachments:
        html = _own_image(attachment).sub(rf"\g<1>cid:{content_id(attachment)}", html)
    return html


def _own_image(attachment: Attachment) -> re.Pattern[str]:
    return re.compile(rf'(<img\b[^>]*\bsrc=")/attachments/{re.escape(attachment.uid)}(?:[/?#][^"]*)?(?=")')
