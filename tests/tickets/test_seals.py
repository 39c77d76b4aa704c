"""History is sealed with the site's secret key: who has the database alone cannot make it anew."""

import pytest
from sqlalchemy import delete, select, update

from helpdesk_core.actor import SYSTEM
from helpdesk_core.errors import Forbidden
from helpdesk_core.events import seals
from helpdesk_core.events.models import Delivery, EventRow
from helpdesk_core.events.recorder import chain_hash
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.audit import Broken, seal_anew, verify
from helpdesk_core.tickets.content import seal
from helpdesk_core.tickets.conversation import reply
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.models import Message, Ticket

NEW_KEY = b"another secret that is long enough as well"


def broken(desk: Helpdesk, *old_keys: bytes) -> list[Broken]:
    with desk.read() as session:
        return list(verify(desk, session, old_keys=old_keys))


def forge(tx: Transaction, ticket_id: int) -> None:
    """Put other words into the first message, and make the whole chain anew: whoever writes to the tables can."""
    message = tx.session.scalars(select(Message).where(Message.ticket_id == ticket_id).order_by(Message.id)).first()
    assert message is not None
    message.body_text = "I never asked for a refund."
    message.content_hash = seal(message.body_text, message.body_html, message.kind, message.author_id, [])
    previous = ""
    rows = tx.session.scalars(select(EventRow).where(EventRow.ticket_id == ticket_id).order_by(EventRow.seq)).all()
    for row in rows:
        if row.data.get("message_id") == message.id:
            row.data = {**row.data, "content_hash": message.content_hash}
        row.previous_hash = previous
        previous = row.hash = chain_hash(row)
    tx.session.flush()
    tx.session.execute(update(Ticket).where(Ticket.id == ticket_id).values(event_hash=previous))


@pytest.fixture
def number(world: World, desk: Helpdesk) -> str:
    number = world.ticket(text="Please refund me.").ticket.number or ""
    reply(desk, world.agent(), number, NewMessage(text="Done"))
    return number


def ticket_id(desk: Helpdesk, number: str) -> int:
    with desk.read() as session:
        return session.scalars(select(Ticket.id).where(Ticket.number == number)).one()


def test_a_chain_made_anew_is_found_and_stays_found(desk: Helpdesk, world: World, number: str) -> None:
    assert broken(desk) == []
    with desk.begin(SYSTEM) as tx:
        forge(tx, ticket_id(desk, number))
    assert [each.number for each in broken(desk)] == [number]
    reply(desk, world.agent("Another"), number, NewMessage(text="Anything else?"))
    assert [each.number for each in broken(desk)] == [number]


@pytest.mark.parametrize("way", ["taken away", "shortened", "another ticket's", "forged"])
def test_a_seal_cannot_be_got_round(desk: Helpdesk, world: World, number: str, way: str) -> None:
    other = world.ticket(text="Please refund me.").ticket.number or ""
    reply(desk, world.agent("Another"), other, NewMessage(text="Done"))
    id_ = ticket_id(desk, number)
    with desk.begin(SYSTEM) as tx:
        forge(tx, id_)
    reply(
        desk, world.agent("A third"), number, NewMessage(text="Anything else?")
    )  # seals what it finds, with the doubt
    with desk.begin(SYSTEM) as tx:
        now = tx.session.scalars(select(Ticket.event_seal).where(Ticket.id == id_)).one()
        theirs = tx.session.scalars(select(Ticket.event_seal).where(Ticket.number == other)).one()
        given = {
            "taken away": "",
            "shortened": now.split()[-1],
            "another ticket's": theirs,
            "forged": f"{seals.key_id(desk.secret)}:{now.split(':')[-2]}:{'0' * 32}",
        }[way]
        tx.session.execute(update(Ticket).where(Ticket.id == id_).values(event_seal=given))
    assert [each.number for each in broken(desk)] == [number]


def test_cutting_off_the_end_is_found(desk: Helpdesk, number: str) -> None:
    id_ = ticket_id(desk, number)
    with desk.begin(SYSTEM) as tx:
        rows = tx.session.scalars(select(EventRow).where(EventRow.ticket_id == id_).order_by(EventRow.seq)).all()
        cut = [row.id for row in rows if row.seq is not None and row.seq > 2]
        gone = [row.data["message_id"] for row in rows if row.id in cut and "message_id" in row.data]
        tx.session.execute(delete(Delivery).where(Delivery.event_id.in_(cut)))
        tx.session.execute(delete(EventRow).where(EventRow.id.in_(cut)))
        tx.session.execute(delete(Message).where(Message.id.in_(gone)))
        end = {"event_count": 2, "event_hash": rows[1].hash}
        tx.session.execute(update(Ticket).where(Ticket.id == id_).values(**end))
    [found] = broken(desk)
    assert (found.number, "seal does not fit" in found.what) == (number, True)


def test_after_the_key_was_changed_the_old_one_proves_and_reseals(desk: Helpdesk, world: World, number: str) -> None:
    old, agent = desk.secret, world.agent("Another")
    forged = world.ticket(text="Please refund me.").ticket.number or ""
    untouched = world.ticket().ticket.number or ""
    desk.secret = NEW_KEY
    assert {(each.number, each.key) for each in broken(desk)} == {
        (each, "unknown") for each in (number, forged, untouched)
    }
    assert f"({seals.key_id(old)})" in broken(desk)[0].what
    assert "--old-key" in broken(desk)[0].what
    reply(desk, agent, number, NewMessage(text="Under the new key"))
    with desk.begin(SYSTEM) as tx:
        forge(tx, ticket_id(desk, forged))
    assert {(each.number, each.key) for each in broken(desk, old)} == {(forged, "ours"), (untouched, "old")}
    with pytest.raises(Forbidden):
        seal_anew(desk, agent, [old])
    made = seal_anew(desk, SYSTEM, [old])
    assert (made.done, made.left) == (2, 1)
    assert {each.number for each in broken(desk)} == {forged}
    assert seal_anew(desk, SYSTEM, []).done == 0
