"""Forms whose files are too large to be taken in: what was typed beside them is read all the same.

A request over the limit is refused before it is read, and with it goes what somebody has written. The views that can
show their form again (`shows_again` of their routes) get it without its files instead, up to `PATIENCE` times the
limit.
"""

from io import BytesIO
from typing import IO, Final, cast

from flask import Flask, Request, current_app, request

from helpdesk_core.errors import Invalid
from helpdesk_core.texts import lazy as _l
from helpdesk_core.web.context import current_desk

PATIENCE: Final = 8
"""How many times the limit is still read through, to throw the files away and to keep the words."""

_ENDPOINTS: Final = "helpdesk.shows_again"
_PORTION: Final = 256 * 1024


class _Nowhere(BytesIO):
    """Takes the bytes of a file and keeps none."""

    def write(self, content: object) -> int:
        return len(cast(bytes, content))


class PageRequest(Request):
    """A request that can leave out the files of a form."""

    leaves_files_out = False

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.leaves_files_out:
            return _Nowhere()
        return super()._get_file_stream(total_content_length, content_type, filename, content_length)


def read_whole_forms_of(app: Flask, endpoint: str) -> None:
    """Note that the view of this endpoint shows its form again."""
    app.extensions.setdefault(_ENDPOINTS, set()).add(endpoint)


def read_large_form() -> None:
    """Let a form over the limit be read without its files, if its view can show it again; before anything reads it.

    What is refused as a whole is read through as well: a program that is still sending would see the connection
    break, and not why.
    """
    limit, size = request.max_content_length, request.content_length
    if limit is None or size is None or not limit < size <= limit * PATIENCE:
        return
    if request.mimetype == "multipart/form-data" and request.endpoint in current_app.extensions.get(_ENDPOINTS, ()):
        request.max_content_length = limit * PATIENCE
        cast(PageRequest, request).leaves_files_out = True
    elif request.endpoint is not None:
        _read_through(request.environ["wsgi.input"], size)


def _read_through(body: IO[bytes], size: int) -> None:
    while size > 0 and (part := body.read(min(size, _PORTION))):
        size -= len(part)


def left_out() -> list[str]:
    """Return what to say of files that were too large to be taken in; nothing when all have arrived."""
    if not cast(PageRequest, request).leaves_files_out:
        return []
    site = current_desk().settings.site()
    text = _l(
        "The files are too large: a file may have %(file)s MB, and all together %(form)s MB. Nothing was sent, and "
        "what you wrote is kept here. Choose fewer or smaller ones, or send a link.",
        file=site.attachment_max_mb,
        form=site.form_max_mb,
    )
    return [text]


def refuse_left_out() -> None:
    """Raise `Invalid` when the form had files that were too large to be taken in."""
    if texts := left_out():
        raise Invalid({"attachments": texts})
