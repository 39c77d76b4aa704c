"""Answers to comments as the helpdesk sends them: signed as Standard Webhooks describes it."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from helpdesk_shell.settings import Settings

OLDEST = 300
"""Seconds; what is older, or as much ahead of this machine's clock, is refused."""
LONGEST_ID = 64
"""Characters of an answer's id."""


class AnswerRefused(Exception):
    """What arrived is not taken; `status` is what to answer it with."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """A public answer of staff to a comment. `message` is its id, the same however often it is sent."""

    comment: str
    ticket: str
    author: str
    text: str
    html: str
    message: str


def read_answer(settings: Settings, headers: "Mapping[str, str]", body: bytes, *, now: "float | None" = None) -> Answer:
    """Return the answer in a request, headers by their names in small letters; `AnswerRefused` unless all is right.

    The helpdesk sends an answer again until it hears that it was taken, so store it together with its `message`, once,
    in one transaction: then a process that ends in between loses nothing, and nothing is there twice.
    """
    message, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signed = f"{message}.{stamp}.".encode("utf-8", "replace") + body
    mark = base64.b64encode(hmac.new(_key(settings.secret), signed, hashlib.sha256).digest()).decode()
    given = [each.partition(",")[2] for each in headers.get("webhook-signature", "").split() if each.startswith("v1,")]
    if not message or not any(hmac.compare_digest(mark.encode(), each.encode("utf-8", "replace")) for each in given):
        raise AnswerRefused("The signature does not fit.", 401)
    sent = int(stamp) if stamp.isascii() and stamp.isdigit() else 0
    if abs((time.time() if now is None else now) - sent) > OLDEST:
        raise AnswerRefused("This was sent more than five minutes ago; check the clocks of both machines.", 401)
    return _answer(body)


def _answer(body: bytes) -> Answer:
    try:
        told = json.loads(body)
        if told["type"] != "comment.answered":
            raise AnswerRefused("This shell takes answers to comments only.", 422)
        data = told["data"]
        answer = Answer(**{name: str(data.get(name) or "") for name in Answer.__dataclass_fields__})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnswerRefused("This is not JSON of the form that answers have.", 422) from error
    if not 0 < len(answer.message) <= LONGEST_ID:
        raise AnswerRefused("The answer has no id, or one that is too long.", 422)
    return answer


def _key(secret: str) -> bytes:
    """Return the bytes of a secret; those that begin with `whsec_` are Base64, as Standard Webhooks has it."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
