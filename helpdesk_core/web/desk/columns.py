"""The columns of lists: core's and those of plugins, as a workspace has chosen them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from markupsafe import Markup

from helpdesk_core.hooks import Rendered
from helpdesk_core.texts import LazyText
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.listing import TicketRow
from helpdesk_core.tickets.queries import tags_of
from helpdesk_core.tickets.vocabulary import narrowing
from helpdesk_core.web import hooks
from helpdesk_core.web.asking_ahead import Question, rendered
from helpdesk_core.web.context import current_actor, current_desk, db
from helpdesk_core.web.localisation import relatives, spoken
from helpdesk_core.web.slots import failure


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column of lists. `css` says when it gives way; a plugin's key is `<plugin id>.<key>`."""

    key: str
    label: Any
    css: str = "hd-fit hd-col-3"
    sort: str = ""
    plugin_id: str = ""

    @property
    def first(self) -> str:
        """The order that a first click on its head brings: the newest of core's, but the lowest of plugins'."""
        return self.sort if self.plugin_id else f"-{self.sort}"

    @property
    def own(self) -> str:
        """Its key within the plugin."""
        return self.key.removeprefix(f"{self.plugin_id}.")


CORE: Final = {
    each.key: each
    for each in (
        ListColumn("requester", _l("Requester"), "hd-col-2"),
        ListColumn("organisation", _l("Organisation"), "hd-col-3"),
        ListColumn("department", _l("Department"), "hd-col-3 hd-col-wide"),
        ListColumn("assignee", _l("Assignee"), "hd-fit hd-col-2"),
        ListColumn("status", _l("Status"), "hd-fit"),
        ListColumn("priority", _l("Priority"), "hd-fit hd-col-3", sort="priority"),
        ListColumn("type", _l("Type")),
        ListColumn("tags", _l("Tags"), "hd-col-3"),
        ListColumn("waiting_on", _l("Whose turn")),
        ListColumn("messages", _l("Messages"), "hd-fit hd-end hd-col-3"),
        ListColumn("customer", _l("Customer wrote"), "hd-fit hd-end hd-col-3"),
        ListColumn("agent", _l("We wrote"), "hd-fit hd-end hd-col-3"),
        ListColumn("created", _l("Opened"), "hd-fit hd-end hd-col-3", sort="created"),
        ListColumn("updated", _l("Changed"), "hd-fit hd-end hd-col-2", sort="updated"),
    )
}
USUAL: Final = ("requester", "department", "assignee", "status", "priority")
"""What a list shows if nobody has chosen: these, all columns of plugins, and when it was changed."""


def every_column() -> Mapping[str, ListColumn]:
    """Return the columns there are, by key, in the usual order: those shown if nobody has chosen come first."""
    desk = current_desk()
    gathered = [(plugin_id, each) for plugin_id, columns in desk.gather(hooks.ticket_columns) for each in columns]

    def make() -> Mapping[str, ListColumn]:
        orders = narrowing(desk).orders
        plugins: dict[str, ListColumn] = {}
        for plugin_id, column in gathered:
            key, sort = f"{plugin_id}.{column.key}", f"{plugin_id}.{column.sort}"
            plugins[key] = ListColumn(key, column.label, sort=sort if sort in orders else "", plugin_id=plugin_id)
        usual = {key: CORE[key] for key in USUAL} | plugins | {"updated": CORE["updated"]}
        return usual | CORE

    return desk.worked_out(("columns", *(id(each) for _, each in gathered)), make)


def usual_columns() -> list[str]:
    """Return the keys of what a list shows if nobody has chosen."""
    return [key for key, column in every_column().items() if key in (*USUAL, "updated") or column.plugin_id]


def chosen_columns(keys: Sequence[str]) -> list[ListColumn]:
    """Return the columns with these keys, in this order; those of plugins that are switched off are left out."""
    known = every_column()
    return [known[key] for key in keys or usual_columns() if key in known]


@dataclass(frozen=True, slots=True)
class Cells:
    """What columns show that rows do not carry: tags, and the texts of plugins, by ticket id."""

    tags: Mapping[int, Sequence[str]]
    plugins: Mapping[int, Mapping[str, str]]
    failures: Sequence[Markup]


_TIMES: Final = {
    "updated": "updated_at",
    "created": "created_at",
    "customer": "last_customer_at",
    "agent": "last_agent_at",
}
_MOMENTS: Final = TicketRow._fields.index("created_at")
"""Where a row's moments begin, of which `updated_at` moves with every other."""


def keys(
    rows: Sequence[TicketRow], columns: Sequence[ListColumn], cells: Cells, names: Mapping[str, Mapping[str, Any]]
) -> dict[int, Hashable]:
    """Return by ticket id what goes into each row, so that one that was drawn a moment ago need not be drawn again."""
    times = [attrgetter(_TIMES[column.key]) for column in columns if column.key in _TIMES]
    same = tuple(column.key for column in columns), *(tuple(each.items()) for each in names.values())
    found, relative = dict[int, Hashable](), relatives()
    for row in rows:
        own = [*cells.plugins.get(row.id, {}).values()]
        if LazyText in map(type, own):
            own = [spoken(each) for each in own]
        written = [relative(when) for time in times if (when := time(row)) is not None]
        shown = (row[:_MOMENTS], row.updated_at, row.is_unread)
        found[row.id] = (*shown, same, *written, *own, *map(type, own), *cells.tags.get(row.id, ()))
    return found


def of_columns(rows: Sequence[TicketRow], columns: Sequence[ListColumn]) -> list[Question]:
    """Return what plugins are asked for the columns; nothing where they have none, or there is no row."""
    if not rows or not any(column.plugin_id for column in columns):
        return []
    return [Question(hooks.ticket_column_values, {"ticket_ids": [row.id for row in rows], "actor": current_actor()})]


def cells(rows: Sequence[TicketRow], columns: Sequence[ListColumn], asked: Sequence[Question] | None = None) -> Cells:
    """Return what the columns need besides the rows; a query at most for tags, and one call for all plugins.

    `asked` is what was asked ahead.
    """
    ids = [row.id for row in rows]
    tags = tags_of(db(), ids) if ids and any(column.key == "tags" for column in columns) else {}
    asked = of_columns(rows, columns) if asked is None else asked
    if not asked:
        return Cells(tags, {}, [])
    answers: list[Rendered[Any]] = rendered(hooks.ticket_column_values, None, **asked[0].values)
    of_plugins = [column for column in columns if column.plugin_id]
    values = {answer.plugin_id: answer.value for answer in answers if answer.value is not None}
    found = {
        id: {column.key: values.get(column.plugin_id, {}).get(id, {}).get(column.own, "") for column in of_plugins}
        for id in ids
    }
    return Cells(tags, found, [failure(answer) for answer in answers if answer.value is None])
