"""A copy of one's data, and being forgotten, through the API."""

import io
import json
import zipfile

from helpdesk_core.actor import Actor
from helpdesk_core.testing.site import World
from tests.rest.callers import As, body


def test_people_get_a_copy_of_all_that_is_kept_about_them(as_: As, world: World, admin: Actor) -> None:
    carla = world.customer("Carla Customer")
    world.ticket(carla, subject="Shop is down")
    for api in (as_(carla), as_(admin)):
        answer = api.get(f"/users/{carla.uid}/export", buffered=True)
        assert (answer.status_code, answer.mimetype) == (200, "application/zip")
        assert "attachment" in answer.headers["Content-Disposition"]
        assert "no-store" in answer.headers["Cache-Control"]
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            assert json.loads(archive.read("person.json"))["name"] == "Carla Customer"
            assert json.loads(archive.read("tickets.json"))[0]["subject"] == "Shop is down"


def test_nobody_else_gets_the_copy(as_: As, world: World, agent: Actor) -> None:
    carla = world.customer()
    assert body(as_(agent).get(f"/users/{carla.uid}/export"), 403)["permission"] == "privacy.manage"
    assert as_(carla, "read").get(f"/users/{carla.uid}/export").status_code == 403


def test_a_person_is_erased_once_the_name_was_given(as_: As, world: World, admin: Actor) -> None:
    api, carla = as_(admin), world.customer("Carla Customer")
    number = world.ticket(carla).ticket.number
    path = f"/users/{carla.uid}/erase"
    for wrong in ({"confirm": "carla"}, {}):
        assert list(body(api.post(path, wrong), 422)["errors"]) == ["confirm"]
    assert body(api.get(f"/users/{carla.uid}"))["name"] == "Carla Customer"
    assert api.post(path, {"confirm": "Carla Customer", "with_messages": True}).status_code == 204
    gone = body(api.get(f"/users/{carla.uid}"))
    assert (gone["name"], gone["email"], gone["is_active"]) == ("Erased person", None, False)
    message = body(api.get(f"/tickets/{number}/messages"))["items"][0]
    assert message["author"]["name"] == "Erased person"
    assert api.post(f"/users/{admin.uid}/erase", {"confirm": admin.name}).status_code == 403


def test_erasing_needs_a_permission_of_its_own(as_: As, world: World, agent: Actor) -> None:
    carla = world.customer("Carla")
    answer = as_(agent).post(f"/users/{carla.uid}/erase", {"confirm": "Carla"})
    assert body(answer, 403)["permission"] == "privacy.manage"
