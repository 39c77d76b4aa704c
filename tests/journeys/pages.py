"""Every page there is, for those who look at all of them: who opens it, and where it is."""

from dataclasses import dataclass

from flask import Flask

from helpdesk_core.testing.site import World
from helpdesk_core.tickets import conversation
from helpdesk_core.tickets.inputs import NewMessage
from tests.journeys.conftest import PASSWORD

NOT_PAGES = ("/api/", "/static/", "/theme/", "/healthz", "/readyz", "/favicon", "/attachments/", "/logout", "/x/")
PEOPLE = {"nobody": "", "customer": "carla@example.com", "owner": "olga@example.com"}


@dataclass(frozen=True)
class Town:
    """What the pages are about."""

    ticket: str
    desk_ticket: str
    person: str


def settle(world: World) -> Town:
    """Make people and tickets, so that the pages have something to show."""
    for key in ("support", "billing"):
        world.department(key, description=f"All about {key}.")
    carla = world.customer("Carla Customer", address=PEOPLE["customer"], password=PASSWORD)
    world.user("Olga Owner", address=PEOPLE["owner"], password=PASSWORD, is_owner=True)
    agent = world.agent("Adam Agent")
    numbers = [world.ticket(carla, subject=f"Mail is late, part {each}").ticket.number or "" for each in range(4)]
    text = "Is it better now?\n\n- one\n- two\n\n`code` and [a link](https://example.com)."
    conversation.reply(world.desk, agent, numbers[0], NewMessage(text=text))
    conversation.note(world.desk, agent, numbers[0], NewMessage(text="They wait since Monday."))
    return Town(numbers[0], numbers[0], carla.uid or "")


def addresses(app: Flask, who: str, town: Town) -> list[str]:
    """Return the addresses of all pages that this kind of person has, without those that need a token."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(NOT_PAGES):
            continue
        inside = rule.rule.startswith(("/desk", "/admin"))
        if inside != (who == "owner") or rule.arguments - {"number", "uid", "key"}:
            continue
        if rule.arguments & {"uid", "key"} and not rule.rule.startswith(
            ("/admin/people/<uid>", "/admin/departments/<key>")
        ):
            continue
        if who == "owner" or not rule.arguments or who == "customer":
            path = rule.rule.replace("<number>", town.ticket).replace("<uid>", town.person).replace("<key>", "support")
            found.append(path)
    return sorted(set(found))
