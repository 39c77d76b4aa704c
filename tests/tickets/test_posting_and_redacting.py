"""What writing and redacting a message does to its ticket."""

from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.conversation import note
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.queries import find_ticket
from helpdesk_core.tickets.redacting import redact


def test_redacting_a_note_that_quotes_the_last_answer_leaves_the_preview_alone(desk: Helpdesk, world: World) -> None:
    admin = world.agent(role="admin")
    number = world.ticket(message=NewMessage(text="Where is my parcel?")).ticket.number or ""
    noted = note(desk, admin, number, NewMessage(text="Where is my parcel?"))
    redact(desk, admin, number, noted.message.uid, "said to be a surprise for Ada")
    with desk.read() as session:
        assert find_ticket(session, admin, number).preview == "Where is my parcel?"


def test_redacting_the_last_answer_takes_it_out_of_the_preview(desk: Helpdesk, world: World) -> None:
    admin = world.agent(role="admin")
    posted = world.ticket(message=NewMessage(text="My number is 4111"))
    redact(desk, admin, posted.ticket.number or "", posted.message.uid, "a card")
    with desk.read() as session:
        assert find_ticket(session, admin, posted.ticket.number or "").preview == "[Removed: a card]"
