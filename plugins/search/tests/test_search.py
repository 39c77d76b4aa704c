"""Searching in a helpdesk: the index follows what happens, rights hold, and damage mends itself."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from helpdesk_core.api import SYSTEM, Actor
from helpdesk_core.api.attachments import Upload
from helpdesk_core.api.errors import Conflict
from helpdesk_core.api.search import SearchPage, search_tickets
from helpdesk_core.api.tickets import Change, NewMessage, change, merge, move, note, redact, reply
from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases

from .reaching import plugin

Side = Literal["desk", "portal", "any"]


@pytest.fixture
def site(tmp_path: Path, databases: Databases, database_kind: str) -> Iterator[PluginSite]:
    """A helpdesk with the plugin, on PostgreSQL with the engine that is made of it."""
    settings = {"search": {"engine": "postgresql" if database_kind == "postgresql" else "whoosh"}}
    with plugin_site("search", folder=tmp_path, databases=databases, settings=settings) as opened:
        opened.work()  # builds the index
        yield opened


def work(site: PluginSite) -> None:
    """Deliver events and index what they name."""
    site.work()
    plugin(site).keeper.work()


def look(site: PluginSite, actor: Actor, text: str, side: Side = "desk") -> SearchPage:
    with site.desk.read() as session:
        return search_tickets(site.desk, session, actor, text, side=side)


def subjects(site: PluginSite, actor: Actor, text: str, side: Side = "desk") -> set[str]:
    return {hit.row.subject for hit in look(site, actor, text, side).hits}


def test_the_index_follows_a_tickets_life(site: PluginSite) -> None:
    agent, anna = site.world.agent("Adam Agent"), site.world.customer("Anna")
    number = site.world.ticket(anna, subject="Printer", text="It smokes.").ticket.number or ""
    work(site)
    assert subjects(site, agent, "smoking") == {"Printer"}
    assert subjects(site, agent, "agent:adam") == set()
    reply(site.desk, agent, number, NewMessage(text="Pull the plug, please."))
    note(site.desk, agent, number, NewMessage(text="They own a xylophone."))
    change(site.desk, agent, number, Change(tags=("fire",), subject="Burning printer"))
    work(site)
    assert subjects(site, agent, "plugs") == {"Burning printer"}
    assert subjects(site, agent, "xylophones tag:fire agent:adam subject:burning") == {"Burning printer"}
    assert subjects(site, anna, "plugs", "portal") == {"Burning printer"}
    assert subjects(site, anna, "xylophone", "portal") == set()
    assert subjects(site, anna, "xylophone", "any") == set()


def test_rights_hold_at_once_whatever_the_index_says(site: PluginSite) -> None:
    site.world.department("billing")
    anna, ben = site.world.customer("Anna"), site.world.customer("Ben")
    ticket = site.world.ticket(anna, subject="Toner", department="support").ticket
    support, billing = site.world.agent("Sue", "support"), site.world.agent("Bill", "billing")
    work(site)
    assert subjects(site, support, "toner") == {"Toner"}
    assert subjects(site, billing, "toner") == set()
    assert subjects(site, ben, "toner", "portal") == set()
    move(site.desk, support, ticket.number or "", "billing", "yours")
    assert look(site, support, "toner").total == 0  # before the index knows
    work(site)
    assert subjects(site, billing, "toner") == {"Toner"}


def test_names_and_redactions_reach_the_index(site: PluginSite) -> None:
    agent, anna = site.world.agent("Adam", role="admin"), site.world.customer("Anna Alt")
    posted = site.world.ticket(anna, subject="Toner", text="My password is xylophone.")
    work(site)
    assert subjects(site, agent, "from:alt xylophone") == {"Toner"}
    redact(site.desk, agent, posted.ticket.number or "", posted.message.uid, "a password")
    from helpdesk_core.api.users import change_user

    change_user(site.desk, SYSTEM, anna.uid or "", name="Anna Neu")
    work(site)
    assert subjects(site, agent, "xylophone") == set()
    assert subjects(site, agent, "from:alt") == set()
    assert subjects(site, agent, "from:neu") == {"Toner"}


def test_whoever_is_in_copy_and_an_organisation_are_found_by_their_new_names(site: PluginSite) -> None:
    from helpdesk_core.api.tickets import add_participant
    from helpdesk_core.api.users import OrganisationDraft, change_organisation, change_user, create_organisation

    agent = site.world.agent("Adam", role="admin")
    organisation = create_organisation(site.desk, SYSTEM, OrganisationDraft(name="Old Ltd"))
    anna, carl = site.world.customer("Anna"), site.world.customer("Carl Copied")
    change_user(site.desk, SYSTEM, anna.uid or "", organisation=organisation.uid)
    number = site.world.ticket(anna, subject="Toner").ticket.number or ""
    add_participant(site.desk, agent, number, "cc", uid=carl.uid)
    work(site)
    assert subjects(site, agent, "to:copied organisation:old") == {"Toner"}
    change_user(site.desk, SYSTEM, carl.uid or "", name="Carl Renamed")
    change_organisation(site.desk, SYSTEM, organisation.uid, name="New Ltd")
    work(site)
    assert subjects(site, agent, "to:copied") == subjects(site, agent, "organisation:old") == set()
    assert subjects(site, agent, "to:renamed organisation:new") == {"Toner"}


def test_a_deleted_organisation_leaves_the_index(site: PluginSite) -> None:
    from helpdesk_core.api.users import OrganisationDraft, change_user, create_organisation
    from helpdesk_core.users.organisations import delete_organisation

    agent, anna = site.world.agent("Adam", role="admin"), site.world.customer("Anna")
    organisation = create_organisation(site.desk, SYSTEM, OrganisationDraft(name="Old Ltd"))
    change_user(site.desk, SYSTEM, anna.uid or "", organisation=organisation.uid)
    site.world.ticket(anna, subject="Toner")
    work(site)
    assert subjects(site, agent, "organisation:old") == {"Toner"}
    delete_organisation(site.desk, SYSTEM, organisation.uid)
    work(site)
    assert subjects(site, agent, "organisation:old") == set()
    assert subjects(site, agent, "toner") == {"Toner"}


def test_merged_tickets_are_found_where_they_are(site: PluginSite) -> None:
    agent, anna = site.world.agent(), site.world.customer("Anna")
    first = site.world.ticket(anna, subject="Kept", text="one").ticket.number or ""
    second = site.world.ticket(anna, subject="Merged", text="a xylophone").ticket.number or ""
    merge(site.desk, agent, second, first)
    work(site)
    assert "Kept" in subjects(site, agent, "xylophone")


def test_what_files_say_is_found(site: PluginSite) -> None:
    files = (
        Upload(name="notes.txt", content="Der Zähler steht auf 4711".encode(), content_type="text/plain"),
        Upload(name="Rechnung Mai.bin", content=b"\x00\x01", content_type="application/octet-stream"),
        Upload(name="broken.pdf", content=b"%PDF-1.4 rubbish", content_type="application/pdf"),
    )
    site.world.ticket(subject="Files", message=NewMessage(text="See there", uploads=files))
    work(site)
    agent = site.world.agent()
    for text in ("zähler", "4711", "rechnungen", "notes.txt", "has:attachment"):
        assert subjects(site, agent, text) == {"Files"}, text


def test_marks_show_word_forms_and_a_slip_is_corrected(site: PluginSite) -> None:
    site.world.ticket(subject="Счета", text="Мы получили два счёта за серверы.")
    work(site)
    agent = site.world.agent()
    hit = look(site, agent, "счет сервера").hits[0]
    assert [text for text, marked in hit.snippet if marked] == ["счёта", "серверы"]
    assert [text for text, marked in hit.subject if marked] == ["Счета"]
    found = look(site, agent, "серевра")
    assert (found.total, found.correction) == (0, "сервера")


def test_an_index_that_somebody_else_emptied_is_built_anew(site: PluginSite) -> None:
    ticket = site.world.ticket(subject="Printer").ticket
    agent, keeper = site.world.agent(), plugin(site).keeper
    site.clock.advance(hours=1)
    work(site)
    engine = keeper.engine()
    assert engine is not None
    engine.put([], gone=[("ticket", str(ticket.id))])
    work(site)
    assert subjects(site, agent, "printers") == set()
    keeper.tidy()
    work(site)
    assert subjects(site, agent, "printers") == {"Printer"}


def test_what_was_meant_is_a_word_that_somebody_wrote(site: PluginSite) -> None:
    site.world.ticket(subject="Certificates, Umzug")
    work(site)
    agent = site.world.agent()
    assert look(site, agent, "certificatse").correction == "certificates"
    assert look(site, agent, "umzgu").correction == "umzug"


def test_what_was_meant_is_told_only_to_those_who_find_something_by_it(site: PluginSite) -> None:
    anna, boris = site.world.customer("Anna"), site.world.customer("Boris")
    agent, other = site.world.agent("Adam", "support"), site.world.agent("Olga", "sales")
    site.world.ticket(anna, department="support", subject="The quokkas are gone")
    work(site)
    people = {"Anna": anna, "Boris": boris, "Adam": agent, "Olga": other}
    told = {name: look(site, each, "quokkes", "any").correction for name, each in people.items()}
    assert told == {"Anna": "quokkas", "Boris": None, "Adam": "quokkas", "Olga": None}


def test_facets_are_the_same_whether_all_found_tickets_fit_on_the_page_or_not(site: PluginSite) -> None:
    agent = site.world.agent("Adam Agent")
    for tags, assignee in ((("fire", "smoke"), agent.uid), (("smoke",), None), ((), agent.uid)):
        number = site.world.ticket(subject="Toner").ticket.number or ""
        change(site.desk, agent, number, Change(tags=tags, assignee=assignee))
    work(site)
    with site.desk.read() as session:
        few, many = (
            search_tickets(site.desk, session, agent, "toner", side="desk", limit=limit).facets for limit in (20, 1)
        )
    assert few == many
    counts = {(each.field, each.key): each.count for each in few}
    assert counts[("assignee", "none")] == 1
    assert counts[("assignee", agent.email)] == counts[("tag", "smoke")] == 2
    assert counts[("tag", "fire")] == 1


def test_a_new_index_is_built_beside_the_old_one(site: PluginSite) -> None:
    agent = site.world.agent()
    site.world.ticket(subject="Toner")
    work(site)
    seen: list[int] = []

    def progress(done: int, _all: int | None) -> None:
        seen.append(done)
        assert subjects(site, agent, "toner") == {"Toner"}
        with pytest.raises(Conflict, match="is being built"):
            plugin(site).keeper.rebuild()
        site.world.ticket(subject="Toner while building")
        work(site)
        assert subjects(site, agent, "toner building") == {"Toner while building"}

    assert plugin(site).keeper.rebuild(progress) == 1
    assert seen == [1]
    work(site)
    assert subjects(site, agent, "toner") == {"Toner", "Toner while building"}
    status = plugin(site).keeper.status()
    assert (status["documents"], status["waiting"], status["building"], status["error"]) == (2, 0, None, None)


def test_a_build_that_fails_leaves_the_old_index_in_force(site: PluginSite) -> None:
    agent = site.world.agent()
    site.world.ticket(subject="Toner")
    work(site)

    def progress(_done: int, _all: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plugin(site).keeper.rebuild(progress)
    assert subjects(site, agent, "toner") == {"Toner"}
    assert plugin(site).keeper.rebuild() == 1


def test_what_waits_survives_a_crash(site: PluginSite, monkeypatch: pytest.MonkeyPatch) -> None:
    from helpdesk_search.stale import Stale

    site.world.ticket(subject="Toner")
    with monkeypatch.context() as patch:
        patch.setattr(Stale, "settle", lambda *_a, **_k: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(OSError, match="killed"):
            work(site)
    assert plugin(site).keeper.status()["waiting"] == 1
    work(site)
    assert plugin(site).keeper.status()["waiting"] == 0
    assert subjects(site, site.world.agent(), "toner") == {"Toner"}


def test_damaged_files_are_mended(site: PluginSite, database_kind: str) -> None:
    if database_kind == "postgresql":
        pytest.skip("its index is no file")
    agent = site.world.agent()
    site.world.ticket(subject="Toner")
    work(site)
    plugin(site).keeper.close()
    for path in plugin(site).own_folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"rubbish")
    assert subjects(site, agent, "toner") == {"Toner"}  # the database answers meanwhile
    work(site)
    work(site)
    assert subjects(site, agent, "toners") == {"Toner"}
    assert plugin(site).keeper.status()["is_built"]


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"rubbish"), Path.unlink], ids=["cut short", "gone"])
def test_files_that_are_damaged_under_an_open_index_are_mended(
    site: PluginSite, database_kind: str, harm: Callable[[Path], object]
) -> None:
    if database_kind == "postgresql":
        pytest.skip("its index is no file")
    agent = site.world.agent()
    site.world.ticket(subject="Toner")
    work(site)
    assert subjects(site, agent, "toners") == {"Toner"}
    for path in plugin(site).own_folder.rglob("*.seg"):
        harm(path)
    assert subjects(site, agent, "toner") == {"Toner"}  # the database answers meanwhile
    work(site)
    assert subjects(site, agent, "toners") == {"Toner"}


def test_the_page_says_what_was_found(site: PluginSite) -> None:
    site.world.ticket(subject="Toner", text="All toners are empty.")
    work(site)
    page = site.browser(site.world.agent()).get("/desk/search", q="toner")
    assert "All <mark>toners</mark> are empty." in page.text


def test_commands(site: PluginSite) -> None:
    from click.testing import CliRunner

    from helpdesk_search.commands import commands

    status, rebuild = commands(plugin(site).keeper)
    site.world.ticket()
    work(site)
    assert "1 documents are indexed" in CliRunner().invoke(rebuild, []).output
    found = CliRunner().invoke(status, ["--json"], standalone_mode=False)
    assert json.loads(found.output)["documents"] == 1
    assert "1 documents" in CliRunner().invoke(status, [], standalone_mode=False).output


def test_it_keeps_the_rules_for_plugins() -> None:
    assert_conforms("search")
