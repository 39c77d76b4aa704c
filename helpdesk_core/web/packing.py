"""Answers that are made for each request leave compressed (gzip) where the browser takes that; granian does not do it.

Pages carry secrets beside words of others, from whose common length somebody could guess (the attack named BREACH).
The proof in our forms is therefore another one in each page, and cookies do not come along with what other sites embed.
"""

import gzip
from typing import Final

from flask import request
from werkzeug.wrappers import Response

SMALL: Final = 1024
"""Bytes that fit into one packet anyway."""
LEVEL: Final = 5
"""A hundredth larger than with 6, and a fifth quicker."""
KINDS: Final = frozenset(
    {"text/html", "text/plain", "text/csv", "text/css", "image/svg+xml", "application/json", "application/problem+json"}
)


def pack(response: Response) -> Response:
    """Compress the body of an answer, and say of what kind is compressed that it depends on `Accept-Encoding`.

    An answer with a strong ETag stays as it is, since the tag stands for exactly its bytes (RFC 9110, 8.8.1); so does
    one that is streamed, a part of something, packed already, or not to be transformed.
    """
    headers = response.headers
    if response.mimetype not in KINDS or "Content-Encoding" in headers or response.direct_passthrough:
        return response
    tag, weak = response.get_etag() if "ETag" in headers else (None, None)
    if (tag is not None and not weak) or response.cache_control.no_transform:
        return response
    if "Vary" in headers:
        response.vary.add("Accept-Encoding")
    else:
        headers["Vary"] = "Accept-Encoding"
    if response.status_code == 206 or response.is_streamed or not request.accept_encodings["gzip"]:
        return response
    body = response.get_data()
    if len(body) >= SMALL:
        response.set_data(gzip.compress(body, LEVEL, mtime=0))
        response.content_encoding = "gzip"
    return response
