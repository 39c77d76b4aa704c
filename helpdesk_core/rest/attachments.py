"""Files: taking them in, and handing them out."""

from typing import Any, Final

from flask import send_file
from werkzeug.wrappers import Response

from helpdesk_core.attachments import schemas, service
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.rest.context import current_actor, current_desk, db
from helpdesk_core.rest.naming import named
from helpdesk_core.rest.routing import SIGNED_IN, Answer, Endpoints
from helpdesk_core.tickets.queries import find_attachment

endpoints: Final = Endpoints("Files", "What is sent along with messages.")

BYTES: Final = "application/octet-stream"


@endpoints.post(
    "/attachments", permission=SIGNED_IN, form=schemas.AttachmentNew, returns=schemas.AttachmentShown, status=201
)
def upload_file(form: dict[str, Any]) -> Answer:
    """Upload a file, to be sent with a message later.

    Give its `id` among the `attachments` of the message. Until then only its uploader can see it.
    """
    file = form["file"]
    upload = Upload(name=file.filename or "", content=file.read(), content_type=file.mimetype or BYTES)
    with named({"attachments": "file"}):
        stored = service.store(current_desk(), current_actor(), upload)
    return Answer(stored, location=f"/attachments/{stored.uid}")


@endpoints.get("/attachments/<id>", permission=SIGNED_IN, media_type=BYTES)
def download_file(id: str) -> Response:
    """Download a file of a message that one may see, or an own upload.

    Always as plain bytes, whatever it claims to be.
    """
    attachment = find_attachment(db(), current_actor(), id)
    stream = service.open_attachment(current_desk(), attachment)
    response: Response = send_file(
        stream, mimetype=BYTES, as_attachment=True, download_name=attachment.name, conditional=False
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response
