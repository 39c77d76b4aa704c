import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select

from helpdesk_core.clock import utc_now
from helpdesk_core.events.models import Delivery
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.notify import NOTIFIER
from helpdesk_core.testing import site
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import conversation
from helpdesk_core.tickets.inputs import NewMessage

TICKETS = 20
KILLS = 4


def test_killing_workers_at_any_moment_loses_no_mail_and_doubles_none(desk_url: str, tmp_path: Path) -> None:
    """A mail may be handed over again, under the same name; what is composed from an event is composed once."""
    folder = tmp_path / "instance"
    config = {"mail": {"transport": "folder"}}
    env = os.environ | site.make_instance(folder, desk_url, config)
    with site.opened(folder, desk_url, config) as desk:
        desk.clock = utc_now
        desk.core_subscribers = {NOTIFIER.name: NOTIFIER}
        world = World(desk)
        carla, adam = world.customer(), world.agent("Adam", "support")
        numbers = [world.ticket(carla).ticket.number or "" for _ in range(TICKETS)]
        for number in numbers:
            conversation.reply(desk, adam, number, NewMessage(text="Done."))
        for _ in range(KILLS):
            _let_a_worker_die(folder, env)
        for days in range(1, 4):  # what the dead held is given back after its lease, and due after a wait
            desk.clock = partial(_later, days)
            Worker(desk, jobs=()).run_once()
        with desk.read() as session:
            mails = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).all()
            left = session.scalars(select(Delivery)).all()
    assert left == []
    assert Counter(mail.template for mail in mails) == {"ticket_opened": TICKETS, "reply": TICKETS}
    assert {mail.state for mail in mails} == {"sent"}
    assert {path.name for path in (folder / "mail").glob("*.eml")} == {f"{mail.uid}.eml" for mail in mails}
    for ticket_id in {mail.ticket_id for mail in mails}:
        told = [mail.template for mail in mails if mail.ticket_id == ticket_id]
        assert told == ["ticket_opened", "reply"], "the events of a ticket are told in order"


def _later(days: int) -> datetime:
    return utc_now() + timedelta(days=days)


def _let_a_worker_die(folder: Path, env: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tests.jobs.killable", str(folder)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(random.uniform(0.0, 0.25))
        process.kill()
