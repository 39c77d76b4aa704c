"""What the helpdesk answers by itself, as rules have it do: no answer that somebody was promised."""

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.tickets import NewMessage, reply
from helpdesk_core.testing.plugins import PluginSite

from .sla_scenes import clocks, ledger, minutes, policy


def test_what_a_rule_answers_by_itself_is_not_the_promised_reply(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60, "update": 120})
    number = site.world.ticket().ticket.number or ""
    site.work()
    site.clock.advance(minutes=5)
    automatic = NewMessage(text="We have your message.", status="open")
    reply(site.desk, SYSTEM.through("rules"), number, automatic)
    site.work()
    assert clocks(site, number)["first_reply"].state == "running"
    assert "update" not in clocks(site, number)
    site.clock.advance(minutes=5)
    reply(site.desk, site.world.agent(), number, NewMessage(text="We are on it.", status="open"))
    site.work()
    assert (clocks(site, number)["first_reply"].outcome, round(minutes(clocks(site, number)["first_reply"]))) == (
        "met",
        10,
    )
    assert clocks(site, number)["update"].state == "running"


def test_what_a_rule_answers_pauses_clocks_while_the_turn_is_the_customers(site: PluginSite) -> None:
    policy(site, targets={"first_reply": 60})
    customer = site.world.customer()
    number = site.world.ticket(customer).ticket.number or ""
    site.clock.advance(minutes=5)
    reply(site.desk, SYSTEM.through("rules"), number, NewMessage(text="Which site?"))
    site.clock.advance(hours=5)
    reply(site.desk, customer, number, NewMessage(text="example.com"))
    site.work()
    assert ledger(site, number, "first_reply") == ["started", "paused", "resumed"]
    assert round(minutes(clocks(site, number)["first_reply"])) == 5
    browser = site.browser(site.world.agent())
    assert "the helpdesk answered by itself" in browser.get(f"/desk/x/sla/tickets/{number}").words
