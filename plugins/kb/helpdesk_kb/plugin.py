"""What the knowledge base adds to the helpdesk; the work itself is done in the other modules."""

from collections.abc import Sequence
from datetime import timedelta

import click
from flask import has_request_context, request, session, url_for

from helpdesk_core.api import (
    Actor,
    Answer,
    Helpdesk,
    Job,
    Link,
    Panel,
    Permission,
    Plugin,
    Route,
    TicketAction,
    Transaction,
    hookimpl,
)
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.hooks import (
    api_routes,
    cli_commands,
    composer_text,
    demo_filling,
    desk_composer,
    desk_links,
    desk_routes,
    erase_personal_data,
    page_foot,
    permissions,
    personal_data,
    portal_answers,
    portal_article,
    portal_links,
    portal_routes,
    scheduled_jobs,
    search_sources,
    ticket_actions,
    ticket_opening,
)
from helpdesk_core.api.rest import ApiRoute
from helpdesk_core.api.search import FoundPage, SearchQuery, SearchSource
from helpdesk_core.api.settings import gettext_noop as _l
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import PersonalData, User
from helpdesk_core.api.web import Article as ShownArticle

from . import addresses, files, inserting, privacy, reading, visits
from .api import endpoints
from .desk import Desk
from .desk_more import DeskMore
from .events import ArticleChanged
from .models import Base
from .portal import VISITOR, Portal
from .rendering import shown
from .rights import FOR_CUSTOMERS, PUBLISH, WRITE
from .settings import Settings
from .texts import _, lazy


