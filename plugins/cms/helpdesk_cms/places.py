"""Where a rendered part of the helpdesk stands: how its links and forms are addressed there."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from itsdangerous import BadData, URLSafeSerializer

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.errors import Invalid

from .texts import lazy as _l

PARAMETER: Final = "helpdesk"
"""The parameter of a page's address that says which part of the helpdesk it shows."""
MARK: Final = "<!--helpdesk-->"
"""Where a shell puts its own hidden fields in a form."""
FILE_LASTS: Final = 3600
"""Seconds for which a link to a file works."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page of a site (`page` is its address), or a frame (`frame` is its address up to the path)."""

    page: str = ""
    frame: str = ""

    def link(self, path: str) -> str:
        """Return the address that shows another part here."""
        if self.frame:
            return f"{self.frame}&path={quote(path, safe='')}"
        parts = urlsplit(self.page)
        query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != PARAMETER]
        return urlunsplit((*parts[:3], urlencode([*query, (PARAMETER, path)], quote_via=quote, safe=""), ""))

    @property
    def mark(self) -> str:
        """What forms hold besides their fields."""
        return "" if self.frame else MARK


def page_of(text: str) -> Place:
    """Return the place of a site's page; `Invalid` for what is no address of a page."""
    fits = len(text) <= 2000 and text.isprintable() and re.match(r"https?://[^/\\]|/(?![/\\])", text)
    if not fits or '"' in text or "<" in text or not _is_address(text):
        raise Invalid({"page": [_l("Send “page”: the address of the page that shows the answer.")]})
    return Place(page=text)


def _is_address(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:  # such as https://[x
        return False
    return True


def file_token(desk: Helpdesk, user_id: int, uid: str) -> str:
    """Return what lets a person have a file for an hour without signing in."""
    return _serializer(desk).dumps([round(desk.now().timestamp()) + FILE_LASTS, user_id, uid])


def read_file_token(desk: Helpdesk, token: str) -> tuple[int, str] | None:
    """Return the account and the file, or None for what is over or never was one."""
    try:
        until, user_id, uid = _serializer(desk).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    return (user_id, uid) if desk.now().timestamp() < until else None


def _serializer(desk: Helpdesk) -> URLSafeSerializer:
    return URLSafeSerializer(desk.secret, salt="helpdesk.cms.file")
