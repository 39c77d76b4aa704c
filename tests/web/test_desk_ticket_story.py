"""What the ticket page of the desk tells of what happened, and what it offers no more."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from flask import Flask

from helpdesk_core.actor import SYSTEM
from helpdesk_core.events.base import Event
from helpdesk_core.mail.events import MailFailed
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.texts import lazy
from helpdesk_core.tickets import changing
from helpdesk_core.tickets.inputs import Change, Requester
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.rearranging import merge
from helpdesk_core.users.models import User
from tests.web.test_desk_ticket import PASSWORD, agent


def test_what_happened_is_told_in_the_language_of_who_reads(app: Flask, world: World, desk: Helpdesk) -> None:
    number = world.ticket(
        replace(SYSTEM, channel="email"), requester=Requester(email="carla@example.com")
    ).ticket.number
    changing.change(desk, SYSTEM, number or "", Change(status="on-hold", priority="high"))
    user = world.user("Galina Agent", password=PASSWORD, locale="ru")
    world.grant(user, "agent")
    browser = Browser(app)
    browser.login(user.primary_email or "", PASSWORD)
    page = browser.get(f"/desk/tickets/{number}")
    assert "статус: Новая → Отложено" in page.words
    assert "приоритет: Обычный → Высокий" in page.words
    assert "Почта ·" in page.words


def test_that_a_mail_did_not_arrive_is_told_in_words(app: Flask, world: World, desk: Helpdesk) -> None:
    browser, _user = agent(app, world)
    ticket = world.ticket().ticket
    with desk.begin(SYSTEM) as tx:
        tx.record(MailFailed(mail="a-mail", template="reply"), tx.session.get(Ticket, ticket.id))
    page = browser.get(f"/desk/tickets/{ticket.number}")
    assert "The helpdesk did not reach everybody by mail" in page.words
    assert "mail.failed" not in page.words


def test_a_merged_ticket_offers_no_move(app: Flask, world: World, desk: Helpdesk) -> None:
    browser, _user = agent(app, world)
    world.department("sales")
    first, second = (world.ticket().ticket.number or "" for _each in range(2))
    assert f"/desk/tickets/{first}/move" in browser.get(f"/desk/tickets/{first}").text
    merge(desk, SYSTEM, first, second)
    page = browser.get(f"/desk/tickets/{first}")
    assert "This ticket was merged into another one" in page.words
    assert f"/desk/tickets/{first}/move" not in page.text
    assert 'href="#move"' not in page.text


@dataclass(frozen=True, kw_only=True)
class Pondered(Event):
    """An event as a plugin brings one; its sentence is one that core has translated."""

    type: ClassVar[str] = "test.pondered"
    sentence: ClassVar[object] = lazy("is missing")


def test_the_timeline_tells_what_plugins_did_in_the_language_of_the_reader(
    app: Flask, world: World, desk: Helpdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(desk.event_types, Pondered.type, Pondered)
    browser, user = agent(app, world)
    ticket = world.ticket().ticket
    with desk.begin(SYSTEM) as tx:
        tx.session.get_one(User, user.id).locale = "de"
        tx.record(Pondered(), tx.session.get_one(Ticket, ticket.id))
    page = browser.get(f"/desk/tickets/{ticket.number}")
    assert "</strong> fehlt" in page.text
    assert "is missing" not in page.text
