"""Reading mail: from bytes of any quality to plain values. Pure: no network, no storage, no settings."""

from .automatic import Automatic, find_automatic
from .bounces import Bounce, Failure, find_bounce
from .decisions import explain
from .html import clean_html
from .html_text import html_to_text
from .model import Address, Attachment, Mail, Protection
from .read import read_mail
from .replies import Stripped, strip_reply
from .sentences import Sentence

__all__ = [
    "Address",
    "Attachment",
    "Automatic",
    "Bounce",
    "Failure",
    "Mail",
    "Protection",
    "Sentence",
    "Stripped",
    "clean_html",
    "explain",
    "find_automatic",
    "find_bounce",
    "html_to_text",
    "read_mail",
    "strip_reply",
]
