"""Pictures that lie on other servers: fetched by this site for whoever asked to see them, and kept for a while."""

import hashlib
import os
import re
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final
from urllib.parse import quote

from helpdesk_core.errors import HelpdeskError, NotFound, Unavailable
from helpdesk_core.outgoing import send
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l

KEPT_FOR: Final = timedelta(days=30)
FAILED_FOR: Final = timedelta(minutes=10)
"""How long a picture that could not be loaded is not asked for again."""
MAX_BYTES: Final = 5_000_000
TIMEOUT: Final = 8.0
"""Seconds for each request; a redirect is a request of its own."""
REDIRECTS: Final = 3
PATIENCE: Final = 4.0
"""Seconds that one waits while others load pictures."""
AT_ONCE: Final = BoundedSemaphore(4)
"""Of this process: servers that answer slowly must not hold all its threads."""
HEADERS: Final = {"Accept": "image/png,image/jpeg,image/gif,image/webp", "User-Agent": "Mozilla/5.0"}
"""The same for everybody; nothing in them tells who asks, or that it is a helpdesk."""
_KINDS: Final = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}


def kind_of(content: bytes) -> str | None:
    """Return the type of a picture by its first bytes; None for anything else, SVG included."""
    return next((kind for kind, beginning in _KINDS.items() if beginning.match(content)), None)


def fetch_picture(desk: Helpdesk, address: str) -> tuple[bytes, str]:
    """Return a picture and its type, from the folder `pictures` of the instance if it was fetched before.

    Only from the public internet (`helpdesk_core.outgoing`), without cookies and referrer. `NotFound` if there is none
    or it is no picture, which is remembered for ten minutes; `Unavailable` while too many are being loaded.
    """
    path = _path(desk, address)
    content = _kept(path, desk.now())
    if content is None:
        if not AT_ONCE.acquire(timeout=PATIENCE):
            raise Unavailable(_l("Many pictures are being loaded just now. Try again in a moment."))
        try:
            content = _load(address)
        finally:
            AT_ONCE.release()
        _keep(path, content, desk.now())
    kind = kind_of(content)
    if kind is None:
        raise NotFound(_l("The picture cannot be loaded from where it lies."))
    return content, kind


def forget_pictures(desk: Helpdesk) -> None:
    """Remove what was fetched more than thirty days ago; for a daily job."""
    before = (desk.now() - KEPT_FOR).timestamp()
    for path in (desk.config.instance / "pictures").glob("*/*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def _load(address: str) -> bytes:
    """Return the picture; nothing if there is none, it is too large, or not allowed to be asked for."""
    try:
        reply = send(
            quote(address, safe="%/:=&?~#+!$,;'@()*[]"),
            headers=HEADERS,
            timeout=TIMEOUT,
            max_bytes=MAX_BYTES,
            redirects=REDIRECTS,
        )
    except HelpdeskError:
        return b""
    return reply.body if reply.ok and kind_of(reply.body) is not None else b""


def _kept(path: Path, now: datetime) -> bytes | None:
    try:
        age = now.timestamp() - path.stat().st_mtime
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return content if age < (KEPT_FOR if content else FAILED_FOR).total_seconds() else None


def _keep(path: Path, content: bytes, now: datetime) -> None:
    """Keep what was loaded, or that nothing was; a crash leaves no half picture under its name."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    temporary.write_bytes(content)
    os.utime(temporary, (now.timestamp(), now.timestamp()))
    temporary.replace(path)


def _path(desk: Helpdesk, address: str) -> Path:
    name = hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()
    return desk.config.instance / "pictures" / name[:2] / name
