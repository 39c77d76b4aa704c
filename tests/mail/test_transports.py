import ssl
import subprocess
from email import message_from_bytes
from pathlib import Path

import pytest

from helpdesk_core.mail.smtp import SmtpTransport
from helpdesk_core.mail.transport import (
    Envelope,
    FolderTransport,
    MailRefused,
    MemoryTransport,
    NullTransport,
    Receipt,
    Refusal,
    Transport,
    TransportDown,
)
from tests.mail.servers import Post, free_port, smtp_server

MAIL = Envelope(
    uid="uid1",
    sender="support@example.com",
    recipients=("carla@example.net", "cc@example.net"),
    content=b"Subject: x\r\n\r\n.leading dot\r\nFrom me\r\n",
)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-out", str(paths[0]), "-keyout", str(paths[1])),
        ],
        check=True,
        capture_output=True,
    )
    return paths


def send(transport: Transport, mail: Envelope = MAIL) -> Receipt:
    with transport.connect() as connection:
        return connection.send(mail)


def test_a_mail_arrives_as_it_is_at_everybody_on_the_envelope() -> None:
    post = Post()
    with smtp_server(post) as port:
        receipt = send(SmtpTransport("127.0.0.1", port))
    assert receipt == Receipt(("carla@example.net", "cc@example.net"))
    assert post.arrived == [("support@example.com", ["carla@example.net", "cc@example.net"], MAIL.content)]


def test_several_mails_travel_on_one_connection() -> None:
    post = Post()
    with smtp_server(post) as port, SmtpTransport("127.0.0.1", port).connect() as connection:
        for _ in range(3):
            connection.send(MAIL)
    assert (len(post.arrived), post.connections) == (3, 1)


@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_the_connection_is_encrypted_with_a_server_that_proves_its_name(
    mode: str, certificate: tuple[Path, Path]
) -> None:
    post = Post()
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with smtp_server(post, tls=certificate, mode=mode) as port:
        send(SmtpTransport("localhost", port, security=mode, context=trusting))
        with pytest.raises(TransportDown, match="certificate"):
            send(SmtpTransport("localhost", port, security=mode))
    assert len(post.arrived) == 1


def test_a_server_that_offers_no_encryption_gets_no_mail_when_it_is_demanded() -> None:
    post = Post()
    with smtp_server(post) as port, pytest.raises(TransportDown, match="STARTTLS"):
        send(SmtpTransport("127.0.0.1", port, security="starttls"))
    assert post.arrived == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_signing_in_works_and_a_wrong_password_names_the_mend() -> None:
    post = Post()
    with smtp_server(post, mode="login") as port:
        send(SmtpTransport("127.0.0.1", port, username="u", password="p"))
        with pytest.raises(TransportDown, match=r"535.*username and password"):
            send(SmtpTransport("127.0.0.1", port, username="u", password="wrong"))
    assert len(post.arrived) == 1


def test_refused_recipients_are_told_apart_from_the_others() -> None:
    post = Post(refuse_recipients={"cc@example.net": "550 5.1.1 No such user"})
    with smtp_server(post) as port:
        receipt = send(SmtpTransport("127.0.0.1", port))
    assert receipt.accepted == ("carla@example.net",)
    assert receipt.refused == {"cc@example.net": Refusal("550 5.1.1 No such user", permanent=True)}
    assert post.arrived[0][1] == ["carla@example.net"]


def test_when_all_recipients_are_refused_each_has_its_reason() -> None:
    post = Post(refuse_recipients={"cc@example.net": "451 Greylisted", "carla@example.net": "550 Gone"})
    with smtp_server(post) as port:
        receipt = send(SmtpTransport("127.0.0.1", port))
    assert receipt.accepted == ()
    assert {address: refusal.permanent for address, refusal in receipt.refused.items()} == {
        "cc@example.net": False,
        "carla@example.net": True,
    }


@pytest.mark.parametrize(
    ("post", "permanent"),
    [
        (Post(refuse_data=["554 5.7.1 Looks like spam"]), True),
        (Post(refuse_data=["451 4.3.0 Try later"]), False),
        (Post(refuse_sender="550 5.7.1 Not your domain"), True),
        (Post(refuse_sender="452 4.3.1 Disk full"), False),
    ],
)
def test_a_refusal_of_the_whole_mail_says_whether_it_is_for_ever(post: Post, permanent: bool) -> None:
    with smtp_server(post) as port, pytest.raises(MailRefused) as refused:
        send(SmtpTransport("127.0.0.1", port))
    assert refused.value.permanent is permanent
    assert str(refused.value)[:3].isdigit()


def test_after_a_refusal_the_next_mail_goes_out_on_the_same_connection() -> None:
    post = Post(refuse_data=["554 no"])
    with smtp_server(post) as port, SmtpTransport("127.0.0.1", port).connect() as connection:
        with pytest.raises(MailRefused):
            connection.send(MAIL)
        connection.send(MAIL)
    assert (len(post.arrived), post.connections) == (1, 1)


def test_a_connection_that_drops_after_the_mail_was_sent_is_a_failure_that_may_pass() -> None:
    post = Post(hang_up_after_data=1)
    with smtp_server(post) as port, pytest.raises(TransportDown):
        send(SmtpTransport("127.0.0.1", port))
    assert len(post.arrived) == 1


def test_a_server_that_cannot_be_reached_is_named() -> None:
    port = free_port()
    with pytest.raises(TransportDown, match=rf"127\.0\.0\.1:{port}.*refused.*\[mail\] host"):
        send(SmtpTransport("127.0.0.1", port, timeout=2))


def test_an_address_beyond_ascii_goes_to_a_server_that_understands_it() -> None:
    post = Post()
    mail = Envelope("uid", "support@example.com", ("анна@example.com",), "To: анна@example.com\r\n\r\n".encode(), True)
    with smtp_server(post) as port:
        send(SmtpTransport("127.0.0.1", port), mail)
    assert post.arrived[0][1] == ["анна@example.com"]


def test_a_folder_gets_one_whole_file_for_each_mail(tmp_path: Path) -> None:
    folder = tmp_path / "instance" / "mail"
    transport = FolderTransport(folder)
    assert send(transport) == send(transport) == Receipt(MAIL.recipients)
    (file,) = folder.iterdir()
    assert file.name == "uid1.eml"
    assert message_from_bytes(file.read_bytes())["Subject"] == "x"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TransportDown, match=r"\[mail\] folder"):
        send(FolderTransport(tmp_path / "file" / "mail"))


def test_memory_keeps_mails_and_nothing_forgets_them() -> None:
    memory = MemoryTransport()
    send(memory)
    assert list(memory.to("cc@example.net")) == [MAIL]
    assert send(NullTransport()) == Receipt((), dropped=True)
