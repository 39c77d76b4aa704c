"""Passwords: what is a good one, how it is kept, and how it is compared without telling who exists."""

import base64
import unicodedata
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 1000
_HASH_BYTES: Final = 32
_SALT_BYTES: Final = 16


def hash_password(desk: Helpdesk, password: str) -> str:
    """Return the Argon2id hash under which the password is kept."""
    return _hasher(desk).hash(_prepared(password))


def password_fits(desk: Helpdesk, password: str, password_hash: str | None) -> bool:
    """Tell whether the password is the one behind the hash; takes as long without a hash as with one."""
    hasher = _hasher(desk)
    try:
        hasher.verify(password_hash or _nobodys_hash(hasher), _prepared(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_new_hash(desk: Helpdesk, password_hash: str) -> bool:
    """Tell whether the hash was made at another cost than passwords have now."""
    return _hasher(desk).check_needs_rehash(password_hash)


def check_password(password: str, *known: str) -> str:
    """Return the password if it is good enough to be set; `known` are name and addresses, which it must not be.

    Length is all that is asked (OWASP ASVS 2.1): no rules on kinds of characters, which make passwords worse.
    """
    length = len(password)
    if length < MIN_LENGTH:
        raise _poor(
            _l(
                "The password has %(length)s characters; use %(min_length)s or more. A few words in a row are good.",
                length=length,
                min_length=MIN_LENGTH,
            )
        )
    if length > MAX_LENGTH:
        raise _poor(
            _l(
                "The password has %(length)s characters; use %(max_length)s or fewer.",
                length=length,
                max_length=MAX_LENGTH,
            )
        )
    if len(set(password)) < 4:
        raise _poor(_l("The password repeats the same few characters. Use a few words instead."))
    if password.casefold() in {each.casefold() for each in known}:
        raise _poor(_l("The password is your name or address, which everybody knows. Use a few other words."))
    return password


def _hasher(desk: Helpdesk) -> PasswordHasher:
    return PasswordHasher(
        time_cost=1,
        memory_cost=desk.password_memory_kib,
        parallelism=1,
        hash_len=_HASH_BYTES,
        salt_len=_SALT_BYTES,
        type=Type.ID,
    )


def _nobodys_hash(hasher: PasswordHasher) -> str:
    """Return a well-formed hash of the same cost that no password has."""
    salt, digest = (base64.b64encode(bytes(size)).decode().rstrip("=") for size in (_SALT_BYTES, _HASH_BYTES))
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${digest}"


def _prepared(password: str) -> bytes:
    # The same password typed on another system may come in another normal form.
    return unicodedata.normalize("NFKC", password[: MAX_LENGTH * 2]).encode("utf-8", "surrogatepass")


def _poor(message: str) -> Invalid:
    return Invalid({"password": [message]})
