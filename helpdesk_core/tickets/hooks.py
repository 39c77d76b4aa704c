"""Where plugins take part in the life of a ticket, in the order in which it is lived."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from helpdesk_core.actor import Actor
from helpdesk_core.events.base import Event
from helpdesk_core.hooks import hookspec
from helpdesk_core.runtime import Transaction
from helpdesk_core.search.query import SearchQuery
from helpdesk_core.tickets.events import (
    MessagePosted,
    MessageRedacted,
    OperationUndone,
    ParticipantAdded,
    ParticipantRemoved,
    TicketChanged,
    TicketLinked,
    TicketMerged,
    TicketMoved,
    TicketOpened,
    TicketSplit,
    TicketUnlinked,
)
from helpdesk_core.tickets.facts import TicketFacts
from helpdesk_core.tickets.inputs import Change, NewMessage, NewTicket
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.tickets.narrowing import ListFilter, ListOrder


@hookspec.refine(since="0.1", refines="draft")
def ticket_draft(draft: NewTicket, actor: Actor) -> NewTicket:
    """Change a ticket before it is opened: department, priority, tags, text.

    Called for every channel, before rights are checked: those of what the person asked for, not of what you change.
    Return the draft (use `dataclasses.replace`); one that nobody could open is dropped, and counts as an error.
    """


@hookspec.veto(since="0.1")
def ticket_opening_check(draft: NewTicket, actor: Actor) -> Sequence[str]:
    """Say what stands in the way of opening this ticket, as sentences for the person who asked; nothing means go.

    An error in the hook lets the ticket pass: a broken plugin must not keep customers out.
    """


@hookspec.pick(since="0.1")
def ticket_number(ticket: Ticket) -> str | None:
    """Return the number of a new ticket, or None to leave it to the next.

    At most 32 letters, digits, dots, `-` and `_`, and not in use; another answer counts as an error. The ticket has its
    row id already. Without an answer, `[site] ticket_number` decides.
    """


@hookspec.within(since="0.1")
def ticket_opening(tx: Transaction, ticket: Ticket, message: Message, draft: NewTicket) -> None:
    """Write a plugin's own rows along with a new ticket, in the same transaction.

    `draft.extra` holds what the plugin's form fields brought. An error undoes this plugin's writes only.
    """


@hookspec.after(since="0.1", event=TicketOpened)
def ticket_opened(event: TicketOpened) -> None:
    """React to a new ticket, after commit, in the worker; at least once (`event.id`), in order per ticket."""


@hookspec.refine(since="0.1", refines="draft")
def message_draft(draft: NewMessage, ticket: Ticket, actor: Actor, kind: str) -> NewMessage:
    """Change a reply or note before it is posted. `kind` is `public` or `internal`."""


@hookspec.veto(since="0.1")
def message_check(draft: NewMessage, ticket: Ticket, actor: Actor, kind: str) -> Sequence[str]:
    """Say what stands in the way of posting this message; nothing means go. `kind` is `public` or `internal`."""


@hookspec.within(since="0.1")
def message_posting(tx: Transaction, ticket: Ticket, message: Message) -> None:
    """Write a plugin's own rows along with a message (the first one included), in the same transaction."""


@hookspec.after(since="0.1", event=MessagePosted)
def message_posted(event: MessagePosted) -> None:
    """React to a message, after commit, in the worker."""


@hookspec.refine(since="0.1", refines="change")
def ticket_change(change: Change, ticket: Ticket, actor: Actor) -> Change:
    """Change what is about to change: add a tag, correct a status."""


@hookspec.veto(since="0.1")
def ticket_change_check(change: Change, ticket: Ticket, actor: Actor) -> Sequence[str]:
    """Say what stands in the way of this change; nothing means go."""


@hookspec.within(since="0.1")
def ticket_changing(tx: Transaction, ticket: Ticket, changes: dict[str, list[Any]]) -> None:
    """Write a plugin's own rows along with a change. `changes` maps each field to what it was and what it is."""


@hookspec.after(since="0.1", event=TicketChanged)
def ticket_changed(event: TicketChanged) -> None:
    """React to changed fields, after commit; `event.closed` and `event.reopened` tell the turns of its life."""


