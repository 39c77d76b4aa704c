"""Mails that the tests build: invented people, `example.*` addresses."""

from collections.abc import Sequence

HEADERS = "From: Anna <anna@example.org>\r\nTo: Support <support@example.com>\r\nSubject: Printer\r\n"


def mail(body: str | bytes, *headers: str, charset: str = "utf-8") -> bytes:
    """A mail with the usual headers, more of them, and a body."""
    content = body.encode(charset) if isinstance(body, str) else body
    return (HEADERS + "".join(f"{line}\r\n" for line in headers)).encode("utf-8", "surrogateescape") + b"\r\n" + content


def multipart(kind: str, parts: Sequence[str], *headers: str) -> bytes:
    """A multipart mail; each part is its headers, an empty line, and its body."""
    body = "".join(f"--limit\r\n{part}\r\n" for part in parts) + "--limit--\r\n"
    return mail(body, f'Content-Type: multipart/{kind}; boundary="limit"', *headers)


def report(
    text: str, status: str, original: str = "To: bob@example.net\r\nSubject: Hi\r\n\r\nHi", **headers: str
) -> bytes:
    """A delivery report as RFC 3464 describes it."""
    named = {"From": "MAILER-DAEMON@mx.example.net", "To": "support@example.com", "Subject": "Undelivered"} | headers
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
    parts = (
        f"Content-Type: text/plain\r\n\r\n{text}",
        f"Content-Type: message/delivery-status\r\n\r\n{status}",
        f"Content-Type: message/rfc822\r\n\r\n{original}",
    )
    body = "".join(f"--limit\r\n{part}\r\n" for part in parts) + "--limit--\r\n"
    kind = 'Content-Type: multipart/report; report-type=delivery-status; boundary="limit"\r\n'
    return (lines + kind + "\r\n" + body).encode()
