"""What plugins show under single messages of a conversation."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.web import hooks
from helpdesk_core.web.context import current_actor, current_desk
from helpdesk_core.web.parts import Panel
from helpdesk_core.web.slots import as_html, failure


def message_parts(messages: Sequence[Message], ticket: Ticket) -> Mapping[int, Markup]:
    """Return what plugins add to the messages, by message id; they are asked once for all of them.

    Only the messages that are on the page are handed over, so a customer's page asks for nothing internal. Where a
    plugin fails, staff see so under the last message.
    """
    there = [message.id for message in messages]

    def show(plugin_id: str, panels: Mapping[int, Panel]) -> Mapping[int, Markup]:
        return {key: as_html(plugin_id, panel, "message") for key, panel in panels.items() if key in there}

    results = current_desk().hooks.render_as(
        hooks.message_parts, show, messages=messages, ticket=ticket, actor=current_actor()
    )
    found: dict[int, Markup] = {}
    for result in results:
        parts = result.value if result.value is not None else {there[-1]: failure(result)} if there else {}
        for message_id, part in parts.items():
            found[message_id] = found.get(message_id, Markup("")) + part
    return found
