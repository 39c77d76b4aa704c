"""Plugins that do not fit, each in its own way: skipped with a reason that names the mend."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_core.plugins import PluginState, PluginStatus
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.distributions import TABLE_HEAD, Distributions, make_table

Open = Callable[..., Helpdesk]


def state(desk: Helpdesk, plugin_id: str) -> PluginState:
    return desk.plugins.get(plugin_id)


BROKEN: dict[str, tuple[dict[str, Any], PluginStatus, str]] = {
    "raises at import": ({"head": 'raise RuntimeError("no such luck")'}, PluginStatus.FAILED, "no such luck"),
    "leaves at import": ({"head": "raise SystemExit(3)"}, PluginStatus.FAILED, "SystemExit: 3"),
    "is no Python": ({"head": "def"}, PluginStatus.FAILED, "line"),
    "is for an older core": ({"core": "<0.0.1"}, PluginStatus.INCOMPATIBLE, "is for helpdesk-core <0.0.1"),
    "does not say for which core": ({"core": None}, PluginStatus.INCOMPATIBLE, "does not say"),
    "has another id": ({"body": 'id = "other"'}, PluginStatus.FAILED, "'other'"),
    "cannot start": ({"body": "def __init__(self, desk): raise ValueError('no disk')"}, PluginStatus.FAILED, "no disk"),
    "has events of others": (
        {
            "head": "from helpdesk_core.events.base import Event\nclass Past(Event):\n    type = 'ticket.past'\n",
            "body": "events = (Past,)",
        },
        PluginStatus.FAILED,
        "'bad.'",
    ),
    "has a table without the prefix": (
        {"head": TABLE_HEAD.format(id="bad").replace("bad_things", "things"), "body": "models = Base.metadata"},
        PluginStatus.FAILED,
        "bad_…",
    ),
    "puts its tables among core's": (
        {"head": "from helpdesk_core.db.base import Base", "body": "models = Base.metadata"},
        PluginStatus.FAILED,
        "plugin_base",
    ),
    "keeps core's rows from going": (
        {
            "head": TABLE_HEAD.format(id="bad") + "    user_id: Mapped[int] = mapped_column(ForeignKey('users.id'))\n",
            "body": "models = Base.metadata",
        },
        PluginStatus.FAILED,
        "bad_things.user_id",
    ),
    "sets null what cannot be null": (
        {
            "head": TABLE_HEAD.format(id="bad")
            + "    user_id: Mapped[int] = mapped_column(ForeignKey('users.id', ondelete='SET NULL'))\n",
            "body": "models = Base.metadata",
        },
        PluginStatus.FAILED,
        "cannot be null",
    ),
    "points to a stranger's table": (
        {
            "head": TABLE_HEAD.format(id="bad")
            + "    x_id: Mapped[int] = mapped_column(ForeignKey('other_x.id', ondelete='CASCADE'))\n",
            "body": "models = Base.metadata",
        },
        PluginStatus.FAILED,
        "neither core's",
    ),
    "has tables and no migrations": (
        {"head": TABLE_HEAD.format(id="bad"), "body": "models = Base.metadata"},
        PluginStatus.FAILED,
        "no folder migrations/",
    ),
    "has a migration that cannot be read": ({"migrations": {"v0001_x.py": "boom("}}, PluginStatus.FAILED, "v0001_x"),
    "has two heads": (
        {"migrations": {"v1.py": make_table("bad_a", "1"), "v2.py": make_table("bad_b", "2")}},
        PluginStatus.FAILED,
        "one line",
    ),
    "has not migrated": (
        {"migrations": {"v0001_x.py": make_table("bad_things")}},
        PluginStatus.NEEDS_MIGRATION,
        "helpdesk db upgrade",
    ),
    "writes a text where a tuple belongs": ({"body": 'requires = "fine"'}, PluginStatus.FAILED, "requires, a tuple"),
    "has settings that are no schema": ({"body": "settings = dict"}, PluginStatus.FAILED, "schema class"),
    "has an event without a type": (
        {"head": "class Event: ...\n", "body": "events = (Event,)"},
        PluginStatus.FAILED,
        "not as it should be",
    ),
    "requires one that is not there": ({"body": 'requires = ("nobody",)'}, PluginStatus.FAILED, "nobody"),
    "requires itself": ({"body": 'requires = ("bad",)'}, PluginStatus.FAILED, "needs it in turn"),
    "lacks a setting": (
        {
            "head": "from marshmallow import Schema, fields\nclass S(Schema):\n  key = fields.String(required=True)\n",
            "body": "settings = S",
        },
        PluginStatus.FAILED,
        "key: it has to be given",
    ),
    "implements a hook in the wrong way": (
        {
            "head": "from helpdesk_core.hooks import hookimpl\nfrom helpdesk_core.tickets.hooks import ticket_opening",
            "body": "@hookimpl(ticket_opening)\ndef mine(self, nonsense: int) -> None: ...",
        },
        PluginStatus.FAILED,
        "nonsense",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_plugin_that_does_not_fit_is_skipped_with_a_reason(
    case: str, installed: Distributions, open_desk: Open
) -> None:
    options, status, reason = BROKEN[case]
    installed.add("bad", **options)
    installed.add("fine")
    desk = open_desk("bad", "fine")
    found = state(desk, "bad")
    assert (found.status, reason in found.reason) == (status, True), found
    assert state(desk, "fine").status is PluginStatus.ACTIVE
    assert [each.id for each in desk.plugins.problems] == ["bad"]


@pytest.mark.parametrize("plugin_id", ["ticket", "user", "api"])
def test_an_id_that_would_take_cores_names_is_refused(
    plugin_id: str, installed: Distributions, open_desk: Open
) -> None:
    installed.add(plugin_id)
    found = state(open_desk(plugin_id), plugin_id)
    assert (found.status, "cannot be used" in found.reason) == (PluginStatus.FAILED, True)
