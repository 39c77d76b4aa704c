"""A plugin's life in a helpdesk that is made for the purpose: migrations, routes, enabling, disabling, purging."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from flask import Flask
from marshmallow import ValidationError
from sqlalchemy import Engine, inspect, select, text

from helpdesk_core.app import create_app, open_helpdesk
from helpdesk_core.clock import utc_now
from helpdesk_core.db import migrate
from helpdesk_core.db.engine import database_url, make_engine
from helpdesk_core.db.migrate import MigrationError
from helpdesk_core.db.owners import Owner, tables_of
from helpdesk_core.db.revise import differences
from helpdesk_core.errors import HelpdeskError, NotFound
from helpdesk_core.hooks import HookFailed
from helpdesk_core.plugins.discovery import Discovered, discover
from helpdesk_core.plugins.plugin import Plugin
from helpdesk_core.plugins.purge import ROWS, purge
from helpdesk_core.plugins.records import upgrade_plugin
from helpdesk_core.rest.hooks import api_routes
from helpdesk_core.rest.routing import ApiRoute
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.users.actors import all_permissions
from helpdesk_core.web.mounting import AREAS
from helpdesk_core.web.routing import CUSTOMER, PUBLIC, SIGNED_IN, STAFF, Route

DATABASE: Final = "helpdesk.db"
ANYWHERE: Final = {PUBLIC, SIGNED_IN, CUSTOMER, STAFF}
ENV: Final = {"HELPDESK_SECRET_KEY": "a secret for checks that is long enough", "HELPDESK_MAIL__TRANSPORT": "none"}


@dataclass(frozen=True)
class Scratch:
    """A folder with core's own tables in a database, the plugin, and its class."""

    folder: Path
    plugin: Discovered
    class_: type[Plugin]

    @property
    def url(self) -> str:
        """The address of the database."""
        return f"sqlite:///{self.folder / DATABASE}"

    def needed(self) -> list[Discovered]:
        """Return the plugins that it requires, those that they require first."""
        installed, ordered = discover(), list[Discovered]()

        def add(plugin_id: str) -> None:
            if plugin_id not in installed:
                raise NotFound(f"It requires the plugin {plugin_id}, which is not installed.")
            found = installed[plugin_id]
            if found not in ordered:
                for each in found.entry_point.load().requires:
                    add(each)
                ordered.append(found)

        for each in self.class_.requires:
            add(each)
        return ordered

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """Open the database."""
        engine = make_engine(database_url(self.url))
        try:
            yield engine
        finally:
            engine.dispose()

    @contextmanager
    def desk(self, *enabled: str) -> Iterator[Helpdesk]:
        """Open the helpdesk with those plugins enabled, and with a value for each setting that must be given."""
        env = ENV | {"HELPDESK_DATABASE__URL": self.url, "HELPDESK_PLUGINS__ENABLED": ",".join(enabled)}
        desk = open_helpdesk(self.folder, env=env)
        try:
            yield desk
        finally:
            desk.close()


def settings(class_: type[Plugin]) -> Iterator[str]:
    """Yield a sentence for each setting without label or help, and for defaults that the schema itself refuses."""
    if class_.settings is None:
        return
    schema = class_.settings()
    for key, field in schema.fields.items():
        if not field.metadata.get("label") or not field.metadata.get("help"):
            yield f'{key} is not explained; give it metadata=about("Label", help="What it is for.").'
        if field.required:
            yield f"{key} has no default; without one the plugin cannot be enabled on a page. Give load_default."
    required = tuple(key for key, field in schema.fields.items() if field.required)
    try:
        given = schema.dump(schema.load({}, partial=required))
        wrong = schema.validate({key: value for key, value in given.items() if value not in (None, "")}, partial=True)
    except ValidationError as error:
        wrong = error.messages_dict
    for key, messages in wrong.items():
        if "masked" not in str(messages):
            yield f"The default of {key} is refused by the schema itself: {messages}"


