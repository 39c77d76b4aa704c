"""What plugins show under single messages of a conversation."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from helpdesk_core.hooks import Rendered
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.web import hooks
from helpdesk_core.web.asking_ahead import Question, rendered
from helpdesk_core.web.context import current_actor
from helpdesk_core.web.parts import Panel
from helpdesk_core.web.slots import as_html, failure


def message_parts(messages: Sequence[Message], ticket: Ticket) -> Mapping[int, Markup]:
    """Return what plugins add to the messages, by message id; they are asked once for all of them.

    Only the messages that are on the page are handed over, so a customer's page asks for nothing internal. Where a
    plugin fails, staff see so under the last message.
    """
    asked = of_messages(messages, ticket)
    results: list[Rendered[Mapping[int, Markup]]] = rendered(hooks.message_parts, asked.show, **asked.values)
    there = [message.id for message in messages]
    found: dict[int, Markup] = {}
    for result in results:
        parts = result.value if result.value is not None else {there[-1]: failure(result)} if there else {}
        for message_id, part in parts.items():
            found[message_id] = found.get(message_id, Markup("")) + part
    return found


def of_messages(messages: Sequence[Message], ticket: Ticket) -> Question:
    """Return what plugins are asked for the messages."""
    there = {message.id for message in messages}

    def show(plugin_id: str, panels: Mapping[int, Panel]) -> Mapping[int, Markup]:
        return {key: as_html(plugin_id, panel, "message") for key, panel in panels.items() if key in there}

    values = {"messages": messages, "ticket": ticket, "actor": current_actor()}
    return Question(hooks.message_parts, values, show)
