"""Mail that says another mail could not be delivered: RFC 3464 reports, and what systems send in their place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .bounce_text import addresses_in_original, failed_in_text, report_text, split_report
from .bounce_words import CHALLENGE, DAEMON, DAEMON_NAME, FAILURE, REASONS, SUBJECT
from .charsets import decode_text
from .model import Attachment, Mail
from .sentences import lazy

_REPLY = re.compile(
    r"^\s*(?:re|aw|antw|sv|vs|ref|rif|res|odp|fw|fwd|wg|tr|rv|отв|ответ|回复|答复|返信)\s*(?:\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)
_REPORT_TYPES = re.compile(r"^message/(?:x?delivery-status|global-delivery-status)$")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,128}@[\w.-]{1,255}")
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_SMTP_CODE = re.compile(r"\b[45]\d\d[ -]")
_OWN_LINE = re.compile(r"^[ \t>*-]*[<\"']?[\w.+=-]{1,128}@[\w.-]{1,255}[>\"']?:?[ \t]*$", re.MULTILINE)
_SCRIPT = re.compile(
    r"cdo\b|php|perl|python|java|script|sendmail|mime::|swaks|gateway|server|daemon|notif", re.IGNORECASE
)
_RECIPIENT_FIELD = re.compile(rb"^(?:final-recipient|original-recipient|action)\s*:", re.IGNORECASE | re.MULTILINE)
_MAX_RECIPIENTS = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient a mail did not reach: `status` as in RFC 3463 ("5.1.1"), empty when the report gives none."""

    address: str
    action: str = "failed"
    status: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report. `permanent` is False when the system still tries, or trying later may help."""

    reason: str
    failures: tuple[Failure, ...] = ()
    permanent: bool = True
    complaint: bool = False

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses that were not reached."""
        return tuple(failure.address for failure in self.failures)


@dataclass(frozen=True, slots=True)
class _Signs:
    """What the headers alone say: a daemon as sender, no envelope sender, a bounce's subject, recipients by name."""

    daemon: bool
    null_path: bool
    subject: bool
    named: bool

    @property
    def any(self) -> bool:
        return self.daemon or self.null_path or self.subject or self.named


def find_bounce(mail: Mail) -> Bounce | None:
    """What a delivery report says; None when the mail is none. Replies and forwarded reports are none."""
    notice = _complaint(mail) or _notification(mail)
    if notice is not None:
        return notice
    reports = [part for part in mail.attachments if _REPORT_TYPES.match(part.content_type)]
    signs = _signs(mail)
    if not reports and not signs.any and mail.report_type != "delivery-status":
        return None
    text = report_text(mail)
    if not _is_bounce(mail, reports, text, signs):
        return None
    failures = [failure for part in reports for failure in _read_report(part.content)]
    if not failures and "inal-Recipient" in text:
        failures = _read_report(text.encode("utf-8", "replace"))
    diagnostic = " ".join(failure.diagnostic for failure in failures)
    if CHALLENGE.search(diagnostic or text[:3000]):
        return None
    if not failures:
        failures = _from_text(mail, text)
    reason, soft = _reason(mail.subject, text, failures)
    permanent = not soft and not any(
        failure.action == "delayed" or failure.status.startswith("4") for failure in failures
    )
    return Bounce(reason, tuple(failures[:_MAX_RECIPIENTS]), permanent)


def is_challenge(mail: Mail) -> bool:
    """Whether a mail asks its sender to prove to be a person before it is delivered."""
    return CHALLENGE.search(mail.text[:4000]) is not None or any(
        CHALLENGE.search(decode_text(part.content[:4000]))
        for part in mail.attachments
        if _REPORT_TYPES.match(part.content_type)
    )


def _signs(mail: Mail) -> _Signs:
    sender = mail.from_.address if mail.from_ else ""
    name = mail.from_.name if mail.from_ else ""
    path = mail.return_path
    return _Signs(
        daemon=bool(DAEMON.match(sender + "@") or DAEMON_NAME.search(name)) or (not sender and path == ""),
        null_path=path is not None and (path == "" or DAEMON.match(path + "@") is not None),
        subject=SUBJECT.search(mail.subject) is not None,
        named=mail.header("x-failed-recipients") is not None,
    )


def _is_bounce(mail: Mail, reports: list[Attachment], text: str, signs: _Signs) -> bool:
    is_reply = _REPLY.match(mail.subject) is not None
    if any(_RECIPIENT_FIELD.search(part.content) for part in reports):
        if mail.content_type == "multipart/report":
            return True
        return signs.daemon or signs.null_path or (signs.subject and not is_reply)
    if is_reply and not signs.daemon:
        return False
    if signs.named or (mail.report_type == "delivery-status" and signs.any):
        return True
    phrase = FAILURE.search(text[:6000]) is not None
    if signs.daemon or signs.null_path:
        score = 3 * signs.daemon + 2 * signs.null_path + 2 * signs.subject + 2 * phrase + _has_evidence(mail, text)
        return score >= (5 if phrase else 6)
    return signs.subject and phrase and _has_evidence(mail, text) and not _looks_personal(mail)


