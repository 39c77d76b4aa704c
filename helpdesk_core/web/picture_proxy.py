"""Pictures of messages that lie elsewhere, loaded by this site for those who may see the message."""

from flask import make_response
from werkzeug.wrappers import Response

from helpdesk_core.attachments.elsewhere import fetch_picture
from helpdesk_core.errors import NotFound
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.queries import find_readable_message
from helpdesk_core.web.context import close_session, current_actor, current_desk, db
from helpdesk_core.web.remote_pictures import addresses
from helpdesk_core.web.routing import CUSTOMER, Routes

routes = Routes("pictures")
ROUTES = (routes,)


@routes.get("/pictures/<uid>/<key>", permission=CUSTOMER)
def picture(uid: str, key: str) -> Response:
    """Hand out one picture of a message that the person may see; the address of the picture stands in the message."""
    message = find_readable_message(db(), current_actor(), uid)
    address = addresses(message.body_html or "").get(key)
    close_session()  # nothing is held while somebody else's server takes its time
    if address is None:
        raise NotFound(_l("There is no such picture in this message."))
    content, kind = fetch_picture(current_desk(), address)
    response = make_response(content)
    response.headers["Content-Type"] = kind
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response
