"""Who logs out of a Django site is signed out of the helpdesk, however long ago they were led there."""

import unittest
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import django
import jwt
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.test import RequestFactory, override_settings
from test_shell import SECRET, Helpdesk

settings.configure(
    SECRET_KEY="of no worth: for these tests only",
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "helpdesk_shell.django"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)
django.setup()

from django.contrib.sessions.backends.signed_cookies import SessionStore  # noqa: E402 - Django has to be set up

from helpdesk_shell.django import views  # noqa: E402 - Django has to be set up

MIA = SimpleNamespace(
    pk=7, email="mia@example.com", is_authenticated=True, is_superuser=False, get_full_name=lambda: "Mia"
)
COOKIE = "helpdesk_browser"


def sid_in(token):
    return jwt.decode(token, options={"verify_signature": False}).get("sid")


class SigningOut(unittest.TestCase):
    def setUp(self):
        self.desk = Helpdesk()
        self.addCleanup(self.desk.close)
        given = {"URL": self.desk.url, "SITE": "main", "KID": "k1", "SECRET": SECRET, "EMAIL_VERIFIED": True}
        changed = override_settings(HELPDESK=given)
        changed.enable()
        self.addCleanup(changed.disable)

    def request(self, *, secure=False, cookie=None, session=None):
        request = RequestFactory().get("/helpdesk/sign-in/", secure=secure)
        request.user, request.session = MIA, SessionStore()
        request.session.update(session or {})
        if cookie is not None:
            request.COOKIES[COOKIE] = cookie
        return request

    def led(self, **given):
        """Return the name of the browser in the token, and the cookie."""
        answer = views.sign_in(self.request(**given))
        return sid_in(parse_qs(urlsplit(answer["Location"]).query)["token"][0]), answer.cookies[COOKIE]

    def told(self, **given):
        """Return the names under which the helpdesk was told of a log-out."""
        user_logged_out.send(None, request=self.request(**given), user=MIA)
        return [sid_in(headers["Authorization"].removeprefix("Bearer ")) for _, headers, _ in self.desk.asked]

    def test_a_browser_keeps_its_name_for_long_and_shows_it_to_nobody_else(self):
        sid, cookie = self.led(secure=True)
        self.assertEqual(cookie.value, sid)
        self.assertEqual((cookie["httponly"], cookie["secure"], cookie["samesite"]), (True, True, "Lax"))
        self.assertEqual((cookie["max-age"], cookie["path"]), (400 * 24 * 3600, "/"))
        again, cookie = self.led(cookie=sid)
        self.assertEqual((again, cookie.value, cookie["secure"]), (sid, sid, ""))
        self.assertNotEqual(self.led()[0], sid)
        self.assertNotEqual(self.led(cookie="x" * 500)[0], "x" * 500)

    def test_frames_have_the_name_too(self):
        answer = views.token(self.request(cookie="a" * 24))
        self.assertIn("a" * 24, answer.cookies[COOKIE].value)
        visitor = self.request()
        visitor.user = SimpleNamespace(is_authenticated=False)
        self.assertNotIn(COOKIE, views.token(visitor).cookies)

    def test_a_log_out_from_a_new_session_names_the_browser(self):
        sid, _ = self.led()
        self.assertEqual(self.told(cookie=sid), [sid])

    def test_a_session_that_kept_the_name_itself_is_told_by_it(self):
        self.assertEqual(self.led(session={"helpdesk_session": "b" * 24})[0], "b" * 24)
        self.assertEqual(self.told(session={"helpdesk_session": "b" * 24}), ["b" * 24])

    def test_a_session_from_before_there_were_names_ends_all(self):
        self.assertEqual(self.told(session={"helpdesk_signed_in": True}), [None])

    def test_who_was_never_led_there_is_not_told_of(self):
        self.assertEqual(self.told(), [])


if __name__ == "__main__":
    unittest.main()
