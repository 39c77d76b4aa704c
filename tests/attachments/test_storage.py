"""Where bytes live, and when they go."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from helpdesk_core.actor import ANONYMOUS, SYSTEM
from helpdesk_core.attachments.cleaning import forget_orphans
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.attachments.service import claim, safe_name, safe_type, store
from helpdesk_core.attachments.storage import LocalStorage
from helpdesk_core.errors import Invalid, NotFound, TooLarge
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.redacting import redact


def test_equal_bytes_are_kept_once_and_read_back(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    name = storage.put(b"bytes")
    assert storage.put(b"bytes") == name
    with storage.open(name) as file:
        assert file.read() == b"bytes"
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_bytes_put_again_meanwhile_are_not_deleted(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    name = storage.put(b"bytes")
    long_ago = datetime.now(UTC) - timedelta(days=9)
    for path in tmp_path.rglob(name):
        os.utime(path, (long_ago.timestamp(), long_ago.timestamp()))
    storage.put(b"bytes")
    assert not storage.delete(name, datetime.now(UTC) - timedelta(days=2))
    with storage.open(name) as file:
        assert file.read() == b"bytes"
    assert storage.delete(name, datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(NotFound):
        storage.open(name)
    assert storage.delete(name, datetime.now(UTC))


def test_uploads_that_nobody_sends_go_and_sent_ones_stay(desk: Helpdesk, world: World, clock: TestClock) -> None:
    clock.moment = datetime.now(UTC)
    customer = world.customer()
    store(desk, customer, Upload(name="draft.txt", content=b"never sent"))
    world.ticket(customer, message=NewMessage(text="x", uploads=(Upload(name="sent.txt", content=b"sent"),)))
    forget_orphans(desk)
    with desk.read() as session:
        assert len(session.scalars(select(Attachment)).all()) == 2
    clock.advance(days=3)
    forget_orphans(desk)
    with desk.read() as session:
        [left] = session.scalars(select(Attachment)).all()
    assert left.name == "sent.txt"
    with desk.storage.open(left.sha256) as file:
        assert file.read() == b"sent"


def files_of(desk: Helpdesk) -> list[Path]:
    storage = desk.storage
    assert isinstance(storage, LocalStorage)
    return [path for path in storage.folder.rglob("*") if path.is_file()]


def age(desk: Helpdesk, **by: float) -> None:
    then = (datetime.now(UTC) - timedelta(**by)).timestamp()
    for path in files_of(desk):
        os.utime(path, (then, then))


def rows_of(desk: Helpdesk) -> list[Attachment]:
    with desk.read() as session:
        return list(session.scalars(select(Attachment)))


def test_redacted_files_go_for_good_by_a_job_that_runs_every_day(
    desk: Helpdesk, world: World, clock: TestClock
) -> None:
    clock.moment = datetime.now(UTC)
    posted = world.ticket(message=NewMessage(text="x", uploads=(Upload(name="key.pem", content=b"secret"),)))
    redact(desk, world.agent(role="admin"), posted.ticket.number or "", posted.message.uid, "a key")
    forget_orphans(desk)  # just put: a row of the same bytes may be about to be committed
    assert len(rows_of(desk)) == len(files_of(desk)) == 1
    clock.advance(days=1)
    forget_orphans(desk)
    assert not rows_of(desk)
    assert not files_of(desk)


def test_a_redacted_file_that_another_message_has_stays_until_that_one_is_redacted(
    desk: Helpdesk, world: World, clock: TestClock
) -> None:
    clock.moment = datetime.now(UTC)
    admin = world.agent(role="admin")
    both = [
        world.ticket(message=NewMessage(text="x", uploads=(Upload(name="key.pem", content=b"secret"),)))
        for _each in range(2)
    ]
    age(desk, hours=2)
    for posted, left in zip(both, (1, 0), strict=True):
        redact(desk, admin, posted.ticket.number or "", posted.message.uid, "a key")
        forget_orphans(desk)
        assert len(rows_of(desk)) == len(files_of(desk)) == left


def test_a_file_that_cannot_be_deleted_is_tried_again_and_holds_up_no_other(
    desk: Helpdesk, world: World, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.moment = datetime.now(UTC)
    for content in (b"one", b"two", b"three"):
        store(desk, world.customer(), Upload(name="a.txt", content=content))
    clock.advance(days=3)
    stuck = min(row.sha256 for row in rows_of(desk))
    delete = desk.storage.delete

    def fails(sha256: str, unless_put_since: datetime) -> bool:
        if sha256 == stuck:
            raise OSError("read-only file system")
        return delete(sha256, unless_put_since)

    with monkeypatch.context() as patch:
        patch.setattr(desk.storage, "delete", fails)
        with pytest.raises(OSError, match="read-only"):
            forget_orphans(desk)
    assert [row.sha256 for row in rows_of(desk)] == [path.name for path in files_of(desk)] == [stuck]
    forget_orphans(desk)
    assert not rows_of(desk)
    assert not files_of(desk)


def test_what_was_redacted_or_is_nobodys_cannot_be_sent_again(desk: Helpdesk, world: World) -> None:
    posted = world.ticket(message=NewMessage(text="x", uploads=(Upload(name="key.pem", content=b"secret"),)))
    [row] = rows_of(desk)
    redact(desk, world.agent(role="admin"), posted.ticket.number or "", posted.message.uid, "a key")
    for actor in (SYSTEM, ANONYMOUS, world.customer()):
        with pytest.raises(Invalid, match="no longer there"), desk.begin(actor) as tx:
            claim(tx, actor, [row.uid], [])


def test_the_system_may_send_what_somebody_has_uploaded(desk: Helpdesk, world: World) -> None:
    waiting = store(desk, world.customer(), Upload(name="a.txt", content=b"one"))
    with desk.begin(SYSTEM) as tx:
        [claimed] = claim(tx, SYSTEM, [waiting.uid], [])
    assert claimed.uid == waiting.uid


def test_bytes_that_no_row_names_go_within_sixteen_days_and_no_others(
    desk: Helpdesk, world: World, clock: TestClock
) -> None:
    clock.moment = datetime.now(UTC)
    world.ticket(message=NewMessage(text="x", uploads=(Upload(name="sent.txt", content=b"sent"),)))
    half = desk.storage.put(b"half done")
    for content in (b"one", b"two", b"three"):
        desk.storage.put(content)
    [path] = [path for path in files_of(desk) if path.name == half]
    path.rename(path.with_name(f".{half}.0123abcd"))
    forget_orphans(desk)
    assert len(files_of(desk)) == 5
    age(desk, days=3)
    for _day in range(16):
        forget_orphans(desk)
        clock.advance(days=1)
    assert [path.name for path in files_of(desk)] == [row.sha256 for row in rows_of(desk)]
    assert len(rows_of(desk)) == 1


def test_a_new_file_is_durable_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    name = LocalStorage(tmp_path / "files").put(b"bytes")
    file = tmp_path / "files" / name[:2] / name[2:4] / name
    assert {each.stat().st_ino for each in (file, *list(file.parents)[:4])} <= set(synced)
    assert synced[-1] == file.parent.stat().st_ino  # after the file has its name


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\счёт.pdf", "счёт.pdf"),
        ("a\x00b\u202efdp.exe", "abfdp.exe"),
        ("", "file"),
        ("..", "file"),
        ("x" * 300 + ".txt", "x" * 196 + ".txt"),
    ],
)
def test_names_are_made_harmless(given: str, safe: str) -> None:
    assert safe_name(given) == safe


@pytest.mark.parametrize(
    ("given", "name", "type_"),
    [
        ("text/plain; charset=utf-8", "a.txt", "text/plain"),
        ("", "a.png", "image/png"),
        ("text/html\r\nX: y", "a.bin", "application/octet-stream"),
    ],
)
def test_types_are_made_well_formed(given: str, name: str, type_: str) -> None:
    assert safe_type(given, name) == type_


def test_the_policy_refuses_by_size_and_type(desk: Helpdesk, world: World) -> None:
    customer = world.customer()
    with pytest.raises(TooLarge, match="25 MB are allowed"):
        store(desk, customer, Upload(name="big.bin", content=b"x" * (26 * 1024 * 1024)))
    with pytest.raises(Invalid, match="exe"):
        store(desk, customer, Upload(name="run.EXE", content=b"MZ"))