@hookspec.veto(since="0.1")
def ticket_move_check(ticket: Ticket, department: str, actor: Actor) -> Sequence[str]:
    """Say what stands in the way of moving the ticket to the department with this key; nothing means go."""


@hookspec.after(since="0.1", event=TicketMoved)
def ticket_moved(event: TicketMoved) -> None:
    """React to a move to another department."""


@hookspec.after(since="0.1", event=ParticipantAdded)
def participant_added(event: ParticipantAdded) -> None:
    """React to somebody joining a ticket."""


@hookspec.after(since="0.1", event=ParticipantRemoved)
def participant_removed(event: ParticipantRemoved) -> None:
    """React to somebody leaving a ticket."""


@hookspec.within(since="0.1")
def messages_moving(tx: Transaction, source: Ticket, target: Ticket, messages: Sequence[Message]) -> None:
    """Take a plugin's rows along when messages go from one ticket to another: by split, merge, or their undoing."""


@hookspec.after(since="0.1", event=TicketSplit)
def ticket_split(event: TicketSplit) -> None:
    """React to a split; delivered for both tickets."""


@hookspec.after(since="0.1", event=TicketMerged)
def ticket_merged(event: TicketMerged) -> None:
    """React to a merge; delivered for both tickets."""


@hookspec.after(since="0.1", event=OperationUndone)
def operation_undone(event: OperationUndone) -> None:
    """React to a split or merge being undone; delivered for both tickets."""


@hookspec.after(since="0.1", event=TicketLinked)
def ticket_linked(event: TicketLinked) -> None:
    """React to a link between two tickets."""


@hookspec.after(since="0.1", event=TicketUnlinked)
def ticket_unlinked(event: TicketUnlinked) -> None:
    """React to a link that was taken away."""


@hookspec.within(since="0.1")
def message_redacting(
    tx: Transaction, ticket: Ticket, message: Message, tickets: Collection[int], repeats: Callable[[str], bool]
) -> None:
    """Remove what a plugin keeps of a message's content (an index, a copy), as the message is redacted.

    `tickets` are the ids of all tickets that share the conversation, by splits and merges; `repeats` tells of a plain
    text whether it repeats something that only this message said, for copies of what quotes it. Messages that quote
    it have got their mark already.
    """


@hookspec.after(since="0.1", event=MessageRedacted)
def message_redacted(event: MessageRedacted) -> None:
    """React to a redaction."""


@hookspec.after(since="0.1", any_event=True)
def event_recorded(event: Event) -> None:
    """React to every event there is, core's and other plugins': for webhooks, indexes, feeds."""


@hookspec.render(since="0.1")
def ticket_extras(ticket_ids: Sequence[int], actor: Actor) -> Mapping[int, Any]:
    """Return what the plugin adds to tickets in the API, by ticket id; it appears under `x.<plugin id>`.

    `ticket_ids` are those of a whole page: answer with one query. Values are JSON's own kinds.
    """


@hookspec.pick(since="0.1")
def ticket_search(query: SearchQuery, actor: Actor, internal: bool, newest: bool, limit: int) -> Sequence[int] | None:
    """Return the ids of the tickets that a search finds, best first (`newest`: last changed first), at most `limit`.

    Look only among what `actor` may see (their departments, or their own tickets): core applies the rights afterwards
    in any case, but what it takes away is not replaced. Without `internal`, notes must not be looked at. None leaves it
    to the next plugin, and in the end to the database, which looks for the text as it stands. Values of `status`,
    `department`, `priority` and `type` are keys.
    """


@hookspec.collect(since="0.1", when="startup")
def list_filters() -> Sequence[ListFilter]:
    """Return filters of ticket lists: for the desk's lists, workspaces, the API's `x`, and as a word of searches.

    A filter that fails finds nothing, so that nobody changes many tickets that they did not mean.
    """


@hookspec.collect(since="0.1", when="startup")
def list_orders() -> Sequence[ListOrder]:
    """Return orders of ticket lists, each by a column of a table of the plugin; for lists, workspaces and the API."""


@hookspec.collect(since="0.1", when="startup")
def ticket_facts() -> Sequence[TicketFacts]:
    """Return rows that the plugin keeps about tickets, so that a page reads those of all plugins with one query.

    `facts_of` hands them out, to the hooks that show them: panels, columns, extras of the API.
    """
