"""Handing mail to a server by SMTP (RFC 5321)."""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from helpdesk_core.mail.transport import Connection, Envelope, MailRefused, Receipt, Refusal, Transport, TransportDown

PERMANENT = range(500, 600)


class SmtpTransport(Transport):
    """Sends through one server. `security` is `none`, `starttls` or `tls`; `timeout` is in seconds for each step.

    `mend` is a sentence that says where to set it right.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        security: str = "none",
        username: str = "",
        password: str = "",
        timeout: float = 30.0,
        context: ssl.SSLContext | None = None,
        local_hostname: str | None = None,
        mend: str = "",
        falls_back: bool = False,
    ) -> None:
        self._host = host
        self._port = port
        self._security = security
        self._username = username
        self._password = password
        self._timeout = timeout
        self._context = context
        self._local_hostname = local_hostname
        self._mend = mend or MEND
        self.falls_back = falls_back

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Connect, encrypt and sign in."""
        client = self._open()
        try:
            yield _Session(client)
        finally:
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
            client.close()

    def _open(self) -> smtplib.SMTP:
        where = f"{self._host}:{self._port}"
        client: smtplib.SMTP | None = None
        try:
            if self._security == "tls":
                client = smtplib.SMTP_SSL(
                    self._host, self._port, self._local_hostname, timeout=self._timeout, context=self._tls()
                )
            else:
                client = smtplib.SMTP(self._host, self._port, self._local_hostname, timeout=self._timeout)
                if self._security == "starttls":
                    client.starttls(context=self._tls())
            if self._username:
                client.login(self._username, self._password)
        except (smtplib.SMTPException, OSError) as error:
            if client is not None:
                client.close()
            raise TransportDown(
                f"The mail server {where} does not take our mail: {_words(error)}. {self._mend}"
            ) from error
        return client

    def _tls(self) -> ssl.SSLContext:
        return self._context or ssl.create_default_context()


MEND = "Check [mail] host, port, security, username and password."


class _Session(Connection):
    def __init__(self, client: smtplib.SMTP) -> None:
        self._client = client

    def send(self, envelope: Envelope) -> Receipt:
        options = ["SMTPUTF8", "BODY=8BITMIME"] if envelope.smtputf8 else []
        if envelope.smtputf8 and not self._understands("smtputf8"):
            raise MailRefused("The mail server knows no addresses with letters beyond ASCII.", permanent=True)
        try:
            refused = self._client.sendmail(envelope.sender, envelope.recipients, envelope.content, options)
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except smtplib.SMTPResponseException as error:
            if error.smtp_code == 421 or error.smtp_code < 0:  # it says goodbye, or talked no SMTP
                raise TransportDown(f"The mail server ended the connection: {_words(error)}") from error
            raise MailRefused(_words(error), permanent=error.smtp_code in PERMANENT) from error
        except (smtplib.SMTPException, OSError) as error:
            raise TransportDown(f"The connection to the mail server broke: {_words(error)}") from error
        if any(code == 421 for code, _ in refused.values()):
            raise TransportDown("The mail server ended the connection, because it is too busy or shuts down.")
        return Receipt(tuple(address for address in envelope.recipients if address not in refused), _refusals(refused))

    def _understands(self, extension: str) -> bool:
        try:
            self._client.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError) as error:
            raise TransportDown(f"The connection to the mail server broke: {_words(error)}") from error
        return self._client.has_extn(extension)


def _refusals(refused: Mapping[str, tuple[int, bytes]]) -> dict[str, Refusal]:
    return {
        address: Refusal(f"{code} {_text(message)}", permanent=code in PERMANENT)
        for address, (code, message) in refused.items()
    }


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, socket.gaierror):
        return "there is no host of that name"
    return str(error) or type(error).__name__


def _text(message: bytes | str) -> str:
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    return " ".join(text.split())
