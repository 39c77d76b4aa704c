"""The plugin: what people search is looked up in an index that the worker keeps. Wiring only."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import ClassVar, TypeVar

import click

from helpdesk_core.api import SYSTEM, Actor, Event, Helpdesk, Job, Plugin, hookimpl
from helpdesk_core.api.hooks import (
    cli_commands,
    document_search,
    event_recorded,
    scheduled_jobs,
    search_correction,
    search_marks,
    ticket_search,
)
from helpdesk_core.api.search import SearchQuery, sources

from .asking import TICKETS, wanted, wanted_tickets
from .engine import Engine, IndexBroken, Wanted
from .forgetting import ERASING
from .keeping import Keeper
from .marking import all_places, correction
from .settings import SearchSettings
from .stale import AT_ONCE
from .stores import Folders, Store, take_over
from .tables import Tables

Found = TypeVar("Found")
log = logging.getLogger(__name__)
RENAMED, ERASED = "user.changed", "user.erased"
OF_ORGANISATIONS = "organisation.changed"


class IndexPlugin(Plugin, ABC):
    """What every plugin with an index does; those that bring another engine derive from it."""

    tables: ClassVar[Tables]

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare; the index is opened when it is first asked for."""
        super().__init__(desk)
        take_over(desk.config.instance / "search" / self.id, self.own_folder)
        self.keeper = Keeper(desk, self.tables, self.store, self.stores_not_chosen)

    @abstractmethod
    def store(self) -> Store:
        """Return where the generations of the index are; each plugin that derives from this one says so."""

    def stores_not_chosen(self) -> Sequence[Store]:
        """Return where other settings would have generations, so that none stays there once the settings change."""
        return ()

    def close(self) -> None:
        """Close the index."""
        self.keeper.close()

    @hookimpl(ticket_search)
    def ticket_search(
        self, query: SearchQuery, actor: Actor, internal: bool, newest: bool, limit: int
    ) -> Sequence[int] | None:
        """Look tickets up."""
        found = self._find(wanted_tickets(query, actor, internal=internal, newest=newest, limit=limit))
        return None if found is None else [int(key) for key in found]

    @hookimpl(document_search)
    def document_search(
        self, source: str, query: SearchQuery, labels: frozenset[str], limit: int
    ) -> Sequence[str] | None:
        """Look documents of other plugins up."""
        return self._find(wanted(query, source, labels, limit=limit))

    @hookimpl(search_marks)
    def search_marks(self, query: SearchQuery, texts: Sequence[str]) -> Sequence[Sequence[tuple[int, int]]] | None:
        """Mark every form of the words."""
        return all_places(query, texts)

    @hookimpl(search_correction)
    def search_correction(self, query: SearchQuery, internal: bool) -> str | None:
        """Propose another spelling."""
        return self._using(lambda engine: correction(query, engine, internal=internal))

    @hookimpl(event_recorded)
    def event_recorded(self, event: Event) -> None:
        """Note what an event makes stale."""
        changed = {name: source.changed(event) for name, source in sources(self.desk).items()}
        names = (RENAMED, ERASED, OF_ORGANISATIONS)
        if event.ticket_id is None and event.type not in names and not any(changed.values()):
            return
        had = self._of_organisation(event.data()["organisation_id"]) if event.type == OF_ORGANISATIONS else ()
        if event.type == ERASED:
            self.keeper.stale.mark_tickets_of_erased(self.desk, event.data()["user_id"])
        with self.desk.begin(SYSTEM) as tx:
            if event.ticket_id is not None:
                self.keeper.stale.mark(tx, TICKETS, [str(event.ticket_id)])
            elif event.type == RENAMED:
                self.keeper.stale.mark_tickets_of(tx, event.data()["user_id"])
            elif event.type == OF_ORGANISATIONS:
                self.keeper.stale.mark_tickets_of_organisation(tx, event.data()["organisation_id"])
                self.keeper.stale.mark(tx, TICKETS, had)
            for name, keys in changed.items():
                self.keeper.stale.mark(tx, name, keys)
            if event.type in ERASING:
                self.keeper.forgetting.note(tx)

    @hookimpl(scheduled_jobs)
    def scheduled_jobs(self) -> Sequence[Job]:
        """Keep the index, and the texts of files."""
        texts = self.keeper.texts
        return [
            Job("index", timedelta(seconds=2), lambda _desk: self.keeper.work(self.event_recorded)),
            Job("reread", timedelta(minutes=1), lambda _desk: texts.reread()),
            Job("forget", timedelta(hours=1), lambda _desk: texts.forget()),
            Job("tidy", timedelta(minutes=10), lambda _desk: self.keeper.tidy()),
        ]

    @hookimpl(cli_commands)
    def cli_commands(self) -> Sequence[click.Command]:
        """Add `status` and `rebuild`."""
        from .commands import commands

        return commands(self.keeper)

    def _of_organisation(self, id_: int) -> Sequence[str]:
        """Return the tickets that the index has of an organisation: of one that was deleted nobody else knows them."""
        return self._find(Wanted(TICKETS, (), labels={f"o{id_}"}, newest=True, limit=AT_ONCE)) or ()

    def _find(self, asked: Wanted) -> list[str] | None:
        return self._using(lambda engine: engine.search(asked))

    def _using(self, ask: Callable[[Engine], Found]) -> Found | None:
        engine = self.keeper.engine()
        if engine is None:
            return None
        try:
            return ask(engine)
        except IndexBroken as error:
            self.keeper.broken(error, engine)
            return None


class SearchPlugin(IndexPlugin):
    """Search with Whoosh, or in PostgreSQL."""

    id = "search"
    title = "Full-text search"
    summary = "Finds tickets by word forms, phrases and fields, with an index that needs no server."
    settings = SearchSettings
    tables = Tables("search", documents=True)
    models = tables.metadata

    def store(self) -> Store:
        """Return folders, or PostgreSQL's table."""
        return self._rows() if self.config["engine"] == "postgresql" else self._folders()

    def stores_not_chosen(self) -> Sequence[Store]:
        """Return the other of the two."""
        if self.config["engine"] == "postgresql":
            return [self._folders()]
        return [self._rows()] if self.desk.engine.dialect.name == "postgresql" else []

    def _rows(self) -> Store:
        from .postgresql_engine import Generations

        return Generations(self.desk, self.tables.documents)

    def _folders(self) -> Store:
        from .whoosh_engine import WhooshEngine, is_there

        return Folders(self.own_folder, WhooshEngine, is_there)
