"""The texts of attached files: read once, again when a reader has become better, and forgotten with their files."""

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.attachments import Upload
from helpdesk_core.api.search import search_tickets
from helpdesk_core.api.tickets import NewMessage, Posted, redact
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_search import texts
from helpdesk_search.files import READERS
from helpdesk_search.plugin import SearchPlugin

from .reaching import keeper

TABLE = SearchPlugin.tables.texts
PAGE = Upload(name="page.html", content=b"<p>zebra</p><script>giraffe</script>", content_type="text/html")
LIST = Upload(name="list.txt", content=b"okapi", content_type="text/plain")


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[PluginSite]:
    with plugin_site("search", folder=tmp_path, url=database_url) as opened:
        opened.work()
        yield opened


def keep(site: PluginSite) -> None:
    """Deliver events and index what they name."""
    site.work()
    keeper(site).work()


def mark(site: PluginSite, posted: Posted) -> None:
    """Have the ticket indexed at the next turn."""
    with site.desk.begin(SYSTEM) as tx:
        keeper(site).stale.mark(tx, "ticket", [str(posted.ticket.id)])


def attached(site: PluginSite, *files: Upload) -> Posted:
    posted = site.world.ticket(subject="Files", message=NewMessage(text="See there", uploads=files))
    keep(site)
    return posted


def later(site: PluginSite, **time: int) -> None:
    """Let time pass, and jobs do what is due."""
    site.clock.advance(**time)
    keep(site)


def kept(site: PluginSite) -> dict[str, int]:
    with site.desk.read() as session:
        return {row.text: row.reader for row in session.execute(select(TABLE))}


def write(site: PluginSite, said: str, **values: Any) -> None:
    """Change what is kept of the file that has this text."""
    with site.desk.begin(SYSTEM) as tx:
        tx.session.execute(update(TABLE).where(TABLE.c.text == said).values(**values))


def finds(site: PluginSite, text: str) -> int:
    with site.desk.read() as session:
        return search_tickets(site.desk, session, site.world.agent(), text, side="desk").total


def test_what_an_older_reader_read_is_read_again_in_the_background(site: PluginSite) -> None:
    attached(site, PAGE, LIST)
    assert kept(site) == {"zebra": READERS, "okapi": READERS}
    write(site, "zebra", text="zebra giraffe", reader=1)
    write(site, "okapi", text="okapi as it was read", reader=1)
    later(site, minutes=2)
    assert kept(site) == {"zebra": READERS, "okapi as it was read": READERS}, "the reader of plain text is no better"


def test_a_ticket_is_found_by_what_the_better_reader_reads(site: PluginSite) -> None:
    posted = attached(site, PAGE)
    write(site, "zebra", text="giraffe")
    mark(site, posted)
    keep(site)
    assert (finds(site, "giraffe"), finds(site, "zebra")) == (1, 0)
    write(site, "giraffe", reader=1)
    later(site, minutes=2)
    assert (finds(site, "giraffe"), finds(site, "zebra")) == (0, 1)


def test_a_ticket_that_is_indexed_meanwhile_does_not_wait_for_that(site: PluginSite) -> None:
    posted = attached(site, PAGE)
    write(site, "zebra", text="giraffe", reader=1)
    mark(site, posted)
    keeper(site).work()
    assert kept(site) == {"zebra": READERS}


def test_reading_again_goes_on_until_all_is_read(site: PluginSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "PORTION", 2)
    attached(site, *(Upload(name="a.html", content=b"<p>%d</p>" % n, content_type="text/html") for n in range(5)))
    for number in range(5):
        write(site, str(number), text=f"{number} giraffe", reader=1)
    later(site, minutes=2)
    assert kept(site) == {str(number): READERS for number in range(5)}


def test_of_a_file_that_is_gone_what_was_read_stays(site: PluginSite) -> None:
    attached(site, PAGE)
    write(site, "zebra", text="as it was", reader=1)
    assert site.desk.storage.delete(sha256(PAGE.content).hexdigest(), site.desk.now() + timedelta(days=9999))
    later(site, minutes=2)
    assert kept(site) == {"as it was": READERS}


def test_texts_of_what_was_redacted_are_forgotten(site: PluginSite) -> None:
    posted = attached(site, PAGE)
    attached(site, LIST)
    redact(site.desk, site.world.agent(role="admin"), posted.ticket.number or "", posted.message.uid, "a password")
    later(site, hours=2)
    assert kept(site) == {"okapi": READERS}


def test_what_an_older_reader_read_stays_where_the_file_is_not_at_hand(site: PluginSite) -> None:
    posted = attached(site, PAGE)
    write(site, "zebra", text="giraffe", reader=1)
    name = sha256(PAGE.content).hexdigest()
    assert site.desk.storage.delete(name, site.desk.now() + timedelta(days=9999))
    mark(site, posted)
    keeper(site).work()
    assert kept(site) == {"giraffe": 1}
    assert finds(site, "giraffe") == 1