def migrations(scratch: Scratch) -> Iterator[str]:
    """Go up, compare with the models, go down, and up again."""
    owner = Owner(scratch.plugin.id, scratch.plugin.owner().folder, scratch.class_.models)
    has_tables = scratch.class_.models is not None and bool(scratch.class_.models.tables)
    if owner.folder is None:
        if has_tables:
            yield f"It has tables and no migrations; write them: helpdesk db revision {owner.id} -m 'Make the tables'"
        return
    with scratch.engine() as engine:
        try:
            for each in scratch.needed():
                migrate.upgrade(engine, each.owner())
            migrate.upgrade(engine, owner)
            with engine.connect() as connection:
                for difference in differences(connection, owner):
                    yield f"The migrations do not lead to the models ({_told(difference)}): helpdesk db revision"
            migrate.downgrade(engine, owner)
            left = tables_of(owner.id, inspect(engine).get_table_names())
            if left:
                yield f"Going back to nothing leaves {', '.join(sorted(left))}; drop it in downgrade()."
            migrate.upgrade(engine, owner)
        except MigrationError as error:
            yield str(error)


def routes(scratch: Scratch) -> Iterator[str]:
    """Load the plugin and build the application around it; look at the permissions of its routes."""
    plugin_id = scratch.plugin.id
    with _enabled(scratch) as (desk, app):
        state = desk.plugins.get(plugin_id)
        if not desk.plugins.is_active(plugin_id):
            yield f"It is {state.status}: {state.reason}"
            return
        yield from desk.hooks.warnings(plugin_id)
        known = ANYWHERE | set(all_permissions(desk))
        for route in _routes(desk, plugin_id):
            asked = route.permission if isinstance(route.permission, tuple) else (route.permission,)
            for permission in asked:
                if permission not in known:
                    yield (
                        f"The route {route.rule} asks for “{permission}”, which nobody can be given; return it from "
                        "the hook `permissions`, or use PUBLIC, SIGNED_IN, CUSTOMER or STAFF."
                    )
            if PUBLIC in asked and isinstance(route, Route) and route.rule.startswith("/admin"):
                yield f"The route {route.rule} of the admin area is open to everybody."
        wanted = {name for name in app.view_functions if f"_{plugin_id}_" in name}
        if not wanted and any(True for _ in _routes(desk, plugin_id)):
            yield "None of its routes can be reached."


def life(scratch: Scratch) -> Iterator[str]:
    """Enable, disable and purge the plugin; nothing of it may be left, and core must work without it all along."""
    plugin_id = scratch.plugin.id
    with scratch.engine() as engine:
        before = set(inspect(engine).get_table_names())
    with _enabled(scratch) as (desk, _app):
        if not desk.plugins.is_active(plugin_id):
            yield f"Enabled, it is {desk.plugins.get(plugin_id).status}: {desk.plugins.get(plugin_id).reason}"
            return
    others = [each.id for each in scratch.needed()]
    with scratch.desk(*others) as desk:
        create_app(desk)
        if desk.plugins.is_active(plugin_id):
            yield "Disabled, it is active still."
        try:
            purge(desk, plugin_id, plugin_id)
        except HelpdeskError as error:
            yield f"It cannot be purged: {error}"
            return
    with scratch.engine() as engine, engine.connect() as connection:
        mine = {each for each in inspect(engine).get_table_names() if each not in before}
        mine -= {name for other in scratch.needed() for name in _all_tables_of(other.id, mine)}
        if mine:
            yield f"Purged, it leaves the tables {', '.join(sorted(mine))}."
        for table, column in ROWS.items():
            query = select(text("1")).select_from(text(table)).where(text(f"{column} = :id"))
            if connection.execute(query, {"id": plugin_id}).first() is not None:
                yield f"Purged, it leaves rows in {table}."


@contextmanager
def _enabled(scratch: Scratch) -> Iterator[tuple[Helpdesk, Flask]]:
    needed = scratch.needed()
    with scratch.engine() as engine:
        for each in (*needed, scratch.plugin):
            upgrade_plugin(engine, each, utc_now())
    with scratch.desk(*(each.id for each in needed), scratch.plugin.id) as desk:
        yield desk, create_app(desk)


def _routes(desk: Helpdesk, plugin_id: str) -> Iterator[Route | ApiRoute]:
    try:
        for spec, _prefix in AREAS.values():
            yield from desk.hooks.collect_from(spec, plugin_id)
        yield from desk.hooks.collect_from(api_routes, plugin_id)
    except HookFailed as error:
        raise AssertionError(f"{error}, although the application could be built") from error


def _all_tables_of(plugin_id: str, tables: set[str]) -> set[str]:
    return {name for name in tables if name.startswith(f"{plugin_id}_")}


def _told(difference: Any) -> str:
    """Return one of Alembic's directives in few words."""
    first = difference[0] if isinstance(difference, list) else difference
    return " ".join(str(getattr(part, "name", part)) for part in first if part is not None)