class KbPlugin(Plugin):
    """Articles that answer before a ticket is written."""

    id = "kb"
    title = _l("Knowledge base")
    summary = _l("Articles that answer before a ticket is written, with suggestions while somebody asks.")
    settings = Settings
    models = Base.metadata
    events = (ArticleChanged,)

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare the pages."""
        super().__init__(desk)
        self.portal = Portal(desk)
        self.pages = (Desk(desk, lambda: self.config), DeskMore(desk))

    @hookimpl(permissions)
    def permissions(self) -> Sequence[Permission]:
        """Return what roles can allow."""
        return [
            Permission(WRITE, lazy("write articles of the knowledge base"), owner=self.id, per_department=True),
            Permission(PUBLISH, lazy("publish and archive articles"), owner=self.id, per_department=True),
        ]

    @hookimpl(portal_routes)
    def portal_routes(self) -> Sequence[Route]:
        """Return the readers' pages."""
        return self.portal.routes()

    @hookimpl(desk_routes)
    def desk_routes(self) -> Sequence[Route]:
        """Return the editors' pages."""
        return [route for each in self.pages for route in each.routes()]

    @hookimpl(portal_links)
    def portal_links(self) -> Sequence[Link]:
        """Return the way to the articles."""
        text = _("Answers to what is asked most.")
        return [Link(label=_("Knowledge base"), href=addresses.to("home"), text=text, icon="book-open", order=50)]

    @hookimpl(desk_links)
    def desk_links(self, actor: Actor) -> Sequence[Link]:
        """Return the way to the editors' list."""
        if not actor.may(WRITE):
            return []
        return [Link(label=_("Knowledge base"), href=url_for("desk_kb_articles"), icon="book-open")]

    @hookimpl(portal_answers)
    def portal_answers(self, text: str, actor: Actor, limit: int) -> Sequence[Answer]:
        """Return the articles that may answer what somebody types."""
        with self.desk.read() as read:
            found = reading.suggest(self.desk, read, actor, addresses.reader_locale(), text, limit)
            bodies = reading.plain_texts(read, found)
        return [
            Answer(
                title=card.title,
                href=addresses.of_card(card, via="answer"),
                text=card.summary,
                body=bodies.get(card.text_id, ""),
                slug=f"{card.locale}/{card.slug}",
            )
            for card in found
        ]

    @hookimpl(portal_article)
    def portal_article(self, slug: str, actor: Actor) -> ShownArticle | None:
        """Return an article in full, for pages of other sites; its slug is language and name."""
        locale, _slash, name = slug.partition("/")
        with self.desk.read() as read:
            try:
                article, text = reading.find_live(read, actor, locale, name)
            except NotFound:
                return None
            names = files.pictures_of(read, article)
            html, _headings = shown(text.html, lambda file: addresses.of_file(article, file), names)
        return ShownArticle(title=text.title, html=html)

    @hookimpl(desk_composer)
    def desk_composer(self, ticket: Ticket, actor: Actor) -> Panel | None:
        """Offer articles to insert; they are looked for when somebody opens the menu, and no page waits."""
        found = None
        if request.form.get("insert") == inserting.FIND:
            with self.desk.read() as read:
                found = inserting.proposals(self.desk, read, actor, ticket)
        search = url_for("desk_kb_insert", number=ticket.number)
        context = {"found": found, "search": search, "find": inserting.FIND}
        return Panel(template="kb/composer.html", context=context, order=60)

    @hookimpl(page_foot)
    def page_foot(self) -> Panel | None:
        """Give the composer's field for searching a form of its own, so that Enter in it sends no reply."""
        return Panel(template="kb/nowhere.html") if request.endpoint == "desk.ticket" else None

    @hookimpl(composer_text)
    def composer_text(self, key: str, actor: Actor) -> str | None:
        """Return the Markdown of an article, or a link to it; nothing for the button that shows what there is."""
        if key == inserting.FIND:
            return ""
        address = addresses.absolute(addresses.to("home")).rstrip("/") + "/{locale}/{slug}"
        with self.desk.read() as read:
            return inserting.inserted(read, actor, key, address)

    @hookimpl(ticket_actions)
    def ticket_actions(self, ticket: Ticket, actor: Actor) -> Sequence[TicketAction]:
        """Offer to make an article of the ticket."""
        if not actor.may(WRITE):
            return []
        href = url_for("desk_kb_new", ticket=ticket.number)
        return [TicketAction(label=_("Make an article of it"), href=href, icon="book-open")]

    @hookimpl(ticket_opening)
    def ticket_opening(self, tx: Transaction, ticket: Ticket) -> None:
        """Mark what the person has read before as not having been enough."""
        found = [visits.visitor_of(ticket.requester_id, "")]
        if has_request_context() and VISITOR in session and tx.actor.user_id in (None, ticket.requester_id):
            found.append(visits.visitor_of(None, session[VISITOR]))
        visits.note_ticket(tx, ticket, found)

    @hookimpl(search_sources)
    def search_sources(self) -> Sequence[SearchSource]:
        """Let a plugin with an index find articles."""
        return [reading.source(self._find)]

    def _find(self, query: SearchQuery, actor: Actor, limit: int) -> Sequence[FoundPage]:
        """Return articles for the search page of the desk; they have no fields."""
        if any(term.field for term in query.terms) or query.after or query.before:
            return []
        with self.desk.read() as read:
            found = reading.search(self.desk, read, actor, addresses.reader_locale(), query.text, limit)
            bodies = reading.plain_texts(read, found)
        return [
            FoundPage(
                title=card.title,
                href=addresses.of_card(card),
                text=card.summary,
                body=bodies.get(card.text_id, ""),
                icon="file-text" if card.visibility in FOR_CUSTOMERS else "lock",
            )
            for card in found
        ]

    @hookimpl(scheduled_jobs)
    def scheduled_jobs(self) -> Sequence[Job]:
        """Forget old visits every night."""
        return [Job("forget", timedelta(days=1), lambda desk: visits.forget_old(desk, self.config["keep_visits_days"]))]

    @hookimpl(api_routes)
    def api_routes(self) -> Sequence[ApiRoute]:
        """Return the operations of the API."""
        return endpoints.routes

    @hookimpl(cli_commands)
    def cli_commands(self) -> Sequence[click.Command]:
        """Add `export` and `import`."""
        from .commands import commands

        return commands(self.desk)

    @hookimpl(demo_filling)
    def demo_filling(self, tx: Transaction) -> None:
        """Write a few articles for the demo."""
        from .samples import fill

        fill(self.desk, tx)

    @hookimpl(personal_data)
    def personal_data(self, user: User) -> Sequence[PersonalData]:
        """Return what is kept about a person."""
        return privacy.data_of(self.desk, user)

    @hookimpl(erase_personal_data)
    def erase_personal_data(self, tx: Transaction, user: User) -> None:
        """Forget a person."""
        privacy.forget(tx, user)
