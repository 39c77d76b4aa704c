"""A customer with a mail program: a mailbox on a real server, and sending through a real one."""

import smtplib
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid

from .servers import Dovecot
from .waiting import until


@dataclass
class Customer:
    """Reads mail from Dovecot and sends it through Postfix, as a mail program does (RFC 5322, 3.6.4)."""

    address: str
    server: Dovecot
    smtp_port: int
    sent: list[str] = field(default_factory=list)
    """Message-IDs of what was sent."""

    def write(self, to: str, subject: str, text: str) -> None:
        """Send a new mail."""
        self._send(self._new(to, subject, text))

    def answer(self, mail: EmailMessage, text: str) -> None:
        """Answer a mail, with all of it quoted below."""
        body = mail.get_body(("plain",))
        assert body is not None
        quoted = "".join(f"> {line}\n" for line in body.get_content().splitlines())
        subject = str(mail["Subject"])
        again = subject if subject.lower().startswith("re:") else f"Re: {subject}"
        to = str(mail["Reply-To"] or mail["From"])
        new = self._new(to, again, f"{text}\n\nOn 2 March 2026 at 09:00, Support wrote:\n{quoted}")
        new["In-Reply-To"] = str(mail["Message-ID"])
        new["References"] = f"{mail['References'] or ''} {mail['Message-ID']}".strip()
        self._send(new)

    def received(self, count: int) -> list[EmailMessage]:
        """Wait until so many mails are there, and return them all, in the order they came."""
        until(lambda: len(self._mails()) >= count, lambda: [str(each["Subject"]) for each in self._mails()])
        mails = self._mails()
        assert len(mails) == count
        return mails

    def _mails(self) -> list[EmailMessage]:
        return [message_from_bytes(each, policy=policy.default) for each in self.server.mails(self.address)]

    def _new(self, to: str, subject: str, text: str) -> EmailMessage:
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = f"Carla Customer <{self.address}>"
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = "Mon, 02 Mar 2026 09:00:00 +0000"
        mail["Message-ID"] = make_msgid(domain="example.net")
        mail.set_content(text)
        return mail

    def _send(self, mail: EmailMessage) -> None:
        self.sent.append(str(mail["Message-ID"]))
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=60) as client:
            client.send_message(mail)
