"""HTML bodies, cleaned for showing."""

from __future__ import annotations

import re
from html import escape, unescape

import nh3

MAX_HTML = 5_000_000

_FEW_TAGS = 300
_MAX_DEPTH = 400
_MAX_ENTITIES = 200_000
_LONG_TAG = 20_000
_ATTRIBUTE_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'")
_MAX_NODES = 5_000_000
_STARTS_HTML = re.compile(
    r"\s*(?:<!--.{0,3000}?-->\s*)*<(?:!doctype|\?xml|html|head|body|div|p|table|span|meta|style|br|blockquote|font|b|i|u|a"
    r"|img|center|ul|ol|h[1-6]|strong|em|pre|section|article|tt|title)\b[^@<]{0,2000}?>",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,10})")
# Tags without content, and those that a browser closes by itself when the next one comes.
_NEVER_NEST = frozenset(
    """
    area base br col embed hr img input link meta source track wbr p li td th tr dd dt option tbody thead tfoot o v
    """.split()  # noqa: SIM905  (reads better as words)
)
_IMAGE = re.compile(r'<img(?: [a-z-]+="[^"]*")+>')
_REMOTE_SOURCE = re.compile(r' src="(?!cid:|data:)', re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,", re.IGNORECASE)
_CLEAN_TAGS = frozenset(
    """
    a abbr b blockquote br caption center cite code col colgroup dd del details div dl dt em font figcaption
    figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strike strong sub summary
    sup table tbody td tfoot th thead tr tt u ul var wbr
    """.split()  # noqa: SIM905  (a list of this length reads better as words)
)
_CLEAN_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"align", "dir", "lang", "title", "valign"},
    "a": {"href"},
    "blockquote": {"type"},
    "col": {"span", "width"},
    "font": {"color", "size", "face"},
    "img": {"alt", "height", "src", "width"},
    "ol": {"start", "type"},
    "table": {"border", "cellpadding", "cellspacing", "width"},
    "td": {"colspan", "rowspan", "width"},
    "th": {"colspan", "rowspan", "width"},
}


def looks_like_html(text: str) -> bool:
    """Whether a text starts as HTML does: with a tag, a document type, or a comment before one."""
    return _STARTS_HTML.match(text[:5000]) is not None


def is_hostile(html: str) -> bool:
    """Whether HTML is nested so deep, or so wide and deep, that parsers would take minutes for it."""
    if html.count("&") > _MAX_ENTITIES or any(
        _is_overlong(piece) for piece in html.split("<") if len(piece) > _LONG_TAG
    ):
        return True
    if html.count("<") < _FEW_TAGS:
        return False
    depth = deepest = tags = 0
    for closing, name in _TAG.findall(html):
        tags += 1
        if name.lower() in _NEVER_NEST:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest > _MAX_DEPTH or (deepest > 50 and deepest * tags > _MAX_NODES)


def _is_overlong(piece: str) -> bool:
    """Whether a tag has thousands of attributes; long values, such as pictures in `src`, do not count."""
    return len(_ATTRIBUTE_VALUE.sub("", piece.partition(">")[0])) > _LONG_TAG


def strip_tags(html: str) -> str:
    """The text of HTML that no parser should see: tags cut out, nothing interpreted."""
    pieces = html.split("<")
    return unescape("\n".join([pieces[0], *(piece.partition(">")[2] for piece in pieces[1:])]))


def clean_html(html: str) -> str:
    """HTML that is safe to show: no scripts, styles, forms and frames, and nothing that loads from elsewhere.

    Remote images lose `src` and keep the address in `data-src`, so that a reader can ask for them; images of the
    mail itself keep `cid:` addresses for the page to fill in. Links open without referrer.
    """
    html = html[:MAX_HTML].replace("\0", "")
    if is_hostile(html):
        return text_to_html(strip_tags(html))
    cleaned = nh3.clean(
        html,
        tags=set(_CLEAN_TAGS),
        clean_content_tags={"script", "style", "title", "noscript", "template", "iframe", "object", "svg", "math"},
        attributes=_CLEAN_ATTRIBUTES,
        attribute_filter=_filter_attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid", "ftp", "data"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )
    # The cleaner writes every attribute as name="value" with quotes escaped, so this pattern is exact.
    return _IMAGE.sub(lambda image: _REMOTE_SOURCE.sub(' data-src="', image[0]), cleaned)


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    if value.lstrip().lower().startswith("data:"):
        return value if tag == "img" and attribute == "src" and _DATA_IMAGE.match(value) else None
    return value


def text_to_html(text: str) -> str:
    """Plain text as HTML that looks the same."""
    return escape(text).replace("\n", "<br>\n")
