"""What shells ask of the helpdesk: fragments, health, the dashboard, comments; JSON below /x/cms/."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import request
from werkzeug.datastructures import MultiDict

from helpdesk_core.api import PUBLIC, Helpdesk, Route, __version__
from helpdesk_core.api.errors import Forbidden, Invalid, NotFound
from helpdesk_core.api.portal import answers_to
from helpdesk_core.api.web import act_as, close_session

from . import comments, dashboard, sessions
from .fragments import render
from .people import recognise, recognise_customer
from .places import page_of
from .problems import with_problems
from .sites import find_site
from .texts import lazy as _l
from .tokens import Claims, check

CONTRACT: Final = 1
RESERVED: Final = frozenset({"path", "page", "method"})
MOST_ANSWERS: Final = 10


class Shells:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the addresses; none heeds a cookie, each asks for a token (`answers` for an origin)."""
        post = ("POST",)
        rows = (
            ("/fragment", self.fragment, post, "fragment", True),
            ("/health", self.health, ("GET",), "health", False),
            ("/dashboard", self.dashboard, ("GET",), "dashboard", False),
            ("/comments", self.comments, post, "comments", False),
            ("/sign-out", self.sign_out, post, "sign_out", False),
            ("/answers/<site>", self.answers, ("GET",), "answers", False),
        )
        return [
            Route(rule, with_problems(self.desk, view), PUBLIC, methods, name, shows_again=again, cookieless=True)
            for rule, view, methods, name, again in rows
        ]

    def fragment(self) -> Any:
        """Answer with a part of a page."""
        claims = self._claims()
        given = _given()
        place = page_of(given.get("page", ""))
        method = given.get("method", "GET").upper()
        if method not in ("GET", "POST"):
            raise Invalid({"method": [_l("Send “method” as GET or POST.")]})
        who = recognise_customer(self.desk, claims)
        fields = MultiDict((name, value) for name, value in given.items(multi=True) if name not in RESERVED)
        path = given.get("path", "new")
        return render(self.desk, claims.site, who, place, path, fields if method == "POST" else None).as_json()

    def health(self) -> Any:
        """Tell a shell that all is well, or with a problem what is not."""
        site, at = self._claims().site, self.desk.now()
        may = ["embed", "sign-in", "answers"]
        may += ["comments"] if site.comment_department_id is not None else []
        may += ["answers-back"] if site.answers_url else []
        may += ["staff"] if site.staff else []
        return {
            "ok": True,
            "site": site.key,
            "name": site.name,
            "helpdesk": self.desk.settings.site().name,
            "version": __version__,
            "contract": CONTRACT,
            "time": round(at.timestamp()),
            "may": may,
        }

    def dashboard(self) -> Any:
        """Answer with what a member of staff has to do."""
        who = recognise(self.desk, self._claims())
        if who.signed is None or not who.signed.actor.is_staff:
            raise Forbidden(_l("The dashboard is for people who work tickets."))
        act_as(who.signed.actor, who.signed)
        return dashboard.overview(self.desk, who.signed)

    def comments(self) -> Any:
        """Make a ticket of a comment, once."""
        claims = self._claims()
        made = comments.open_for(self.desk, claims.site, _json())
        address = f"{self.desk.settings.site().url}/desk/tickets/{made.number}"
        return {"number": made.number, "url": address}, 201 if made.is_new else 200

    def sign_out(self) -> Any:
        """End what the site began for the person."""
        claims = self._claims()
        close_session()
        return {"ended": sessions.end_of(self.desk, claims)}

    def answers(self, site: str) -> Any:
        """Search the answers for visitors; browsers of the site's origins may read it."""
        close_session()
        with self.desk.read() as session:
            row = find_site(session, site)
        if not row.is_active:
            raise NotFound(_l("There is no site “%(key)s”.", key=site[:64]))
        here = self.desk.settings.site().url
        found = answers_to(request.args.get("q", "").strip()[:200], None, MOST_ANSWERS)
        body = {
            "answers": [
                {
                    "title": each.title,
                    "text": each.text,
                    "path": f"article/{each.slug}" if each.slug else None,
                    "url": each.href if "://" in each.href else here + each.href,
                }
                for each in found
            ]
        }
        headers = {"Vary": "Origin", "Cache-Control": "private, max-age=60"}
        if (origin := request.headers.get("Origin")) in row.origins:
            headers["Access-Control-Allow-Origin"] = origin
        return body, 200, headers

    def _claims(self) -> Claims:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        return check(self.desk, token.strip() if scheme.lower() == "bearer" else "", "server")


def _given() -> MultiDict[str, str]:
    """Return the fields of the request, whether JSON or a form."""
    return MultiDict(request.form) if not request.is_json else _flat(_json())


def _json() -> Mapping[str, Any]:
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise Invalid(_l("Send a JSON object, with the content type application/json."))
    return given


def _flat(given: Mapping[str, Any]) -> MultiDict[str, str]:
    flat: MultiDict[str, str] = MultiDict()
    for name, value in given.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str | int | float):
                flat.add(_whole(name), _whole(str(each)))
            elif each is not None:
                raise Invalid({str(name)[:64]: [_l("Send texts, or lists of texts.")]})
    return flat


def _whole(text: str) -> str:
    """Put a mark in place of each lone half of a pair, which JSON can name, as reading a form's bytes does."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
