"""Requests to addresses that people typed in reach the public internet only, and end."""

import socket
import time
from collections.abc import Callable, Iterator
from threading import Thread

import pytest

from helpdesk_core.outgoing import AddressRefused, NoReply, check_url, networks, send

HERE = ("127.0.0.0/8",)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Mark: a\r\n\r\nok"

Serve = Callable[..., tuple[str, list[bytes]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return what starts a server that answers each connection with the next of the given bytes."""
    listening: list[socket.socket] = []

    def start(*answers: bytes, slowly: bool = False) -> tuple[str, list[bytes]]:
        server, asked = socket.create_server(("127.0.0.1", 0)), list[bytes]()
        listening.append(server)

        def work() -> None:
            for answer in answers:
                try:
                    taken, _ = server.accept()
                except OSError:
                    return
                with taken:
                    asked.append(_request(taken))
                    try:
                        for piece in [answer[at : at + 1] for at in range(len(answer))] if slowly else [answer]:
                            taken.sendall(piece)
                            if slowly:
                                time.sleep(0.2)
                    except OSError:
                        continue  # who asked has gone

        Thread(target=work, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}", asked

    yield start
    for each in listening:
        each.close()


def _request(taken: socket.socket) -> bytes:
    """Return a whole request, read as far as it says that it goes."""
    with taken.makefile("rb") as stream:
        lines = list(iter(stream.readline, b"\r\n"))
        sizes = [int(line.partition(b":")[2]) for line in lines if line.lower().startswith(b"content-length:")]
        return b"".join(lines) + b"\r\n" + stream.read(sum(sizes))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://localhost:5432/",
        "http://0.0.0.0/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[64:ff9b:1::7f00:1]/",
        "http://[fec0::1]/",
        "http://[::7f00:1]/",
    ],
)
def test_what_is_not_public_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(AddressRefused, match="not on the public internet"):
        send(url)


@pytest.mark.parametrize("url", ["http://93.184.215.14/", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:8443/x"])
def test_what_is_public_is_allowed(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://",
        "http://a:b@example.com/",
        "http://a..b/",
        "//x/y",
        "http://example.com:99999/",
        "http://[::1/",
        "http://" + "a" * 70 + ".example/",
    ],
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(AddressRefused, match="is no address of the form"):
        send(url)


def test_a_reply_is_returned_whatever_its_status(serve: Serve) -> None:
    url, asked = serve(OK, b"HTTP/1.1 500 No\r\n\r\nsorry")
    reply = send(url + "/a b?c=ü", method="POST", body=b"{}", headers={"X-One": "1", "Host": "other"}, allowed=HERE)
    assert (reply.ok, reply.status, reply.headers["x-mark"], reply.body) == (True, 200, "a", b"ok")
    head, _, body = asked[0].partition(b"\r\n\r\n")
    assert body == b"{}"
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /a%20b?c=%C3%BC HTTP/1.1"
    assert [line for line in lines if line.startswith("Host")] == ["Host: " + url.removeprefix("http://")]
    assert "X-One: 1" in lines
    assert (send(url, allowed=HERE).status, asked[1].split()[0]) == (500, b"GET")


def test_a_redirect_is_returned_or_followed_and_checked(serve: Serve) -> None:
    there, asked = serve(OK)
    moved = f"HTTP/1.1 302 Found\r\nLocation: {there}/new\r\nContent-Length: 0\r\n\r\n".encode()
    inside = b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    here, _ = serve(moved, moved, inside)
    assert send(here, allowed=HERE).status == 302
    secret = {"Authorization": "Bearer secret", "X-Kept": "1"}
    reply = send(here, method="POST", body=b"x", headers=secret, allowed=HERE, redirects=3)
    assert (reply.status, reply.url) == (200, there + "/new")
    assert asked[0].startswith(b"GET /new ")
    assert b"X-Kept: 1" in asked[0]
    assert b"secret" not in asked[0]
    with pytest.raises(AddressRefused):
        send(here, allowed=HERE, redirects=3)


def test_a_redirect_in_a_circle_ends(serve: Serve) -> None:
    loop = b"HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"
    url, asked = serve(*[loop] * 5)
    assert send(url, allowed=HERE, redirects=3).status == 307
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "did not answer"),
        (b"no http\r\n\r\n", "did not answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "broke off"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, "more than 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500, "did not answer"),
    ],
)
def test_a_broken_answer_is_told(serve: Serve, answer: bytes, says: str) -> None:
    url, _ = serve(answer)
    with pytest.raises(NoReply, match=says):
        send(url, allowed=HERE, max_bytes=1000)


def test_who_sends_a_byte_now_and_then_is_not_waited_for(serve: Serve) -> None:
    url, _ = serve(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 500, slowly=True)
    begun = time.monotonic()
    with pytest.raises(NoReply, match="timed out"):
        send(url, allowed=HERE, timeout=1.0)
    assert time.monotonic() - begun < 60  # all of it would take 100 seconds


def test_nobody_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NoReply, match="did not answer"):
        send(f"http://127.0.0.1:{port}/", allowed=HERE)


def test_the_connection_goes_to_the_address_that_was_checked(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    url, asked = serve(OK)
    port = int(url.rpartition(":")[2])
    answers = iter([[(2, 1, 6, "", ("127.0.0.1", port))]])  # a second question would find nothing
    asking = socket.getaddrinfo

    def resolve(host: str, *args: object, **options: object) -> object:
        return next(answers) if host == "rebound.example" else asking(host, *args, **options)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert send(f"http://rebound.example:{port}/", allowed=HERE).ok
    assert f"Host: rebound.example:{port}".encode() in asked[0]


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.300"):
        networks(["10.0.0.0/8", "10.0.0.300"])
