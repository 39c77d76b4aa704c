"""Operations of the HTTP API below /api/v1/x/questions/."""

import json
from typing import Any

from marshmallow import fields, validate

from helpdesk_core.api import SIGNED_IN
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.rest import Endpoints, Input, Output, current_actor, current_desk, db
from helpdesk_core.api.users import require_everywhere

from . import asking, transfer
from .asked import as_json, say
from .sets import MANAGE, all_sets

operations = Endpoints("Questions", "Guided questions. Answers go with a new ticket, as `x.questions` by name.")


class QuestionsQuery(Input):
    """For which ticket; `service` is a key of `GET /x/services/mine`."""

    department = fields.String(required=True, validate=validate.Length(1, 64))
    service = fields.String(load_default="", validate=validate.Length(max=400))


class QuestionOption(Output):
    """Something to choose."""

    value = fields.String()
    text = fields.String()


class AskedQuestion(Output):
    """A question; `name` is what its answer is sent under. `only_if` names the answer of another that it waits for."""

    name = fields.String()
    kind = fields.String()
    text = fields.String()
    hint = fields.String()
    required = fields.Boolean()
    options = fields.List(fields.Nested(QuestionOption))
    only_if = fields.Dict()


class AskedQuestions(Output):
    """What is asked, in order."""

    questions = fields.List(fields.Nested(AskedQuestion))


class QuestionSets(Output):
    """Sets as they can be taken in again."""

    sets = fields.List(fields.Dict())


class QuestionSetsInput(Input):
    """Sets as `GET /x/questions/sets` or a file has them."""

    sets = fields.List(fields.Dict(), required=True, validate=validate.Length(1, 100))


@operations.get("/asked", permission=SIGNED_IN, query=QuestionsQuery, returns=AskedQuestions)
def asked_questions(query: dict[str, Any]) -> dict[str, Any]:
    """Read what is asked for a new ticket of one's own in a department."""
    desk, actor = current_desk(), current_actor()
    kind = asking.service_type(desk, actor.user_id, query["service"])
    locale = actor.locale or "en"
    found = [
        {
            "name": f"{one.key}.{each.key}",
            "kind": each.kind,
            "text": say(each.text, locale),
            "hint": say(each.hint, locale),
            "required": each.required,
            "options": [{"value": option.value, "text": say(option.text, locale)} for option in each.options],
            "only_if": {"question": f"{one.key}.{each.if_question}", "is": list(each.if_values)}
            if each.if_question
            else {},
        }
        for one in all_sets(desk, db())
        if one.fits(query["department"], kind)
        for each in one.questions
    ]
    return {"questions": found}


@operations.get("/sets", permission=MANAGE, returns=QuestionSets)
def question_sets() -> dict[str, Any]:
    """Read all sets of questions."""
    require_everywhere(current_actor(), MANAGE)
    return {"sets": [as_json(each) for each in all_sets(current_desk(), db())]}


@operations.post("/sets", permission=MANAGE, body=QuestionSetsInput, returns=QuestionSets)
def take_in_sets(body: dict[str, Any]) -> dict[str, Any]:
    """Take in sets of questions.

    All or none; one that is there already gets a new version.
    """
    try:
        found = transfer.take_in(current_desk(), current_actor(), json.dumps({"sets": body["sets"]}))
    except Invalid as error:
        raise Invalid({"sets": error.problems.get("file", error.problems.get("", []))}) from None
    return {"sets": [as_json(each) for each in found]}
