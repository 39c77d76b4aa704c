"""Every sample of the plugin pages is a plugin that loads and does what its page says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Helpdesk, Plugin
from helpdesk_core.api.errors import NotFound, Refused
from helpdesk_core.api.events import EventRow
from helpdesk_core.api.tickets import NewMessage, TicketTag, merge, reply
from helpdesk_core.cli.hooks import cli_commands
from helpdesk_core.cli.scaffolding import new_plugin
from helpdesk_core.db.owners import Owner
from helpdesk_core.db.revise import revision
from helpdesk_core.plugins.discovery import discover
from helpdesk_core.testing.conformance_project import installed_for_now, project_of
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.users.tokens import create_token
from tests.docs.samples import DOCS, blocks, write_plugin

PLUGINS = DOCS / "plugins"


@contextmanager
def sample(page: str, folder: Path) -> Iterator[PluginSite]:
    """Open a helpdesk with the plugin of a page; one with tables and no migrations gets them written."""
    project = folder / "project"
    plugin_id = write_plugin(PLUGINS / page, project)
    with installed_for_now(project_of(project)):
        found = discover()[plugin_id]
        class_: type[Plugin] = found.entry_point.load()
        if class_.models is not None and class_.models.tables:
            owner = Owner(plugin_id, project / f"helpdesk_{plugin_id}" / "migrations", class_.models)
            revision(owner, "Make the tables")
        with plugin_site(plugin_id, folder=folder / "site") as site:
            yield site


def plugin_of(desk: Helpdesk, plugin_id: str) -> object:
    return desk.plugins.plugin(plugin_id)


def test_every_placed_sample_belongs_to_one_plugin_and_every_python_sample_has_a_place() -> None:
    for page in sorted(PLUGINS.glob("*.md")):
        found = [block for block in blocks(page) if block.language in ("python", "html")]
        assert all(block.place for block in found), f"{page.name} has a sample without a file name on its first line"
        packages = {block.place.partition("/")[0] for block in found} - {"tests"}
        assert len(packages) <= 1, page.name


@pytest.mark.parametrize("page", ["index.md", "testing.md"])
def test_what_is_quoted_of_a_new_plugin_is_what_the_command_writes(page: str, tmp_path: Path) -> None:
    made = new_plugin("greeter", tmp_path / "helpdesk-greeter")
    quoted = [block for block in blocks(PLUGINS / page) if block.language in ("python", "toml")]
    assert quoted
    for block in quoted:
        written = (made / (block.place or "pyproject.toml")).read_text("utf-8")
        for part in block.text.strip().split("\n\n\n"):
            if block.place:
                assert part in written, f"{page}: {part}"
            else:
                assert set(part.splitlines()) <= set(written.splitlines()), f"{page}: {part}"


def test_hooks_refine_veto_and_render(tmp_path: Path) -> None:
    with sample("hooks.md", tmp_path) as site:
        agent = site.world.agent()
        number = site.world.ticket(subject="HELP ME").ticket.number or ""
        with site.desk.read() as session:
            assert "shouting" in session.scalars(select(TicketTag.tag)).all()
        with pytest.raises(Refused, match="card numbers"):
            reply(site.desk, agent, number, NewMessage(text="Is it 4111 1111 1111 1111?"))
        assert "shouting" in site.browser(agent).get(f"/desk/tickets/{number}").text


def test_data_is_written_by_right_and_moves_with_a_merge(tmp_path: Path) -> None:
    with sample("data.md", tmp_path) as site:
        from helpdesk_parcels import parcels  # type: ignore[import-not-found]  # made of the page, for this test

        ann, bob = site.world.agent("Ann", "support"), site.world.agent("Bob", "sales")
        first, second = (site.world.ticket(department="support").ticket.number or "" for _ in range(2))
        parcels.send(site.desk, ann, first, "AB12")
        with pytest.raises(NotFound):
            parcels.send(site.desk, bob, first, "AB13")
        merge(site.desk, ann, first, second)
        with site.desk.read() as session:
            assert list(parcels.latest(session, ann)) == ["AB12"]
            assert list(parcels.latest(session, bob)) == []


def test_the_migration_on_the_page_leads_to_its_models(tmp_path: Path) -> None:
    project = tmp_path / "project"
    plugin_id = write_plugin(PLUGINS / "data.md", project)
    with installed_for_now(project_of(project)):
        class_: type[Plugin] = discover()[plugin_id].entry_point.load()
        owner = Owner(plugin_id, project / "helpdesk_parcels" / "migrations", class_.models)
        assert revision(owner, "Nothing is missing") is None


def test_an_event_is_counted_once_however_often_it_comes(tmp_path: Path) -> None:
    with sample("events.md", tmp_path) as site:
        from helpdesk_core.api.events import TicketOpened

        site.world.ticket(subject="Disk full")
        site.work()
        with site.desk.read() as session:
            (row,) = session.scalars(select(EventRow).where(EventRow.type == "ticket.opened"))
        plugin = plugin_of(site.desk, "ledger")
        plugin.count(TicketOpened.load(row))  # type: ignore[attr-defined]  # the class is made of the page
        site.work()
        with site.desk.read() as session:
            counted = session.scalars(select(EventRow).where(EventRow.type == "ledger.counted")).all()
        assert [each.data["subject"] for each in counted] == ["Disk full"]


def test_pages_show_routes_panels_columns_and_fields(tmp_path: Path) -> None:
    with sample("pages.md", tmp_path) as site:
        boss = site.world.actor(site.world.user("Olga Owner", is_owner=True))
        number = site.world.ticket(subject="Disk full").ticket.number
        browser = site.browser(boss)
        browser.get("/desk/x/board/")
        assert "The board is empty." in browser.submit("/desk/x/board/wipe").words
        assert "We are open on Saturday." in browser.get("/").words
        assert "Wipe the board" in browser.get(f"/desk/tickets/{number}").words
        assert "small" in browser.get("/desk/tickets", view="open").words
        assert "Wipe the board" not in site.browser(site.world.agent()).get(f"/desk/tickets/{number}").words
        assert "Which floor?" in site.browser().get("/tickets/new", department="support").words


def test_settings_load_mask_and_complain(tmp_path: Path) -> None:
    with sample("settings.md", tmp_path) as site:
        effective = site.desk.settings.effective("courier")
        assert not effective.problems
        health = site.browser().get("/healthz").text
        assert '"problems":1' in health.replace(" ", "")
        with site.desk.begin(SYSTEM) as tx:
            site.desk.settings.save(tx.session, "courier", {"token": "s3cret", "wait": "90m"}, None)
        with site.desk.read() as session:
            site.desk.settings.refresh(session)
        assert "s3cret" not in str(site.desk.settings.effective("courier").masked())
        assert plugin_of(site.desk, "courier").token() == "s3cret"  # type: ignore[attr-defined]  # made of the page


def test_operations_of_a_plugin_page_and_ask_for_rights(tmp_path: Path) -> None:
    with sample("api.md", tmp_path) as site:
        agent = site.world.agent()
        token = create_token(site.desk, agent, agent.uid or "", "test", scopes=[], expires_at=None).token
        client, headers = site.app.test_client(), {"Authorization": f"Bearer {token}"}
        first = client.get("/api/v1/x/stock/items?limit=2", headers=headers).get_json()
        assert [each["name"] for each in first["items"]] == ["cable", "disk"]
        rest = client.get(f"/api/v1/x/stock/items?after={first['next']}", headers=headers).get_json()
        assert ([each["name"] for each in rest["items"]], rest["next"]) == (["fan"], None)
        refused = client.post("/api/v1/x/stock/items/fan/order", json={"count": 2}, headers=headers)
        assert (refused.status_code, refused.get_json()["code"]) == (403, "forbidden")
        site.world.ticket()
        shown = client.get("/api/v1/tickets", headers=headers).get_json()["items"][0]
        assert shown["x"] == {"stock": {"reserved": 0}}


def test_a_command_and_a_job_do_their_work(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sample("commands-and-jobs.md", tmp_path) as site:
        site.world.ticket()
        (command,) = site.desk.hooks.collect_from(cli_commands, "janitor")
        ran = CliRunner().invoke(command, ["--at-least", "2"], standalone_mode=False)
        assert (ran.output, ran.return_value) == ("1 tickets\n", 1)
        with caplog.at_level("INFO"):
            site.work()
        assert "There are 1 tickets" in caplog.text


def test_mails_are_stamped_dropped_and_sent_another_way(tmp_path: Path) -> None:
    with sample("mail.md", tmp_path) as site:
        site.world.ticket_for("carla@example.com")
        site.world.ticket_for("carla@internal.example.com")
        site.work()
        (envelope,) = plugin_of(site.desk, "stamp").shelf.kept  # type: ignore[attr-defined]  # made of the page
        assert envelope.recipients == ("carla@example.com",)
        assert b"X-Stamp: example" in envelope.content
        assert b"think before you print" in envelope.content
