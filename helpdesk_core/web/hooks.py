"""Where plugins add to pages: routes, links, panels, columns, form fields.

The `render` specs below are the slots; a template shows one by `{{ slot("portal.ticket.sidebar", ticket=ticket)
}}`, whose name is the spec's with dots.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk_core.actor import Actor
from helpdesk_core.hooks import hookspec
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.web.parts import Answer, Article, Column, Command, FormField, Link, Panel, Source, TicketAction
from helpdesk_core.web.routing import Route


@hookspec.collect(since="0.1", when="startup")
def portal_routes() -> Sequence[Route]:
    """Return pages under `/x/<plugin id>/`; an admin may mount them elsewhere (`mount = "/kb"`)."""


@hookspec.collect(since="0.1", when="startup")
def desk_routes() -> Sequence[Route]:
    """Return pages under `/desk/x/<plugin id>/`."""


@hookspec.collect(since="0.1", when="startup")
def admin_routes() -> Sequence[Route]:
    """Return pages under `/admin/x/<plugin id>/`."""


@hookspec.collect(since="0.1", when="startup")
def content_sources() -> Sequence[Source]:
    """Return what the Content-Security-Policy must allow besides the site itself, such as who may frame the portal."""


@hookspec.collect(since="0.1", when="startup")
def template_globals() -> Sequence[tuple[str, Any]]:
    """Return names for this plugin's own templates, available there as `<plugin id>.<name>`."""


@hookspec.collect(since="0.1")
def portal_links(actor: Actor) -> Sequence[Link]:
    """Return entries of the portal's navigation."""


@hookspec.collect(since="0.1")
def desk_links(actor: Actor) -> Sequence[Link]:
    """Return entries of the desk's rail, below the workspaces."""


@hookspec.collect(since="0.1")
def desk_commands(actor: Actor) -> Sequence[Command]:
    """Return entries of the desk's command palette (Ctrl K): pages of the plugin, and what it can do.

    Entries of the rail are in the palette by themselves, as is every link or button that a page marks with
    `data-command`.
    """


@hookspec.collect(since="0.1")
def admin_links(actor: Actor) -> Sequence[Link]:
    """Return entries of the admin navigation."""


@hookspec.render(since="0.1")
def page_head(actor: Actor) -> Panel | None:
    """Add to the head of every page: links to own style sheets and modules, nothing inline."""


@hookspec.render(since="0.1")
def page_foot(actor: Actor) -> Panel | None:
    """Add to the end of every page."""


@hookspec.render(since="0.1")
def auth_login(actor: Actor) -> Panel | None:
    """Add to the form for signing in, such as the field for a second factor's code.

    What is entered arrives in `Credentials.fields`, by the field's name, at `authenticate` and `sign_in_check`.
    """


@hookspec.render(since="0.1")
def auth_other(actor: Actor) -> Panel | None:
    """Add below the form for signing in: other ways to sign in, such as an account at another site."""


@hookspec.render(since="0.1")
def portal_footer(actor: Actor) -> Panel | None:
    """Add to the portal's footer."""


@hookspec.render(since="0.1")
def portal_home(actor: Actor) -> Panel | None:
    """Add a panel to the portal's home, such as articles that help."""


@hookspec.render(since="0.1")
def portal_status(actor: Actor) -> Panel | None:
    """Say how the services do: known faults, maintenance to come. Shown on the portal's home and in other sites' pages.

    There it stands without the portal's own styles and scripts, so keep to paragraphs, lists and links.
    """


@hookspec.render(since="0.1")
def portal_ticket_new(actor: Actor) -> Panel | None:
    """Add a panel beside the form for a new ticket, such as suggestions while typing."""


@hookspec.collect(since="0.1")
def portal_answers(text: str, actor: Actor, department: str | None, limit: int) -> Sequence[Answer]:
    """Return pages that may answer a question, best first, at most `limit`: articles, known faults.

    `text` is what somebody types, three letters or more: into the search of the portal, or as the subject of a new
    ticket in `department` (its key; None for none). It is asked for again and again while they type, so answer fast,
    and only with what `actor` may read.
    """


