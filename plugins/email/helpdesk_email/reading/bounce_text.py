"""Failed recipients in reports that follow no standard: found by where and how an address is written."""

from __future__ import annotations

import re

from .addresses import find_addresses, parse_addresses
from .bounce_words import DAEMON, starts_returned
from .model import Mail
from .parts import split_headers

_A = r"([\w.!#$%&'*+/=?^`{|}~-]{1,128}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,10})"
# From the surest to the weakest way of naming the address that failed.
_PATTERNS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        rf"^[ \t]*(?:original(?: recipient)? address|recipient(?: address)?|intended recipient"
        rf"|failed recipient|error-for|undeliverable address|addressee|to address|target mail address"
        rf"|e-?mail address|адресат|получатель|empfänger(?:adresse)?|destinatario|destinataire|収件者|宛先"
        rf"|送信先(?:メールアドレス)?)\s*:\s*[<\[\"' ]*(?:smtp:|rfc822;)?\s*{_A}",
        rf"(?:originally addressed to|was addressed to|addressed to|addressed to email address :\s*--)\s*[<\"']?{_A}",
        rf"(?:user|mailbox|account|address|recipient|userid|host|attempts|user mailbox exceeds allowed size"
        rf"|undeliverable +to|failed to deliver to|not reach the following recipient|regarding recipient\(s\)"
        rf"|recipients?\(?s?\)?)(?: ?: *| +|[ \"'(]*<|[ ]*[\"'(])[<\"'(]*{_A}[>\"')]*\s*(?:$|\.?$|is |was "
        rf"|has |could|not )",
        rf"^[ \t>*-]*<{_A}>[ \t]*:",
        rf"^[ \t>*-]*[<\[\"']?(?:smtp:)?{_A}[>\]\"']?[ \t]*(?:<{_A}>)?[ \t]*[:;,.]?[ \t]*(?:\(.*)?$",
        rf"^[ \t>*-]*<?{_A}>?[ \t]*(?:[:;-]|\[|on \w{{3}},|reason|has |is |was |does |doesn't |invalid |unknown )",
        rf"(?:smtp[=:]|rcpt to: ?<)\s*{_A}",
        rf"(?:message|mail|delivery|deliver) (?:\w+ )?(?:to|for) [<\"']?{_A}",
        rf"\b[45]\d\d[ -][^\n]{{0,60}}?<{_A}>",
        rf"^[ \t]*to:[ \t]*[<\"']?{_A}",
    )
)
_EXPANDED = re.compile(rf"\(expanded from: *<?{_A}>?\)", re.IGNORECASE)
_CONTACT = re.compile(
    r"assist|contact|support|help|question|forward this|report this|abuse|message-id|received|sender|\bfrom\b",
    re.IGNORECASE,
)
_TEXT_LIMIT = 20_000


def report_text(mail: Mail) -> str:
    """The part of a report that the mail system wrote: the text up to the returned mail."""
    return split_report(mail)[0]


def split_report(mail: Mail) -> tuple[str, str]:
    """A report's own text, and the returned mail when it stands in the same text (else empty)."""
    text = mail.text[:_TEXT_LIMIT]
    position = 0
    begun = False
    for line in text.split("\n"):
        if begun and starts_returned(line):
            return text[:position], text[position:]
        begun = begun or bool(line.strip())
        position += len(line) + 1
    return text, ""


def failed_in_text(mail: Mail, text: str) -> list[str]:
    """The addresses a report names as not reached, in order of appearance."""
    others = _not_recipients(mail)
    # Who mails himself is the sender and the recipient that failed: look again without leaving anybody out.
    return _by_pattern(text, others) or _mentioned(text, others) or _by_pattern(text, set())


def _mentioned(text: str, others: set[str]) -> list[str]:
    """Any address in the report, except those the reader is told to turn to."""
    sentences = re.split(r"\n\s*\n|(?<=[.!?])\s", text)
    found: dict[str, str] = {}
    for sentence in sentences:
        if _CONTACT.search(sentence):
            continue
        for address in find_addresses(sentence):
            if address.lower() not in others and not DAEMON.match(address):
                found.setdefault(address.lower(), address)
    return list(found.values())


def _by_pattern(text: str, others: set[str]) -> list[str]:
    for pattern in _PATTERNS:
        found: dict[str, str] = {}
        for hit in pattern.finditer(text):
            for address in hit.groups():
                if address and address.lower() not in others and not DAEMON.match(address):
                    found.setdefault(address.lower().rstrip("."), address.rstrip("."))
        if found:
            for address in _EXPANDED.findall(text):
                found.setdefault(address.lower(), address)
            return list(found.values())
    return []


def addresses_in_original(mail: Mail) -> list[str]:
    """The recipients of the returned mail, for reports that name nobody."""
    headers: list[tuple[str, bytes]] = []
    for part in mail.attachments:
        if part.content_type in {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"}:
            headers, _ = split_headers(part.content[:200_000])
            break
    if not headers:
        rest = split_report(mail)[1]
        hit = re.search(r"(?im)^(?:return-path|received|from|to|date|subject|message-id): ", rest)
        headers, _ = split_headers(rest[hit.start() :].encode("utf-8", "replace")) if hit else ([], b"")
    for name in ("x-original-to", "to"):
        for key, value in headers:
            if key == name and (found := [address.address for address in parse_addresses(value)]):
                return found
    named = find_addresses(mail.subject)
    return [address for address in named if not DAEMON.match(address)][:1]


def _not_recipients(mail: Mail) -> set[str]:
    """Addresses that stand in a report without having failed: who reports, and whom the report is for."""
    known = {address.address.lower() for address in (*mail.to, *mail.cc, *mail.reply_to)}
    if mail.from_ is not None:
        known.add(mail.from_.address.lower())
    known.update(address.lower() for address in mail.envelope_to)
    return known
