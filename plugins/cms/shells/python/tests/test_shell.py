"""Tokens, fragments, what is kept, and answers that come back."""

import base64
import hashlib
import hmac
import json
import socket
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from unittest import mock

import jwt

from helpdesk_shell import (
    AnswerRefused,
    Client,
    MemoryKept,
    Person,
    Refused,
    Settings,
    Shell,
    Upload,
    make_token,
    read_answer,
)

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
MIA = Person(sub="7", name="Mia", email="mia@example.com", email_verified=True, roles=["editors"], data={"plan": "L"})


class Helpdesk:
    """A helpdesk that answers what it is told to."""

    def __init__(self):
        self.asked, self.status, self.answer, self.delay = [], 200, {"status": 200, "title": "T", "html": "<p>1</p>"}, 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append((self.path, dict(self.headers), body))
                time.sleep(outer.delay)
                content = outer.answer if isinstance(outer.answer, bytes) else json.dumps(outer.answer).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST

            def log_message(self, *args):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Case(unittest.TestCase):
    def setUp(self):
        self.desk = Helpdesk()
        self.addCleanup(self.desk.close)
        self.settings = Settings(self.desk.url + "/", "main", "k1", SECRET, 1.0)
        self.kept = MemoryKept()

    def shell(self, person=MIA, **given):
        return Shell(self.settings, self.kept, person, **given)


class Tokens(Case):
    def test_a_token_says_what_the_contract_wants(self):
        token = make_token(self.settings, "server", MIA, ip="192.0.2.1")
        self.assertEqual(jwt.get_unverified_header(token), {"alg": "HS256", "kid": "k1", "typ": "JWT"})
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience=self.desk.url)
        self.assertLessEqual(claims["exp"] - claims["iat"], 300)
        self.assertGreaterEqual(len(claims["jti"]), 16)
        said = {name: claims[name] for name in ("iss", "use", "sub", "email", "email_verified", "roles", "data", "ip")}
        self.assertEqual(
            said,
            {
                "iss": "main",
                "use": "server",
                "sub": "7",
                "email": "mia@example.com",
                "email_verified": True,
                "roles": ["editors"],
                "data": {"plan": "L"},
                "ip": "192.0.2.1",
            },
        )
        self.assertNotEqual(token, make_token(self.settings, "server", MIA, ip="192.0.2.1"))

    def test_a_visitor_has_no_id_and_signs_in_nowhere(self):
        claims = jwt.decode(make_token(self.settings, "frame", None), options={"verify_signature": False})
        self.assertNotIn("sub", claims)
        with self.assertRaises(ValueError):
            make_token(self.settings, "sign-in", None)

    def test_data_is_cut_to_what_is_allowed(self):
        data = Person(sub="1", data={f"{number:03}" + "n" * 80: "x" * 500 for number in range(30)}).claims()["data"]
        self.assertEqual(
            (len(data), {len(each) for each in data}, {len(each) for each in data.values()}), (20, {64}, {200})
        )

    def test_an_empty_list_of_roles_is_said(self):
        self.assertEqual(Person(sub="1").claims()["roles"], [])


class SettingsAreChecked(unittest.TestCase):
    def problems(self, **changes):
        given = {"url": "https://help.example.com", "site": "main", "kid": "k", "secret": SECRET, **changes}
        return set(Settings(**given).problems())

    def test_what_is_wrong_is_named(self):
        self.assertEqual(self.problems(), set())
        self.assertEqual(self.problems(url="http://localhost:8000"), set())
        for url in (
            "",
            "help.example.com",
            "http://help.example.com",
            "https://a:b@c.example",
            "https://[x",
            "ftp://x",
        ):
            self.assertEqual(self.problems(url=url), {"url"}, url)
        self.assertEqual(
            self.problems(site=" ", kid="", secret="short", timeout=0), {"site", "kid", "secret", "timeout"}
        )

    def test_the_secret_is_not_printed(self):
        self.assertNotIn(SECRET, repr(Settings("https://help.example.com", "main", "k", SECRET)))


