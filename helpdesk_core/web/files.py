"""Attachments, as those may have them who may see their message; nothing of them can run on the site."""

from typing import Any

from flask import render_template, request, send_file
from werkzeug.wrappers import Response

from helpdesk_core.attachments.models import Attachment
from helpdesk_core.attachments.service import open_attachment, store
from helpdesk_core.errors import NotFound
from helpdesk_core.tickets.queries import find_attachment
from helpdesk_core.users.links import load_file_link
from helpdesk_core.web.context import close_session, current_actor, current_desk, db
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.oversize import refuse_left_out
from helpdesk_core.web.routing import CUSTOMER, PUBLIC, SIGNED_IN, Routes
from helpdesk_core.web.submitted import EXPECTED, received_files

INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What may be shown in a page; SVG and HTML never are."""

routes = Routes("files")
ROUTES = (routes,)


def attachment_response(attachment: Attachment) -> Response:
    """Return the bytes with headers that keep them harmless."""
    inline = attachment.content_type in INLINE and request.args.get("download") != "1"
    try:
        stream = open_attachment(current_desk(), attachment)
    except NotFound:
        raise NotFound(_("The file is missing in the storage. Tell the people who run this helpdesk.")) from None
    response: Response = send_file(
        stream,
        mimetype=attachment.content_type if inline else "application/octet-stream",
        as_attachment=not inline,
        download_name=attachment.name,
        etag=attachment.sha256,
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, max-age=3600, must-revalidate"
    return response


@routes.get("/attachments/<uid>", permission=CUSTOMER)
@routes.get("/attachments/<uid>/<path:name>", permission=CUSTOMER)
def attachment(uid: str, name: str = "") -> Response:
    """Hand out a file; the name in the address is only for people."""
    return attachment_response(find_attachment(db(), current_actor(), uid))


@routes.get("/f/<token>", permission=PUBLIC)
def linked(token: str) -> Any:
    """Hand out the file of a link from a mail, as long as the person it was made for may see it."""
    there = load_file_link(current_desk(), db(), token)
    try:
        return attachment_response(find_attachment(db(), *there)) if there else _dead()
    except NotFound:
        return _dead()


def _dead() -> Any:
    return render_template("auth/dead_link.html", kind="file"), 410


@routes.post("/attachments", permission=SIGNED_IN, shows_again=True)
def upload() -> Any:
    """Take in one file for a form that is still being filled in; answers in JSON, for the script that sends it."""
    actor, files = current_actor(), received_files("file")
    close_session()
    try:
        refuse_left_out()
        if len(files) != 1:
            return {"error": _("Send one file at a time.")}, 422
        stored = store(current_desk(), actor, files[0])
    except EXPECTED as error:
        return {"error": said(error)}, error.status
    return {"uid": stored.uid, "name": stored.name, "size": stored.size}, 201
