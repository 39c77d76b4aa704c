"""What the portal's own pages are made of, for plugins that show the same in another place: forms, letters, lists.

All of it belongs to the request at hand and to the actor who asks (`helpdesk_core.api.web.act_as`).
"""

from helpdesk_core.departments.queries import visible_departments
from helpdesk_core.tickets.conversation import needs_follow_up
from helpdesk_core.web.letters import File, Letter, as_letter
from helpdesk_core.web.oversize import refuse_left_out
from helpdesk_core.web.portal.home import answers_to, finds_answers
from helpdesk_core.web.portal.lists import GROUPS
from helpdesk_core.web.portal.questions import Question, answers, labels, questions
from helpdesk_core.web.portal.words import ListedTicket, Standing, listed, standing
from helpdesk_core.web.resent import sent_before
from helpdesk_core.web.submitted import EXPECTED, keep_files, received_files, refuse_unusable, waiting_files

__all__ = [
    "EXPECTED",
    "GROUPS",
    "File",
    "Letter",
    "ListedTicket",
    "Question",
    "Standing",
    "answers",
    "answers_to",
    "as_letter",
    "finds_answers",
    "keep_files",
    "labels",
    "listed",
    "needs_follow_up",
    "questions",
    "received_files",
    "refuse_left_out",
    "refuse_unusable",
    "sent_before",
    "standing",
    "visible_departments",
    "waiting_files",
]
