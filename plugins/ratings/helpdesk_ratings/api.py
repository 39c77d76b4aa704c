"""Operations of the HTTP API below /api/v1/x/ratings/."""

from datetime import timedelta
from typing import Any

from marshmallow import fields, validate

from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.rest import (
    SIGNED_IN,
    Endpoints,
    Input,
    Moment,
    Output,
    PageQuery,
    current_actor,
    current_desk,
    cursor,
    db,
    page_of,
    read_cursor,
)

from .giving import MOST_COMMENT, Opinion, give
from .models import Rating
from .reading import latest
from .reporting import REPORT, report
from .scales import SCALES, VERDICTS
from .settings import MOST_REASONS
from .texts import lazy as _l

MOST_DAYS = 366

endpoints = Endpoints("Ratings", "What customers say about answers and tickets.")


class Opinions(Input):
    """What to say; the score counts from 1, the worst, on the scale that the site has set."""

    score = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    reasons = fields.List(fields.String(), load_default=(), validate=validate.Length(max=MOST_REASONS))
    comment = fields.String(load_default="", validate=validate.Length(max=MOST_COMMENT))


class RatingView(Output):
    """A rating; of an answer if `message` is one, else of the whole ticket. `by` is null once that is forgotten."""

    uid = fields.String()
    ticket = fields.String(attribute="number")
    message = fields.String(allow_none=True)
    by = fields.Function(lambda rated: rated.by or None)
    agent = fields.Function(lambda rated: rated.agent or None)
    scale = fields.String(validate=validate.OneOf(list(SCALES)))
    score = fields.Integer()
    verdict = fields.String(validate=validate.OneOf(list(VERDICTS)))
    reasons = fields.List(fields.String())
    comment = fields.String()
    channel = fields.String()
    created_at = Moment()
    updated_at = Moment()


class Said(Output):
    """A rating as it is kept now."""

    uid = fields.String()
    scale = fields.String()
    score = fields.Integer()
    verdict = fields.String()
    reasons = fields.List(fields.String())
    comment = fields.String()
    created_at = Moment()
    updated_at = Moment()


class RatingQuery(PageQuery):
    """Which ratings."""

    ticket = fields.String(load_default="", metadata={"description": "Only those of the ticket with this number."})
    verdict = fields.String(load_default="", validate=validate.OneOf(["", *VERDICTS]))


class ResultQuery(Input):
    """Which results: a time of at most 366 days, both days included, and how they are put together."""

    first = fields.Date(required=True)
    last = fields.Date(required=True)
    by = fields.String(load_default="agent", validate=validate.OneOf(["agent", "department", "period"]))
    kind = fields.String(load_default="", validate=validate.OneOf(["", "ticket", "answer"]))
    department = fields.String(load_default="", metadata={"description": "The key of a department, for it alone."})


class ResultView(Output):
    """Counts under a name. `share` is the part that is satisfied, `low` and `high` its interval at 95 % (Wilson)."""

    key = fields.String()
    name = fields.String()
    good = fields.Integer()
    neutral = fields.Integer()
    bad = fields.Integer()
    total = fields.Integer()
    share = fields.Float()
    low = fields.Function(lambda tally: tally.interval[0])
    high = fields.Function(lambda tally: tally.interval[1])


class Results(Output):
    """Results of a time; `whole` is all of it."""

    whole = fields.Nested(ResultView)
    items = fields.List(fields.Nested(ResultView))


RatingPage = page_of(RatingView, "RatingPage")


@endpoints.get("/ratings", permission=SIGNED_IN, query=RatingQuery, returns=RatingPage)
def list_ratings(query: dict[str, Any]) -> Any:
    """List the newest ratings: those of tickets one works on, and one's own."""
    before = read_cursor(query["after"], int)[0] if "after" in query else None
    limit = query["limit"]
    found = latest(
        db(), current_actor(), number=query["ticket"], verdict=query["verdict"], before=before, limit=limit + 1
    )
    page = found[:limit]
    return {"items": page, "next": cursor(page[-1].row) if len(found) > limit else None}


@endpoints.get("/results", permission=REPORT, query=ResultQuery, returns=Results)
def show_results(query: dict[str, Any]) -> Any:
    """Show results by agent, department or period, of the departments for which one holds `ratings.report`."""
    first, last = query["first"], query["last"]
    if not timedelta() <= last - first < timedelta(days=MOST_DAYS):
        raise Invalid({"last": [_l("Give a day from “first” on, at most 366 days in all.")]})
    found = report(db(), current_actor(), first, last, kind=query["kind"], department=query["department"])
    return {"whole": found.whole, "items": found.by(query["by"])}


@endpoints.put("/tickets/<number>", permission=SIGNED_IN, body=Opinions, returns=Said, problems=(409,))
def rate_ticket(number: str, body: dict[str, Any]) -> Rating:
    """Rate a closed ticket of one's own, or change that rating."""
    return give(current_desk(), current_actor(), number, None, _opinion(body))


@endpoints.put(
    "/tickets/<number>/messages/<message>", permission=SIGNED_IN, body=Opinions, returns=Said, problems=(409,)
)
def rate_answer(number: str, message: str, body: dict[str, Any]) -> Rating:
    """Rate an answer on a ticket of one's own, or change that rating."""
    return give(current_desk(), current_actor(), number, message, _opinion(body))


def _opinion(body: dict[str, Any]) -> Opinion:
    return Opinion(body["score"], tuple(body["reasons"]), body["comment"])
