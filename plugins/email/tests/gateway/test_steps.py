"""Other plugins take part in each step of a mail."""

import pytest
from sqlalchemy import text

from helpdesk_core.api import Helpdesk
from helpdesk_email.decisions import Ended
from helpdesk_email.receiving import Gateway
from helpdesk_email.steps import STEPS, Taken
from helpdesk_email.storing import Envelope

from .gateways import tickets, written

SUPPORT = Envelope(recipients=("support@example.com",))


def test_every_step_of_a_new_mail_is_told_in_order(desk: Helpdesk, gateway: Gateway) -> None:
    told: list[Taken] = []
    for step in STEPS:
        gateway.steps.add(step, told.append)
    row = gateway.receive(written(), SUPPORT)
    assert [each.step for each in told] == [
        *("decode", "identity", "loop?", "blocked?", "automatic?", "match"),
        *("route", "spam?", "rules", "strip", "create"),
    ]
    assert {each.uid for each in told} == {row.uid}
    assert [(each.step, each.result) for each in told] == [(each["step"], each["result"]) for each in row.decisions]
    assert told[-1].sender == "carla@example.net"
    assert told[-1].mail.subject == "Printer"


@pytest.mark.parametrize("step", ["decode", "match", "route", "strip"])
@pytest.mark.parametrize("state", ["quarantined", "dropped"])
def test_a_plugin_ends_the_way_of_a_mail_and_a_person_overrules_it(
    desk: Helpdesk, gateway: Gateway, step: str, state: str
) -> None:
    gateway.steps.add(step, lambda taken: Ended(state=state, reason="It has a virus."))  # type: ignore[arg-type]  # one of them
    row = gateway.receive(written(), SUPPORT)
    assert (row.state, row.reason) == (state, "It has a virus.")
    assert row.decisions[-1] == {"step": step, "result": "stopped", "why": "It has a virus."}
    assert tickets(desk) == []
    if state == "quarantined":
        assert gateway.replay(row.uid).state == "done"
        assert len(tickets(desk)) == 1


def test_a_broken_plugin_stops_no_mail_and_leaves_nothing_behind(desk: Helpdesk, gateway: Gateway) -> None:
    def broken(taken: Taken) -> Ended | None:
        taken.session.execute(text("UPDATE email_received SET subject = 'spoilt'"))
        raise RuntimeError("a mistake")

    gateway.steps.add("match", broken)
    gateway.steps.add("create", lambda taken: Ended(state="dropped", reason="Too late."))
    gateway.steps.add("route", lambda taken: "rubbish")  # type: ignore[arg-type, return-value]  # rubbish is the point
    row = gateway.receive(written(), SUPPORT)
    assert (row.state, row.subject) == ("done", "Printer")
    assert len(tickets(desk)) == 1


def test_a_step_that_there_is_not_is_an_error_with_the_right_names(gateway: Gateway) -> None:
    with pytest.raises(ValueError, match="The steps are decode, identity"):
        gateway.steps.add("matching", lambda taken: None)