class Fragments(Case):
    def test_it_is_kept_for_as_long_as_it_may_be_and_for_one_person(self):
        self.desk.answer["max_age"] = 60
        for _ in range(3):
            self.assertEqual(self.shell().show("tickets", "http://site/").fragment.html, "<p>1</p>")
        self.assertEqual(len(self.desk.asked), 1)
        self.shell(Person(sub="8")).show("tickets", "http://site/")
        self.shell().show("new", "http://site/")
        self.assertEqual(len(self.desk.asked), 3)
        for _ in range(2):
            self.shell(None).show("new", "http://site/")
        self.assertEqual(len(self.desk.asked), 5, "nothing is kept for visitors who cannot be told apart")

    def test_a_form_that_was_sent_makes_it_forget(self):
        self.desk.answer["max_age"] = 60
        self.shell().show("tickets", "http://site/")
        self.desk.answer = {"status": 200, "html": "", "go": "tickets/1"}
        self.assertEqual(self.shell().submit("new", "http://site/", [("subject", "A")]).fragment.go, "tickets/1")
        self.desk.answer = {"status": 200, "html": "<p>2</p>"}
        self.assertEqual(self.shell().show("tickets", "http://site/").fragment.html, "<p>2</p>")

    def test_a_form_goes_on_with_its_files_and_cannot_say_where_to(self):
        file = Upload("files", 'a "b"\r\n.txt', "text/plain\r\nX: y", b"\x00\xff")
        self.shell().submit("new", "http://site/", [("subject", "Ä"), ("path", "evil"), ("method", "GET")], [file])
        path, headers, body = self.desk.asked[0]
        self.assertEqual(path, "/x/cms/fragment")
        self.assertTrue(headers["Content-Type"].startswith("multipart/form-data; boundary="))
        self.assertNotIn(b"evil", body)
        self.assertIn("Ä".encode(), body)
        self.assertIn(b'filename="a %22b%22%0D%0A.txt"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\xff', body)

    def test_when_it_does_not_answer_what_is_kept_is_shown_else_a_link(self):
        self.desk.answer["max_age"] = 1
        self.shell().show("tickets", "http://site/")
        self.desk.status = 503
        with mock.patch("helpdesk_shell.shell.time.time", return_value=time.time() + 100):
            shown = self.shell().show("tickets", "http://site/")
        self.assertEqual((shown.stale, shown.fragment.html), (True, "<p>1</p>"))
        shown = self.shell().show("tickets/42", "http://site/")
        self.assertEqual((shown.fragment, shown.url), (None, f"{self.desk.url}/tickets/42"))

    def test_after_three_failures_it_is_left_alone_and_one_success_mends_it(self):
        self.desk.status = 500
        for _ in range(6):
            self.assertIsNone(self.shell().show("new", "http://site/").fragment)
        self.assertEqual(len(self.desk.asked), 3)
        self.assertTrue(self.shell().in_doubt)
        self.desk.status = 200
        later = time.monotonic() + 31
        with mock.patch("helpdesk_shell.kept.time.monotonic", return_value=later):
            self.assertIsNotNone(self.shell().show("new", "http://site/").fragment)
            self.assertFalse(self.shell().in_doubt)

    def test_one_that_hangs_costs_no_more_than_the_patience(self):
        self.desk.delay = 5
        begun = time.monotonic()
        self.assertIsNone(self.shell().show("new", "http://site/").fragment)
        self.assertLess(time.monotonic() - begun, 4)

    def test_files_have_time_for_the_way(self):
        self.desk.delay = 1.5
        file = Upload("files", "log.txt", "text/plain", b"x" * 2**20)
        self.assertIsNotNone(self.shell().submit("new", "http://site/", [], [file]).fragment)

    def test_a_slow_line_of_whoever_sends_files_stops_nobody_else(self):
        silent = socket.create_server(("127.0.0.1", 0), backlog=8)
        self.addCleanup(silent.close)
        self.settings = Settings(f"http://127.0.0.1:{silent.getsockname()[1]}", "main", "k1", SECRET, 0.2)
        file = Upload("files", "film.bin", "video/mp4", b"x" * 2**25)
        with mock.patch("helpdesk_shell.http.UPLOAD", 2**40):
            for _ in range(4):
                self.assertIsNone(self.shell().submit("new", "http://site/", [], [file]).fragment)
            self.assertFalse(self.shell().in_doubt)
            for _ in range(3):
                self.assertIsNone(self.shell().submit("new", "http://site/", [("subject", "A")]).fragment)
        self.assertTrue(self.shell().in_doubt, "a helpdesk that takes a form and says nothing is away")

    def test_what_is_no_fragment_is_a_link(self):
        for answer in (b"<html>", b"[]", b"{}", {"status": "x", "html": ""}):
            self.desk.answer = answer
            self.assertIsNone(self.shell().show("new", "http://site/").fragment)

    def test_a_refusal_for_people_is_shown_and_one_for_the_owner_is_not(self):
        self.desk.answer = {"detail": "Too large: 25 MB at most."}
        for status, problem in ((413, "Too large: 25 MB at most."), (401, "")):
            self.desk.status = status
            shown = self.shell().submit("new", "http://site/", [])
            self.assertEqual((shown.fragment, shown.problem), (None, problem))

    def test_health_names_the_mend(self):
        self.desk.status, self.desk.answer = 401, {"detail": "The clocks differ."}
        with self.assertRaisesRegex(Refused, "The clocks differ."):
            Client(self.settings, None).health()
        self.desk.status, self.desk.answer = 302, b""
        with self.assertRaises(Refused):
            Client(self.settings, None).health()


class Answers(Case):
    def signed(self, message="msg_1", stamp=None, secret=SECRET, kind="comment.answered"):
        data = {"comment": "5", "ticket": "T1", "author": "Ann", "text": "Yes", "html": "<p>Yes</p>", "message": "m1"}
        body = json.dumps({"type": kind, "data": data}).encode()
        stamp = str(int(time.time()) if stamp is None else stamp)
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mark = hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
        signature = f"v1,bm9uZQ== v1,{base64.b64encode(mark).decode()}"
        return {"webhook-id": message, "webhook-timestamp": stamp, "webhook-signature": signature}, body

    def refused(self, headers, body):
        with self.assertRaises(AnswerRefused) as caught:
            read_answer(self.settings, headers, body)
        return caught.exception.status

    def test_a_good_one_is_taken_and_again_until_it_is_stored(self):
        headers, body = self.signed()
        self.assertEqual(read_answer(self.settings, headers, body).text, "Yes")
        self.assertEqual(read_answer(self.settings, headers, body).message, "m1")

    def test_forged_old_early_and_strange_ones_are_refused(self):
        headers, body = self.signed()
        self.assertEqual(self.refused(headers, body + b" "), 401)
        self.assertEqual(self.refused({**headers, "webhook-id": "msg_2"}, body), 401)
        self.assertEqual(self.refused({}, body), 401)
        other = "whsec_" + base64.b64encode(b"x" * 32).decode()
        self.assertEqual(self.refused(*self.signed(secret=other)), 401)
        self.assertEqual(self.refused(*self.signed(stamp=int(time.time()) - 301)), 401)
        self.assertEqual(self.refused(*self.signed(stamp=int(time.time()) + 301)), 401)
        self.assertEqual(self.refused(*self.signed(stamp="x")), 401)
        self.assertEqual(self.refused(*self.signed(kind="ticket.opened")), 422)


if __name__ == "__main__":
    unittest.main()
