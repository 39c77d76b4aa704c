"""Mail addresses and the names of people, in the one form in which they are kept and compared."""

import unicodedata
from typing import Final

from helpdesk_core.errors import Invalid
from helpdesk_core.texts import lazy as _l

MAX_ADDRESS: Final = 254
MAX_LOCAL: Final = 64
MAX_NAME: Final = 255
_FORBIDDEN: Final = frozenset('"(),:;<>@[\\]')


def normalise(address: str) -> str:
    """Return the address as it is kept: lower case, NFC, the domain in ASCII (`xn--…`); `Invalid` when it is none.

    Lower-casing the part before the @ departs from RFC 5321, which lets a server tell `Anna` from `anna`; none that
    people use does. The domain is ASCII because that is what DNS and mail headers carry; `readable` turns it back for
    people.
    """
    text = unicodedata.normalize("NFC", address).strip().lower()
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise _invalid(address, _l("It needs one @ with something on both sides."))
    if len(local) > MAX_LOCAL or any(char in _FORBIDDEN or not _is_visible(char) for char in local):
        raise _invalid(address, _l("The part before the @ has characters that do not belong there, or too many."))
    normalised = f"{local}@{_ascii_domain(address, domain)}"
    if len(normalised) > MAX_ADDRESS:
        raise _invalid(address, _l("It is longer than %(max_address)s characters.", max_address=MAX_ADDRESS))
    return normalised


def normalise_domain(domain: str) -> str:
    """Return a mail domain as addresses have it: lower case, ASCII, without a leading @; `Invalid` if it is none."""
    text = unicodedata.normalize("NFC", domain).strip().lower().removeprefix("@")
    if "." not in text:
        raise Invalid(
            {"domain": [_l("“%(value)s” is not a mail domain. Write it like example.com.", value=domain.strip())]}
        )
    return _ascii_domain(domain, text, field="domain")


def domain_of(address: str) -> str:
    """Return the domain of a normalised address."""
    return address.rpartition("@")[2]


def readable(address: str) -> str:
    """Return a normalised address (or domain) with its domain in its own script, as people write it."""
    local, at, domain = address.rpartition("@")
    return local + at + ".".join(_readable_label(label) for label in domain.split("."))


def clean_name(name: str) -> str:
    """Return a person's name as one NFC line without control, direction and other invisible characters.

    `Invalid` when it is too long; an empty name is returned as it is, for the caller to judge.
    """
    text = unicodedata.normalize("NFC", name)
    kept = "".join(char if _is_visible(char) or char in "\u200c\u200d" else " " * char.isspace() for char in text)
    cleaned = " ".join(kept.split())
    if len(cleaned) > MAX_NAME:
        raise Invalid(
            {
                "name": [
                    _l(
                        "The name has %(count)s characters; %(max_name)s are allowed. Shorten it.",
                        count=len(cleaned),
                        max_name=MAX_NAME,
                    )
                ]
            }
        )
    return cleaned


def name_from_address(address: str) -> str:
    """Return what to call somebody of whom only the address is known: the part before the @."""
    return address.rpartition("@")[0]


def _ascii_domain(given: str, domain: str, field: str = "address") -> str:
    labels = unicodedata.normalize("NFKC", domain).replace("\u3002", ".").lower().split(".")
    encoded = [_ascii_label(label) for label in labels]
    whole = ".".join(label for label in encoded if label)
    if None in encoded or "" in encoded or len(whole) > 253 or labels[-1].isdigit():
        problem = _l("“%(value)s” is not a mail domain.", value=_shown(domain))
        raise (
            _invalid(given, problem)
            if field == "address"
            else Invalid({field: [_l("%(problem)s Write it like example.com.", problem=problem)]})
        )
    return whole


def _ascii_label(label: str) -> str | None:
    """Return the label as DNS has it, or None when it is no host name.

    This is IDNA 2008 without its tables: `ß` stays itself, which Python's own codec (IDNA 2003) would turn into `ss`,
    another domain.
    """
    if not label or label.startswith("-") or label.endswith("-"):
        return None
    if not all(char in "-_" or char.isalnum() or unicodedata.category(char) in ("Mn", "Mc") for char in label):
        return None
    encoded = label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
    return encoded if len(encoded) <= 63 else None


def _readable_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        decoded = label.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    return decoded if _ascii_label(decoded) == label else label


def _is_visible(char: str) -> bool:
    return unicodedata.category(char)[0] not in "CZ"


def _shown(text: str) -> str:
    shown = "".join(char for char in text.strip() if char.isprintable())
    return shown if len(shown) <= 80 else shown[:77] + "…"


def _invalid(address: str, reason: str) -> Invalid:
    if not address.strip():
        return Invalid({"address": [_l("Write an e-mail address.")]})
    return Invalid(
        {"address": [_l("“%(value)s” is not an e-mail address. %(reason)s", value=_shown(address), reason=reason)]}
    )
