import pytest

from helpdesk_email.reading import find_automatic, find_bounce, read_mail

from .mails import mail, report

FAILED = "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"
DAEMON = "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\r\nTo: support@example.com\r\n"


def test_a_standard_report_names_recipient_status_and_reason() -> None:
    bounce = find_bounce(read_mail(report("It failed.", FAILED + "Diagnostic-Code: smtp; 550 user unknown\r\n")))
    assert bounce is not None
    assert (bounce.recipients, bounce.reason, bounce.permanent) == (("bob@example.net",), "unknown user", True)
    assert (bounce.failures[0].status, bounce.failures[0].action) == ("5.1.1", "failed")


def test_a_delay_is_a_bounce_that_is_not_permanent() -> None:
    status = FAILED.replace("failed", "delayed").replace("5.1.1", "4.4.1")
    bounce = find_bounce(read_mail(report("Still trying.", status)))
    assert bounce is not None
    assert (bounce.reason, bounce.permanent) == ("delayed", False)


def test_recipients_that_were_reached_are_not_among_the_failed() -> None:
    reached = "\r\nFinal-Recipient: rfc822; ann@example.net\r\nAction: delivered\r\nStatus: 2.0.0\r\n"
    bounce = find_bounce(read_mail(report("Partly.", FAILED + reached)))
    assert bounce is not None
    assert bounce.recipients == ("bob@example.net",)


REPORTS = {
    "failure notice": """
Hi. This is the qmail-send program.
I wasn't able to deliver your message.

<bob@example.net>:
no mailbox

--- Below this line is a copy of the message.

To: other@example.net
""",
    "Mail delivery failed: returning message to sender": """
A message that you sent could not be delivered.
The following address(es) failed:

  bob@example.net
    550 unknown user

------ This is a copy of the message ------

To: other@example.net
""",
    "Returned mail: User unknown": """
   ----- The following addresses had permanent fatal errors -----
<bob@example.net>

   ----- Original message follows -----

To: other@example.net
""",
    "Undeliverable Mail": """
Unknown user: bob@example.net

Original message follows.

To: other@example.net
""",
    "Delivery failure": """
Your message was not delivered to:
  bob@example.net
because:
  not listed in Directory
""",
    "Недоставленное сообщение": """
К сожалению, письмо не может быть доставлено.

bob@example.net
user not found
""",
    "Unzustellbar": """
Ihre Nachricht konnte nicht zugestellt werden an:

bob@example.net

""",
    "Échec de remise": """
Votre message n'a pas pu être remis à:

bob@example.net

""",
    "配信エラー": """
以下の宛先に配信できませんでした。

bob@example.net

""",
}


@pytest.mark.parametrize(("subject", "text"), REPORTS.items(), ids=REPORTS)
def test_reports_without_a_standard_are_recognised(subject: str, text: str) -> None:
    raw = f"{DAEMON}Subject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()
    bounce = find_bounce(read_mail(raw))
    assert bounce is not None
    assert bounce.recipients == ("bob@example.net",)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: Undelivered Mail Returned to Sender", "I got this back:\n\n> <bob@example.net>: user unknown"),
        ("Undelivered mail", "Hello, my mail could not be delivered to my colleague. Can you help?"),
        ("Mailbox full", "My mailbox is full, what can I do?\n\nAnna"),
        ("Printer", "The job could not be delivered to the printer: error 550."),
        ("Fwd: failure notice", "See below.\n\nI wasn't able to deliver your message\n<bob@example.net>:"),
        ("Delivery of my parcel has failed", "The parcel 5512 was returned to sender.\n\nCall me: anna@example.org"),
    ],
)
def test_people_who_write_about_bounces_are_not_bounces(subject: str, text: str) -> None:
    raw = f"From: Anna <anna@example.org>\r\nSubject: {subject}\r\nX-Mailer: Mail\r\n\r\n{text}".encode()
    assert find_bounce(read_mail(raw)) is None


def test_a_bounce_enclosed_in_a_persons_mail_is_no_bounce() -> None:
    inner = report("It failed.", FAILED).decode()
    raw = mail(
        f"--outer\r\n\r\nWhat is this?\r\n--outer\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--outer--\r\n",
        'Content-Type: multipart/mixed; boundary="outer"',
    )
    assert find_bounce(read_mail(raw)) is None


def test_a_complaint_is_told_apart() -> None:
    raw = mail(
        "--x\r\n\r\nAbuse report\r\n--x\r\nContent-Type: message/feedback-report\r\n\r\n"
        "Feedback-Type: abuse\r\nOriginal-Rcpt-To: <bob@example.net>\r\n--x--\r\n",
        'Content-Type: multipart/report; report-type=feedback-report; boundary="x"',
    )
    bounce = find_bounce(read_mail(raw))
    assert bounce is not None
    assert (bounce.complaint, bounce.recipients, bounce.reason) == (True, ("bob@example.net",), "complaint: abuse")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Auto-Submitted: auto-replied", "reply"),
        ("Auto-Submitted: auto-generated (failure)", "generated"),
        ("X-Autoreply: yes", "reply"),
        ("Precedence: auto_reply", "reply"),
        ("Precedence: bulk", "bulk"),
        ("Return-Path: <>", "generated"),
    ],
)
def test_headers_of_automatic_mail_are_seen(header: str, kind: str) -> None:
    automatic = find_automatic(read_mail(mail("I am away.", header)))
    assert automatic is not None
    assert automatic.kind == kind
    assert automatic.reason.endswith(".")


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Printer",
        "Out of Office: Printer",
        "Abwesenheitsnotiz: Drucker",
        "Automatische Antwort: Drucker",
        "Réponse automatique : Imprimante",
        "Respuesta automática: Impresora",
        "Risposta automatica: Stampante",
        "Автоответ: Принтер",
        "Автоматический ответ: Принтер",
        "Автоматична відповідь: Принтер",
        "Odpowiedź automatyczna: Drukarka",
        "Resposta automática: Impressora",
        "Automatisch antwoord: Printer",
        "Automatická odpověď: Tiskárna",
        "Automatski odgovor: Pisač",
        "自动回复: 打印机",
        "自動応答: プリンタ",
        "Re: Out of office",
    ],
)
def test_subjects_of_automatic_replies_are_known_in_many_languages(subject: str) -> None:
    raw = f"From: anna@example.org\r\nSubject: {subject}\r\n\r\nI am away.".encode()
    assert find_automatic(read_mail(raw)) is not None


@pytest.mark.parametrize(
    "headers",
    [
        ("Auto-Submitted: no",),
        ("Precedence: list", "List-Id: <users.example.org>"),
        ("Precedence: bulk", "List-Id: <users.example.org>"),
        ("X-Autoreply: no",),
        ("Return-Path: <anna@example.org>",),
        ("X-Auto-Response-Suppress: All",),
    ],
)
def test_mail_of_people_is_not_automatic(headers: tuple[str, ...]) -> None:
    assert find_automatic(read_mail(mail("Hello", *headers))) is None


@pytest.mark.parametrize("subject", ["Automatic doors are broken", "My vacation photos", "Officer on duty", "Printer"])
def test_ordinary_subjects_are_not_automatic(subject: str) -> None:
    automatic = find_automatic(read_mail(f"From: a@example.org\r\nSubject: {subject}\r\n\r\nHi".encode()))
    assert automatic is None
