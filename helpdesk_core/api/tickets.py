"""Working with tickets: what pages and API do, a plugin does the same way."""

from helpdesk_core.tickets.audit import Broken, verify
from helpdesk_core.tickets.changing import change, close, move, reopen
from helpdesk_core.tickets.content import (
    clean_html,
    is_costly_markdown,
    is_visible,
    preview_of,
    render_markdown,
    text_of,
    words_of_html,
)
from helpdesk_core.tickets.conversation import find_by_message_id, note, reply
from helpdesk_core.tickets.facts import TicketFacts, facts_of
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.holding import draft_of, find_held, held_replies, hold_reply, send_reply, undo_send
from helpdesk_core.tickets.inputs import UNSET, Change, NewMessage, NewTicket, Requester, clean_line, clean_text
from helpdesk_core.tickets.linking import link, unlink
from helpdesk_core.tickets.listing import Page, TicketRow, count_tickets, list_tickets
from helpdesk_core.tickets.models import (
    HeldReply,
    Message,
    Operation,
    Participant,
    Priority,
    SavedSearch,
    Status,
    Ticket,
    TicketLink,
    TicketTag,
    TicketType,
)
from helpdesk_core.tickets.narrowing import ListFilter, ListOrder
from helpdesk_core.tickets.opening import open_ticket
from helpdesk_core.tickets.people import add_participant, follow, remove_participant, unfollow
from helpdesk_core.tickets.posting import Posted
from helpdesk_core.tickets.queries import (
    Linked,
    conversation,
    find_message,
    find_ticket,
    linked,
    lock_ticket,
    operations,
    participants,
    timeline,
)
from helpdesk_core.tickets.rearranging import merge, split, undo
from helpdesk_core.tickets.redacting import redact
from helpdesk_core.tickets.rights import visible, works
from helpdesk_core.tickets.seen import mark_seen, seen_at
from helpdesk_core.tickets.vocabulary import Vocabulary, vocabulary
from helpdesk_core.tickets.worked import worked

__all__ = [
    "UNSET",
    "Broken",
    "Change",
    "HeldReply",
    "Linked",
    "ListFilter",
    "ListOrder",
    "Message",
    "NewMessage",
    "NewTicket",
    "Operation",
    "Page",
    "Participant",
    "Posted",
    "Priority",
    "Requester",
    "SavedSearch",
    "Status",
    "Ticket",
    "TicketFacts",
    "TicketFilter",
    "TicketLink",
    "TicketRow",
    "TicketTag",
    "TicketType",
    "Vocabulary",
    "add_participant",
    "change",
    "clean_html",
    "clean_line",
    "clean_text",
    "close",
    "conversation",
    "count_tickets",
    "draft_of",
    "facts_of",
    "find_by_message_id",
    "find_held",
    "find_message",
    "find_ticket",
    "follow",
    "held_replies",
    "hold_reply",
    "is_costly_markdown",
    "is_visible",
    "link",
    "linked",
    "list_tickets",
    "lock_ticket",
    "mark_seen",
    "merge",
    "move",
    "note",
    "open_ticket",
    "operations",
    "participants",
    "preview_of",
    "redact",
    "remove_participant",
    "render_markdown",
    "reopen",
    "reply",
    "seen_at",
    "send_reply",
    "split",
    "text_of",
    "timeline",
    "undo",
    "undo_send",
    "unfollow",
    "unlink",
    "verify",
    "visible",
    "vocabulary",
    "words_of_html",
    "worked",
    "works",
]
