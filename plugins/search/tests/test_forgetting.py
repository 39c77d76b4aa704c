"""What was erased leaves the files of an index as well."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.search import parse_query
from helpdesk_core.api.tickets import Change, NewMessage, change, redact, reply
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_core.users.privacy import erase_user
from helpdesk_search import whoosh_writing
from helpdesk_search.asking import wanted
from helpdesk_search.checks import NOW, entry
from helpdesk_search.forgetting import EXPUNGED_AFTER, REBUILT_AFTER
from helpdesk_search.in_force import GRACE
from helpdesk_search.keeping import Keeper
from helpdesk_search.stores import take_over
from helpdesk_search.whoosh_engine import WhooshEngine

from .reaching import keeper

SECRET = "xylophonist"


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[PluginSite]:
    with plugin_site("search", folder=tmp_path, databases=databases) as opened:
        for number in range(6):
            opened.world.ticket(subject=f"Filler {number}")
        opened.work()
        yield opened


def index_together(site: PluginSite) -> None:
    """Put all tickets into one file: one of which most is gone would be written anew at once."""
    site.work()
    keeper(site).work()
    keeper(site).rebuild()
    site.clock.advance(seconds=GRACE.total_seconds())
    keeper(site).tidy()


def has_left(folder: Path, word: str) -> bool:
    """Tell whether a word stands in any file; terms are written as they are."""
    return any(word.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_redacted_word_leaves_the_files_within_the_hour(site: PluginSite, tmp_path: Path) -> None:
    agent, anna = site.world.agent("Adam", role="admin"), site.world.customer("Anna")
    posted = site.world.ticket(anna, subject="Toner", text=f"I am a {SECRET}.")
    index = tmp_path / "instance" / "plugin-files" / "search"
    index_together(site)
    assert has_left(index, SECRET)
    redact(site.desk, agent, posted.ticket.number or "", posted.message.uid, "a secret")
    site.work()
    keeper(site).work()
    assert has_left(index, SECRET), "or this test could not fail"
    site.clock.advance(seconds=EXPUNGED_AFTER.total_seconds() + 1)
    keeper(site).work()
    assert not has_left(index, SECRET)
    assert has_left(index, "toner")
    engine = keeper(site).engine()
    assert engine is not None
    assert engine.search(wanted(parse_query("toner", now=NOW), "ticket", None)) == [str(posted.ticket.id)]


def test_an_erased_person_leaves_the_files_also_where_they_only_wrote(site: PluginSite, tmp_path: Path) -> None:
    anna, colleague = site.world.customer("Anna"), site.world.agent(SECRET.title())
    number = site.world.ticket(anna, subject="Toner").ticket.number or ""
    reply(site.desk, colleague, number, NewMessage(text="It comes."))
    change(site.desk, colleague, number, Change(assignee=None))
    index_together(site)
    assert has_left(tmp_path / "instance" / "plugin-files" / "search", SECRET)
    erase_user(site.desk, SYSTEM, colleague.uid or "")
    site.work()
    site.clock.advance(seconds=EXPUNGED_AFTER.total_seconds() + 1)
    keeper(site).work()
    assert not has_left(tmp_path / "instance" / "plugin-files" / "search", SECRET)


def test_what_an_engine_cannot_expunge_is_built_anew_and_the_old_index_goes(
    site: PluginSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, anna = site.world.agent("Adam", role="admin"), site.world.customer("Anna")
    posted = site.world.ticket(anna, subject="Toner", text=f"I am a {SECRET}.")
    index_together(site)
    monkeypatch.setattr(WhooshEngine, "expunge", lambda _self: False)
    redact(site.desk, agent, posted.ticket.number or "", posted.message.uid, "a secret")
    site.work()
    site.clock.advance(seconds=EXPUNGED_AFTER.total_seconds() + 1)
    keeper(site).work()
    assert has_left(tmp_path / "instance" / "plugin-files" / "search", SECRET)
    before = keeper(site).status()["documents"]
    site.clock.advance(seconds=REBUILT_AFTER.total_seconds())
    keeper(site).work()
    assert has_left(tmp_path / "instance" / "plugin-files" / "search", SECRET), "in the index that was in force"
    keeper(site).tidy()
    assert has_left(tmp_path / "instance" / "plugin-files" / "search", SECRET), "other processes may still ask it"
    site.clock.advance(seconds=GRACE.total_seconds())
    keeper(site).tidy()
    assert not has_left(tmp_path / "instance" / "plugin-files" / "search", SECRET)
    assert keeper(site).status()["documents"] == before > 0
    folders = [path.name for path in (tmp_path / "instance" / "plugin-files" / "search").iterdir()]
    keeper(site).work()
    assert [path.name for path in (tmp_path / "instance" / "plugin-files" / "search").iterdir()] == folders, (
        "and once is enough"
    )


def test_tidying_leaves_an_index_in_the_making(site: PluginSite) -> None:
    site.world.ticket(subject="Toner")

    def tidy(_done: int, _all: int | None) -> None:
        keeper(site).tidy()

    assert keeper(site).rebuild(tidy) == 7
    assert keeper(site).status()["documents"] == 7


def test_what_is_erased_once_all_is_indexed_is_not_taken_for_gone(
    site: PluginSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = site.world.agent("Adam", role="admin")
    first, second = (site.world.ticket(text=f"I am a {SECRET}.") for _each in range(2))
    index_together(site)
    redact(site.desk, agent, first.ticket.number or "", first.message.uid, "a secret")
    site.work()
    keeper(site).work()
    site.clock.advance(seconds=EXPUNGED_AFTER.total_seconds() + 1)
    again = Keeper._try_again

    def redact_late(self: Keeper) -> bool:
        redact(site.desk, agent, second.ticket.number or "", second.message.uid, "a secret")
        with site.desk.begin(SYSTEM) as tx:
            self.stale.mark(tx, "ticket", [str(second.ticket.id)])
            self.forgetting.note(tx)
        return again(self)

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "_try_again", redact_late)
        keeper(site).work()
    with site.desk.read() as session:
        assert keeper(site).forgetting.due(session, timedelta(0))


def test_an_erasure_during_the_last_one_waits_for_the_next(site: PluginSite) -> None:
    forgetting = keeper(site).forgetting
    with site.desk.begin(SYSTEM) as tx:
        forgetting.note(tx)
    with site.desk.read() as session:
        known = forgetting.due(session, timedelta(0))
    site.clock.advance(seconds=60)
    with site.desk.begin(SYSTEM) as tx:
        forgetting.note(tx)
    with site.desk.begin(SYSTEM) as tx:
        forgetting.done(tx, known)
    with site.desk.read() as session:
        again = forgetting.due(session, timedelta(0))
        assert again
        assert forgetting.due(session, timedelta(seconds=1)) is None, "its time begins with itself"
    with site.desk.begin(SYSTEM) as tx:
        forgetting.done(tx, again)
    with site.desk.read() as session:
        assert forgetting.due(session, timedelta(0)) is None


def test_merging_keeps_words_phrases_and_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small batches, so that segments are merged again and again, some documents replaced on the way."""
    monkeypatch.setattr(whoosh_writing, "SMALL", 2)
    engine = WhooshEngine(tmp_path)
    for number in range(60):
        engine.put([entry(str(number), f"Toner {number}", f"paid twice by {'anna' if number % 2 else 'ben'}", day=1)])
        if number % 3 == 0:
            engine.put([entry(str(number // 2), f"Paper {number // 2}", "sent back", day=2)])
    segments = {path.stem for path in tmp_path.glob("*.seg")}
    assert 1 < len(segments) < 3 * whoosh_writing.FACTOR
    papers = {str(number // 2) for number in range(0, 60, 3)}
    everything = {str(number) for number in range(60)}

    def found(text: str, *, newest: bool = False) -> list[str]:
        return engine.search(wanted(parse_query(text, now=NOW), "ticket", None, newest=newest))

    for _turn in range(2):
        assert engine.count() == 60
        assert {*found("paper")} == {*found('"sent back"')} == papers
        assert {*found('"paid twice"')} == {*found("toner")} == everything - papers
        assert {*found('"by anna"')} == {each for each in everything - papers if int(each) % 2}
        assert {*found("toner paper", newest=True)} == set()
        assert {*found("-nothing", newest=True)[: len(papers)]} == papers
        assert found('"twice paid"') == found('"anna paid"') == []
        assert engine.expunge()
    assert len([*tmp_path.glob("*.seg")]) <= len(segments)
    engine.close()


def test_words_are_kept_as_whoosh_keeps_them(tmp_path: Path) -> None:
    """Lengths decide on the order: of two texts with a word the shorter comes first."""
    engine = WhooshEngine(tmp_path)
    filler = " ".join(f"word{number}" for number in range(200))
    engine.put([entry("long", "Other", f"toner {filler}"), entry("short", "Other", "toner")])
    engine.put([entry(f"filler {number}", "Other", filler) for number in range(300)])
    asked = wanted(parse_query("toner", now=NOW), "ticket", None)
    assert engine.search(asked) == ["short", "long"]
    assert len(engine.search(wanted(parse_query("word7", now=NOW), "ticket", None))) == 301
    engine.close()


def test_an_index_of_a_version_that_kept_it_elsewhere_is_moved_once(tmp_path: Path) -> None:
    before, now = tmp_path / "search" / "search", tmp_path / "plugin-files" / "search"
    (before / "g1").mkdir(parents=True)
    take_over(before, now)
    assert (now / "g1").is_dir()
    assert not before.parent.exists()
    (before / "g0").mkdir(parents=True)
    take_over(before, now)
    assert [each.name for each in now.iterdir()] == ["g1"]
