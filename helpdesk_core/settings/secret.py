"""The site's secret key: it signs links and sessions, and seals stored secrets."""

import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from helpdesk_core.errors import ConfigError

FILE_NAME = "secret.key"
VARIABLE = "HELPDESK_SECRET_KEY"
SHORTEST = 32

log = logging.getLogger(__name__)


def create_secret(instance: Path) -> Path:
    """Write a new random key to `secret.key`, readable by its owner only; ConfigError if there is one already."""
    path = instance / FILE_NAME
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(
            f"{path} is there already and is kept: with another key, sessions, links and stored secrets become void"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror or error}); check the instance folder") from None
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_urlsafe(48).encode("ascii") + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def load_secret(instance: Path, env: Mapping[str, str]) -> bytes:
    """Return the key, from HELPDESK_SECRET_KEY or else from `secret.key`; at least 32 bytes.

    ConfigError if there is none, or it is too short. A file that others can read is used, with a warning in the log.
    """
    path = instance / FILE_NAME
    if VARIABLE in env:
        key, place = env[VARIABLE].strip().encode("utf-8", "surrogateescape"), f"environment variable {VARIABLE}"
    else:
        place = str(path)
        try:
            key = path.read_bytes().strip()
        except FileNotFoundError:
            raise ConfigError(
                f"there is no secret key: {path} is missing; make the instance with helpdesk init, bring the file back "
                f"from a backup, or set {VARIABLE}"
            ) from None
        except OSError as error:
            raise ConfigError(
                f"{path} cannot be read ({error.strerror or error}); it must belong to the user that runs the helpdesk"
            ) from None
        if warning := exposed(instance):
            log.warning("%s", warning)
    if len(key) < SHORTEST:
        raise ConfigError(
            f"{place}: the secret key is too short; it needs {SHORTEST} characters or more, such as python3 -c "
            '"import secrets; print(secrets.token_urlsafe(48))" prints'
        )
    return key


def exposed(instance: Path) -> str | None:
    """Return a warning if others on the machine can read or change `secret.key`, for `helpdesk check`; else None."""
    path = instance / FILE_NAME
    if path.exists() and path.stat().st_mode & 0o077:
        return f"{path} is open to others on this machine; run: chmod 600 {path}"
    return None
