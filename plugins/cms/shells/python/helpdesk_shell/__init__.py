"""The helpdesk inside a site made with Python; no framework is needed, `helpdesk_shell.django` is for Django."""

from helpdesk_shell.answers import Answer, AnswerRefused, read_answer
from helpdesk_shell.client import Away, Client, Refused, Upload
from helpdesk_shell.kept import Kept, MemoryKept
from helpdesk_shell.settings import Settings
from helpdesk_shell.shell import Shell, Shown
from helpdesk_shell.tokens import Person, make_token

__all__ = [
    "Answer",
    "AnswerRefused",
    "Away",
    "Client",
    "Kept",
    "MemoryKept",
    "Person",
    "Refused",
    "Settings",
    "Shell",
    "Shown",
    "Upload",
    "make_token",
    "read_answer",
]
