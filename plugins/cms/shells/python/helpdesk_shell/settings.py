"""What a site must know to talk to the helpdesk."""

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LEAST_SECRET = 32
"""Characters; the helpdesk makes longer ones."""


@dataclass(frozen=True)
class Settings:
    """The address of the helpdesk, and the key and the secret that it made for this site.

    `timeout` is how many seconds a visitor's page may wait. The secret is worth as much as the accounts of all
    customers: keep it in the server's configuration.
    """

    url: str
    site: str
    kid: str
    secret: str = field(repr=False)
    timeout: float = 3.0

    def __post_init__(self) -> None:
        """Take the slash off the end of the address: it is also the audience of tokens."""
        object.__setattr__(self, "url", self.url.strip().rstrip("/"))

    def problems(self) -> dict[str, str]:
        """Return what is wrong, a sentence by the name of the field; empty when all is well."""
        found = {}
        parts = _parts(self.url)
        if parts is None:
            found["url"] = "Write the address of the helpdesk, such as https://help.example.com."
        elif parts[0] == "http" and not _is_loopback(parts[1]):
            found["url"] = "Tokens must not travel in the open: write an address that begins with https://."
        for name, what in (("site", "key of this site"), ("kid", "id of the secret")):
            if not getattr(self, name).strip():
                found[name] = f"Enter the {what}; the helpdesk shows it beside the site."
        if len(self.secret) < LEAST_SECRET:
            found["secret"] = f"Enter the whole secret; it has {LEAST_SECRET} characters or more."
        if not 0.1 <= self.timeout <= 30:
            found["timeout"] = "Wait between 0.1 and 30 seconds."
        return found

    def address(self, path: str) -> str:
        """Return the address of something the helpdesk's CMS plugin serves."""
        return f"{self.url}/x/cms/{path}"


def _parts(url: str) -> "tuple[str, str] | None":
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        return None
    return parts.scheme, parts.hostname


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