def _has_evidence(mail: Mail, text: str) -> bool:
    """Whether a mail looks like a machine's report: the mail returned, an address on its own line, an SMTP code."""
    if any(part.content_type in {"message/rfc822", "text/rfc822-headers"} for part in mail.attachments):
        return True
    if split_report(mail)[1]:
        return True
    return _OWN_LINE.search(text) is not None or _SMTP_CODE.search(text) is not None


def _looks_personal(mail: Mail) -> bool:
    """Whether a mail was written with a mail program, or sent as an answer in a conversation."""
    program = mail.header("x-mailer") or mail.header("user-agent") or ""
    if (program and not _SCRIPT.search(program)) or (mail.header("thread-topic") and mail.header("in-reply-to")):
        return mail.header("auto-submitted") is None
    return bool(mail.in_reply_to and mail.references and _REPLY.match(mail.subject))


def _complaint(mail: Mail) -> Bounce | None:
    """A feedback report (RFC 5965): somebody called a mail of ours spam."""
    for part in mail.attachments:
        if part.content_type != "message/feedback-report":
            continue
        fields = {key: decode_text(value).strip() for key, value in _fields(part.content)}
        failures = [
            Failure(_address(value), "complaint")
            for value in (fields.get("original-rcpt-to"),)
            if value and _address(value)
        ]
        return Bounce(
            lazy("complaint: %(kind)s", kind=fields.get("feedback-type", "abuse")[:40]),
            tuple(failures),
            permanent=True,
            complaint=True,
        )
    return None


def _notification(mail: Mail) -> Bounce | None:
    """A bounce or complaint that Amazon SES reports as JSON in a mail."""
    if not mail.text.startswith("{") or '"notificationType"' not in mail.text[:2000]:
        return None
    kind = re.search(r'"notificationType"\s*:\s*"(Bounce|Complaint)"', mail.text)
    if kind is None:
        return None
    reported = re.search(r'"(?:bounced|complained)Recipients"\s*:\s*\[(.{0,20000}?)\]', mail.text, re.DOTALL)
    addresses = re.findall(r'"emailAddress"\s*:\s*"([^"]{3,320})"', reported[1]) if reported else []
    status = _STATUS.search(reported[1]) if reported else None
    failures = tuple(Failure(address, status=status[0] if status else "") for address in addresses[:_MAX_RECIPIENTS])
    reason, _ = _reason("", reported[1] if reported else "", list(failures))
    permanent = '"bounceType":"Transient"' not in mail.text.replace(" ", "")
    return Bounce(reason, failures, permanent, complaint=kind[1] == "Complaint")


def _fields(block: bytes) -> list[tuple[str, bytes]]:
    """The fields of a block of a delivery report, names in lower case."""
    found: list[tuple[str, bytes]] = []
    for line in block.replace(b"\r\n", b"\n").split(b"\n")[:2000]:
        if line[:1] in b" \t" and found and line.strip():
            found[-1] = (found[-1][0], found[-1][1] + b" " + line.strip())
            continue
        name, colon, value = line.partition(b":")
        if colon and name and b" " not in name.strip():
            found.append((name.strip().decode("ascii", "replace").lower(), value.strip()))
    return found


def _read_report(content: bytes) -> list[Failure]:
    """The recipients of a report (RFC 3464, section 2.3); those that were delivered are left out."""
    blocks = re.split(rb"(?:\r?\n)[ \t]*(?:\r?\n)", content)
    found: dict[str, Failure] = {}
    action = status = ""
    for block in blocks[:2000]:
        fields: dict[str, str] = {}
        for key, value in _fields(block):
            fields.setdefault(key, decode_text(value))
        action = fields.get("action", action).split("(")[0].strip().lower()
        status_hit = _STATUS.search(fields.get("status", ""))
        status = status_hit[0] if status_hit else status
        address = ""
        for key in ("original-recipient", "final-recipient", "x-actual-recipient"):
            address = address or _address(fields.get(key, ""))
        if not address:
            continue
        if action not in {"delivered", "relayed", "expanded"}:
            diagnostic = fields.get("diagnostic-code", "") or fields.get("x-display-name", "")
            found.setdefault(address.lower(), Failure(address, action or "failed", status, diagnostic[:500]))
        action = status = ""
    return list(found.values())


def _address(value: str) -> str:
    value = value.partition(";")[2] if ";" in value.split("@")[0] else value
    hit = _ADDRESS.search(value.replace("rfc822:", "").replace("RFC822:", ""))
    return hit[0].strip("'.<>") if hit else ""


def _from_text(mail: Mail, text: str) -> list[Failure]:
    header = mail.header("x-failed-recipients")
    addresses = _ADDRESS.findall(header) if header else failed_in_text(mail, text)
    if not addresses:
        addresses = addresses_in_original(mail)
    status = _STATUS.search(text)
    return [Failure(address, status=status[0] if status else "") for address in dict.fromkeys(addresses)]


def _reason(subject: str, text: str, failures: list[Failure]) -> tuple[str, bool]:
    diagnostic = " ".join(f"{failure.status} {failure.diagnostic}" for failure in failures)
    if any(failure.action == "delayed" for failure in failures):
        return lazy("delayed"), True
    for words in (diagnostic, f"{subject}\n{text[:4000]}"):
        for name, soft, pattern in REASONS:
            if pattern.search(words):
                return name, soft
    return lazy("not delivered"), False