@hookspec.pick(since="0.1")
def portal_article(slug: str, actor: Actor) -> Article | None:
    """Return the answer with that `Answer.slug` in full, for pages of other sites; None for what is not yours.

    Anybody can make up a slug: return only what `actor` may read. Links may be paths of this helpdesk.
    """


@hookspec.pick(since="0.1")
def answer_promise(actor: Actor, department: str | None) -> str | None:
    """Say when a ticket in that department (its key; None while none is chosen) is answered, as one sentence.

    It stands above the button that sends a new ticket: “We answer within four business hours.” None leaves it to the
    next plugin; without an answer the form only says where the answer will arrive.
    """


@hookspec.collect(since="0.1")
def ticket_form_fields(
    actor: Actor, customer_id: int | None, department: str | None, entered: Mapping[str, Mapping[str, str]]
) -> Sequence[FormField]:
    """Return fields to add to the form for a new ticket in that department (its key; None while none is chosen).

    `customer_id` is the account that the ticket is for, None for a visitor and an address without one. That is `actor`
    on the portal; on the desk `actor` is staff who writes for a caller, and need not know what a customer must say.
    `entered["<plugin id>"]` is what the fields hold so far, by field name, unchecked, so that a question can depend on
    an answer (`FormField.asks_again`); it is not there while the form is new. What was
    entered arrives, checked by each field's own `load`, in `NewTicket.extra["<plugin id>"]`, a mapping by field name;
    store it in `ticket_opening`.
    """


@hookspec.render(since="0.1")
def portal_ticket_sidebar(ticket: Ticket, actor: Actor) -> Panel | None:
    """Add a panel beside a customer's ticket."""


@hookspec.render(since="0.1")
def portal_ticket_foot(ticket: Ticket, actor: Actor) -> Panel | None:
    """Add below a customer's conversation, such as a question how it went."""


@hookspec.render(since="0.1")
def desk_home(actor: Actor) -> Panel | None:
    """Add a panel to the desk's list page."""


@hookspec.render(since="0.1")
def desk_ticket_header(ticket: Ticket, actor: Actor) -> Panel | None:
    """Add to the header of a ticket on the desk: short things, such as a clock."""


@hookspec.render(since="0.1")
def desk_ticket_sidebar(ticket: Ticket, actor: Actor) -> Panel | None:
    """Add a panel beside a ticket on the desk."""


@hookspec.render(since="0.1")
def desk_composer(ticket: Ticket, actor: Actor) -> Panel | None:
    """Add a tool to the composer, such as a list of reply templates.

    It stands inside the composer's form. `<button name="insert" value="<plugin id>:…">` puts text into what is being
    written: where the cursor is, or at its end without JavaScript; see `composer_text`.
    """


@hookspec.pick(since="0.1")
def composer_text(key: str, ticket: Ticket, actor: Actor) -> str | None:
    """Return the Markdown that a button of the composer inserts, such as a reply template filled in for the ticket.

    `key` is the button's `value`, which anybody can make up: return None for what is not yours (it begins with your
    plugin's id and a colon), is gone, or is not for this actor.
    """


@hookspec.collect(since="0.1")
def ticket_actions(ticket: Ticket, actor: Actor) -> Sequence[TicketAction]:
    """Return entries for a ticket's menu on the desk."""


@hookspec.render(since="0.1")
def message_parts(messages: Sequence[Message], ticket: Ticket, actor: Actor) -> Mapping[int, Panel]:
    """Return what to show under single messages, by message id; asked once for the whole conversation."""


@hookspec.collect(since="0.1", when="startup")
def ticket_columns() -> Sequence[Column]:
    """Return columns that a workspace may show."""


@hookspec.render(since="0.1")
def ticket_column_values(ticket_ids: Sequence[int], actor: Actor) -> Mapping[int, Mapping[str, str]]:
    """Return the plugin's column values as text, by ticket id and column key.

    `ticket_ids` are those of a whole page: answer with one query.
    """


@hookspec.render(since="0.1")
def admin_home(actor: Actor) -> Panel | None:
    """Add a panel to the admin's first page, such as the health of what the plugin runs."""


@hookspec.collect(since="0.1")
def health() -> Sequence[str]:
    """Return a sentence for everything that is wrong with what the plugin runs; shown on `/healthz` and to admins."""
