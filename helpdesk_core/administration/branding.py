"""A site's own logo: checked, kept in the instance folder, and put in force."""

import hashlib
import re
from typing import Final

from helpdesk_core.actor import Actor
from helpdesk_core.administration.service import save_settings
from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.permissions import require

FOLDER: Final = "brand"
"""The folder of uploaded logos inside the instance folder."""
LARGEST: Final = 500_000
"""Bytes; each visitor loads it."""
_BEGIN: Final = {
    ".png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    ".jpg": re.compile(rb"\xff\xd8\xff"),
    ".gif": re.compile(rb"GIF8[79]a"),
    ".webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_SVG: Final = re.compile(rb"\A(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<svg[\s>]", re.DOTALL)
_ACTIVE: Final = re.compile(
    rb"<\s*(\w+:)?(script|foreignobject|iframe|animate|set|handler|image|use|style)\b|\son\w+\s*=|javascript:|<!entity|<!doctype"
    rb"|&#|href\s*=\s*[\"'](?!#)",
    re.IGNORECASE,
)
"""What a drawing may do besides being one; a logo needs none of it."""


def save_logo(desk: Helpdesk, actor: Actor, content: bytes) -> str:
    """Keep an image and make it the site's logo; return its path. Needs `settings.manage`; `Invalid` for no image."""
    require(actor, "settings.manage")
    ending = _kind(content)
    name = f"{FOLDER}/logo-{hashlib.sha256(content).hexdigest()[:12]}{ending}"
    target = desk.config.instance / name
    target.parent.mkdir(exist_ok=True)
    beside = target.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(target)
    save_settings(desk, actor, "core.theme", {"logo": name})
    return name


def _kind(content: bytes) -> str:
    """Return the ending for an image, by what is in it and not by what it is called."""
    if not content:
        raise Invalid({"file": [_l("Choose a file first.")]})
    if len(content) > LARGEST:
        raise Invalid(
            {"file": [_l("This file is too large for a logo. The limit is %(most)s kB.", most=LARGEST // 1000)]}
        )
    for ending, begin in _BEGIN.items():
        if begin.match(content):
            return ending
    if not _SVG.match(content):
        raise Invalid({"file": [_l("This is no image that browsers show. Choose a PNG, WebP, JPEG, GIF or SVG file.")]})
    if _ACTIVE.search(content):
        sentence = _l(
            "This drawing holds scripts, styles or links, which a logo does not need. Export it as plain SVG."
        )
        raise Invalid({"file": [sentence]})
    return ".svg"
