"""Files, as the API takes and shows them."""

from typing import Any

from flask_smorest.fields import Upload
from marshmallow import ValidationError, fields

from helpdesk_core.schemas import Input, Output


class AttachmentShown(Output):
    """A file; `GET /attachments/{id}` hands out its bytes."""

    id = fields.String(attribute="uid")
    name = fields.String()
    content_type = fields.String(metadata={"description": "The sender's word."})
    size = fields.Integer(metadata={"description": "Bytes."})


class File(Upload):  # type: ignore[misc]  # flask-smorest has no types
    """A file in a multipart form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            raise ValidationError("Send a file here, with a file name.")
        return value


class AttachmentNew(Input):
    """A file to send with a message later."""

    file = File(required=True)
