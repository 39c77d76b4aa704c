"""What people are entitled to: a copy of all that is kept about them, and to be forgotten."""

import tempfile
from contextlib import ExitStack
from typing import Any, BinaryIO, Final, cast

from flask import send_file
from werkzeug.wrappers import Response

from helpdesk_core.errors import Invalid
from helpdesk_core.rest.context import close_session, current_actor, current_desk, db
from helpdesk_core.rest.routing import SIGNED_IN, Endpoints
from helpdesk_core.users import account_schemas as schemas
from helpdesk_core.users.directory import read_user
from helpdesk_core.users.privacy import erase_user, export_personal_data

endpoints: Final = Endpoints("Privacy", "A copy of all that is kept about a person, and erasing it.")

ZIP: Final = "application/zip"
IN_MEMORY: Final = 4_000_000
"""Bytes of an export that are kept in memory; a larger one goes through a file."""


@endpoints.get("/users/<id>/export", permission=SIGNED_IN, media_type=ZIP)
def export_person(id: str) -> Response:
    """Download all that is kept about a person, as a ZIP: oneself, or with `privacy.manage` anybody.

    `person.json`, `tickets.json`, `activity.json`, the files they sent, and what plugins keep. The export is recorded.
    """
    read_user(db(), current_actor(), id)
    actor = current_actor()
    close_session()
    with ExitStack() as opened:
        target = cast(BinaryIO, opened.enter_context(tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)))
        export_personal_data(current_desk(), actor, id, target)
        opened.pop_all()  # it is read after this function returns
    target.seek(0)
    name = f"personal-data-{current_desk().now():%Y-%m-%d}.zip"
    response: Response = send_file(target, mimetype=ZIP, as_attachment=True, download_name=name, conditional=False)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@endpoints.post("/users/<id>/erase", permission="privacy.manage", body=schemas.Erasure, status=204)
def erase_person(id: str, body: dict[str, Any]) -> None:
    """Forget who somebody is, for good; it cannot be undone.

    Name, addresses, sign-in and notes go. Tickets and messages stay, of an “Erased person”.
    """
    person = read_user(db(), current_actor(), id)
    close_session()
    if " ".join(body["confirm"].split()) != person.name:
        raise Invalid({"confirm": [f"Type “{person.name}” to erase this person's data."]})
    erase_user(current_desk(), current_actor(), id, with_messages=body["with_messages"])
