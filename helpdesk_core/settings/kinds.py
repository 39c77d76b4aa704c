"""Kinds of fields, and checks, that only the core's own sections need."""

import re
import string
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from marshmallow import ValidationError, fields
from marshmallow.validate import Email
from sqlalchemy.engine import make_url

from helpdesk_core.db.engine import database_url
from helpdesk_core.errors import ConfigError
from helpdesk_core.settings.fields import Sensitive, Words
from helpdesk_core.settings.fields import gettext_noop as _l

IMAGES = (".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp")
"""Endings of the image files that a logo may have."""


class DatabaseUrl(Sensitive):
    """A database address; passwords in it are masked."""

    default_error_messages = {"invalid": _l("Not a valid database address.")}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            if isinstance(value, str):
                database_url(value)
                return value
        except (ConfigError, ValueError):
            pass  # their messages repeat the address, and with it the password
        raise self.make_error("invalid")

    def mask(self, value: Any) -> str:
        """Return the address without its passwords."""
        url = make_url(str(value))
        passwords = [key for key in url.query if "pass" in key.lower()]
        return url.update_query_dict(dict.fromkeys(passwords, "hidden")).render_as_string(hide_password=True)


class WebAddress(fields.String):
    """Where a site is reached: scheme, host, perhaps port and path; loads without a slash at the end."""

    default_error_messages = {"address": _l("Not a valid web address.")}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).strip().rstrip("/")
        try:
            parts = urlsplit(text)
            _ = parts.port  # raises ValueError when it is no number
        except ValueError:
            raise self.make_error("address") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s?#@\\\"<>]", text):
            raise self.make_error("address")
        return text


class FileEndings(Words):
    """Endings of file names, loaded in small letters and without the dot."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        words = super()._deserialize(value, attr, data, **kwargs)
        return tuple(dict.fromkeys(word.removeprefix(".").lower() for word in words))


def is_timezone(value: str) -> None:
    """Refuse what is no time zone of this machine."""
    try:
        ZoneInfo(value)
    except (ValueError, KeyError, OSError):  # a path, an unknown name, a folder such as "Europe"
        raise ValidationError(_l("Not a known time zone.")) from None


def is_ticket_number(value: str) -> None:
    """Refuse forms that would give two tickets one number, or a number that does not fit into a web address."""
    try:
        parts = list(string.Formatter().parse(value))
    except ValueError:
        parts = []
    names = [name for _, name, _, _ in parts if name is not None]
    sound = all(
        re.fullmatch(r"[A-Za-z0-9._-]*", literal)
        and name in (None, "id", "year")
        and not conversion
        and re.fullmatch(r"(0[1-9]d?)?", spec or "")
        for literal, name, spec, conversion in parts
    )
    if not sound or names.count("id") != 1 or names.count("year") > 1 or len(value) > 40:
        raise ValidationError(_l("Not a valid form of ticket numbers."))


def is_inside_instance(value: str) -> None:
    """Refuse paths that lead out of the instance folder: an admin of the pages need not be one of the machine."""
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value or "\0" in value:
        raise ValidationError(_l("Not a path inside the instance folder."))


def is_image(value: str) -> None:
    """Refuse files that are no images: what is named here is served to everybody."""
    is_inside_instance(value)
    if value and not value.lower().endswith(IMAGES):
        raise ValidationError(_l("Not an image that browsers show."))


def is_sender(value: str) -> None:
    """Refuse what is neither empty nor a mail address."""
    if value:
        Email()(value)
