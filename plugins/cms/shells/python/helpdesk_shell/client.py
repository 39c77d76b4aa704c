"""What a site asks the helpdesk: the contract of `helpdesk-cms`, version 1."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk_shell import http
from helpdesk_shell.settings import Settings
from helpdesk_shell.tokens import Person, make_token

CONTRACT = 1


class Away(Exception):
    """The helpdesk did not answer, or is in trouble itself; asking again later may help."""


class UploadTooSlow(Away):
    """Files were still on their way when the time was up; the helpdesk itself may be well."""


class Refused(Exception):
    """The helpdesk says no; the message is its own sentence, which names the mend."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Upload:
    """A file that somebody sends along: the form's field, the name of the file, its type and its bytes."""

    field: str
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Fragment:
    """A piece of a page. `max_age` are the seconds it may be kept; `go` is a path to go on to after a form."""

    status: int
    title: str
    html: str
    max_age: int = 0
    go: str | None = None


class Client:
    """Asks the helpdesk in the name of one person, or of a visitor; raises `Away` and `Refused`."""

    def __init__(self, settings: Settings, person: Person | None, *, locale: str = "", ip: str = "") -> None:
        self.settings, self.person, self.locale, self.ip = settings, person, locale, ip

    def fragment(self, path: str, page: str) -> Fragment:
        """Return a piece of a page; its links lead to `page`, the address of the page it will stand in."""
        return _fragment(self._send("fragment", {"path": path, "page": page, "method": "GET"}))

    def submit(
        self, path: str, page: str, fields: "Sequence[tuple[str, str]]", uploads: Sequence[Upload] = ()
    ) -> Fragment:
        """Hand on a form that was filled in; nothing is kept of it here."""
        own = [("path", path), ("page", page), ("method", "POST")]
        given = [(name, value) for name, value in fields if name not in ("path", "page", "method")]
        boundary = secrets.token_hex(16)
        body = _multipart(boundary, [*own, *given], uploads)
        return _fragment(self._ask("POST", "fragment", body, f"multipart/form-data; boundary={boundary}"))

    def open_ticket_for_comment(self, comment: "Mapping[str, Any]") -> "tuple[str, str]":
        """Return number and address of the ticket of a comment; the same one however often it is asked for."""
        answer = self._send("comments", comment)
        return str(answer["number"]), str(answer["url"])

    def dashboard(self) -> "dict[str, Any]":
        """Return counts and tickets for somebody who works tickets; `Refused` for everybody else."""
        return self._ask("GET", "dashboard")

    def health(self) -> "dict[str, Any]":
        """Return what the helpdesk says about this site; `Refused` names what does not fit."""
        return self._ask("GET", "health")

    def sign_out(self, sid: str = "") -> None:
        """End the sessions in the helpdesk that this site began for the person, or (`sid`) one session of it."""
        self._ask("POST", "sign-out", sid=sid)

    def _send(self, name: str, told: "Mapping[str, Any]") -> "dict[str, Any]":
        return self._ask("POST", name, json.dumps(told).encode(), "application/json")

    def _ask(
        self, method: str, name: str, body: bytes | None = None, kind: str = "", *, sid: str = ""
    ) -> "dict[str, Any]":
        token = make_token(self.settings, "server", self.person, locale=self.locale, ip=self.ip, sid=sid)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if self.locale:
            headers["Accept-Language"] = self.locale
        if kind:
            headers["Content-Type"] = kind
        try:
            status, content = http.ask(method, self.settings.address(name), headers, body, self.settings.timeout)
        except http.UploadTooSlow as error:
            raise UploadTooSlow(str(error)) from error
        except http.NoAnswer as error:
            raise Away(str(error)) from error
        return _read(status, content)


def _read(status: int, content: bytes) -> "dict[str, Any]":
    if status >= 500:
        raise Away(f"The helpdesk answered with an error of its own (HTTP {status}).")
    try:
        answer = json.loads(content) if content.strip() else {}
    except ValueError:
        answer = None
    if status >= 400:
        told = answer if isinstance(answer, dict) else {}
        sentence = (
            told.get("detail") or told.get("title") or f"The helpdesk answered HTTP {status}; is the address right?"
        )
        raise Refused(str(sentence), status)
    if not isinstance(answer, dict) or status >= 300:
        raise Refused("There is something at this address, but no helpdesk with the plugin “cms”.", status)
    return answer


def _fragment(answer: "Mapping[str, Any]") -> Fragment:
    try:
        go = answer.get("go")
        return Fragment(
            status=int(answer["status"]),
            title=str(answer.get("title") or ""),
            html=str(answer["html"] or ""),
            max_age=max(0, int(answer.get("max_age") or 0)),
            go=None if go is None else str(go),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("The helpdesk answered with something else than a fragment; do the versions fit?", 200) from error


def _multipart(boundary: str, fields: "Sequence[tuple[str, str]]", uploads: Sequence[Upload]) -> bytes:
    """Return fields and files as RFC 7578 has it; names are escaped as browsers do."""
    parts = []
    for name, value in fields:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'
        parts.append(head.encode("utf-8", "replace") + value.encode("utf-8", "replace") + b"\r\n")
    for upload in uploads:
        kind = upload.content_type if upload.content_type.isprintable() and upload.content_type.isascii() else ""
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(upload.field)}"; '
            f'filename="{_quoted(upload.name)}"\r\nContent-Type: {kind or "application/octet-stream"}\r\n\r\n'
        )
        parts.append(head.encode("utf-8", "replace") + upload.content + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def _quoted(text: str) -> str:
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
