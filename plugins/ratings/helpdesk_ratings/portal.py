"""Where customers rate: signed in, as guests of a ticket, or by the signed link of a mail.

Opening a page shows it, whatever the address says; only the button on it rates. So nothing that follows links (a
scanner of mails, a prefetching browser) can vote.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for

from helpdesk_core.api import CUSTOMER, PUBLIC, Actor, Helpdesk, Panel, Route
from helpdesk_core.api.errors import Forbidden, Invalid, NotFound
from helpdesk_core.api.tickets import Message, Ticket, find_message, find_ticket
from helpdesk_core.api.users import load_actor_by_user
from helpdesk_core.api.web import close_session, current_actor, db

from .giving import MOST_COMMENT, Opinion, give, is_ratable, may_change, rates, require_ratable
from .links import read_token
from .models import Rating
from .reading import Rated
from .scales import SCALES
from .settings import rules, said_reason
from .texts import _
from .texts import lazy as _l


class Portal:
    """Pages below /x/ratings/, and what stands on a customer's ticket."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        both = ("GET", "POST")
        return [
            Route("/tickets/<number>", self.ticket, CUSTOMER, methods=both, name="ticket"),
            Route("/tickets/<number>/<message>", self.answer, CUSTOMER, methods=both, name="answer"),
            Route("/r/<token>", self.link, PUBLIC, methods=both, name="link"),
        ]

    def ticket(self, number: str) -> Any:
        """Rate a ticket."""
        return self._page(current_actor(), number, None, url_for("portal.ticket", number=number))

    def answer(self, number: str, message: str) -> Any:
        """Rate an answer."""
        return self._page(current_actor(), number, message, url_for("portal.ticket", number=number))

    def link(self, token: str) -> Any:
        """Rate a ticket by the link of a mail, as the person whom the mail was sent to."""
        claim = read_token(self.desk, token)
        ticket = db().get(Ticket, claim.ticket_id) if claim else None
        signed = load_actor_by_user(self.desk, db(), claim.user_id) if claim else None
        if claim is None or signed is None or ticket is None or ticket.number is None:
            raise NotFound(
                _l("This link is over, or a part of it is missing. Open your ticket here and rate it there.")
            )
        if current_actor().may("ticket.read", ticket.department_id):  # the link stands in what the customer quotes
            raise Forbidden(_l("Only the customer of a ticket can rate it."))
        person = signed.actor
        holder = Actor(
            kind="guest",
            user_id=person.user_id,
            uid=person.uid,
            name=person.name,
            email=person.email,
            ticket_ids=frozenset({claim.ticket_id}),
            channel="email",
            locale=person.locale,
            timezone=person.timezone,
        )
        return self._page(holder, ticket.number, None, "")

    def beside_answers(
        self, messages: Sequence[Message], ticket: Ticket, given: Sequence[Rated]
    ) -> Mapping[int, Panel]:
        """Return a question below each answer that can be rated, for those who rate."""
        rule = rules(self.desk)
        mine = {each.message_id: each for each in given}
        return {
            message.id: Panel(
                template="ratings/question.html",
                context={
                    "steps": SCALES[rule.scale],
                    "rated": mine.get(message.id),
                    "href": url_for("portal_ratings_answer", number=ticket.number, message=message.uid),
                    "what": "answer",
                },
            )
            for message in messages
            if is_ratable(rule, ticket, message)
        }

    def below_ticket(self, ticket: Ticket, given: Rated | None) -> Panel:
        """Return the question below a closed ticket."""
        return Panel(
            template="ratings/question.html",
            context={
                "steps": SCALES[rules(self.desk).scale],
                "rated": given,
                "href": url_for("portal_ratings_ticket", number=ticket.number),
                "what": "ticket",
            },
        )

    def asks(self, actor: Actor, ticket: Ticket) -> bool:
        """Tell whether the person is one of those who rate this ticket."""
        return rates(self.desk, db(), actor, ticket)

    def _page(self, actor: Actor, number: str, uid: str | None, back: str) -> Any:
        ticket = find_ticket(db(), actor, number, "portal")
        message = find_message(db(), ticket, uid, internal=False) if uid else None
        rating = require_ratable(self.desk, db(), actor, ticket, message)
        errors: dict[str, list[str]] = {}
        if request.method == "POST":
            sent = _sent(rating)
            close_session()
            try:
                give(self.desk, actor, number, uid, sent)
            except Invalid as error:
                errors = error.problems
            else:
                flash(_("Thank you."), "success")
                return redirect(request.script_root + request.path, 303)
        return self._show(actor, ticket, message, rating, back, errors)

    def _show(
        self,
        actor: Actor,
        ticket: Ticket,
        message: Message | None,
        rating: Rating | None,
        back: str,
        errors: Mapping[str, Sequence[str]],
    ) -> Response:
        rule = rules(self.desk)
        sent = _sent(rating) if request.method == "POST" else None
        kept = rating.score if rating is not None and rating.scale == rule.scale else None
        score = sent.score if sent else request.args.get("score", kept, type=int)
        page = render_template(
            "ratings/rate.html",
            ticket=ticket,
            answer=message,
            rated=rating is not None,
            locked=rating is not None and not may_change(self.desk, rating),
            kept=kept,
            steps=[(step.score, f"{step.mark} {_(step.label)}".strip()) for step in reversed(SCALES[rule.scale])],
            score=score or "",
            reasons=[(each, said_reason(each, _)) for each in rule.reasons],
            chosen=sent.reasons if sent else tuple(rating.reasons) if rating else (),
            comment=sent.comment if sent else rating.comment if rating else "",
            most=MOST_COMMENT,
            back=back,
            errors=errors,
        )
        response = make_response(page, 422 if errors else 200)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response


def _sent(rating: Rating | None) -> Opinion:
    """Read the form; a form of buttons alone (`brief`) leaves the reasons and the comment that were given before."""
    score = request.form.get("score", 0, type=int)
    if "brief" in request.form and rating is not None:
        return Opinion(score, tuple(each for each in rating.reasons), rating.comment)
    return Opinion(score, tuple(request.form.getlist("reasons")), request.form.get("comment", ""))
