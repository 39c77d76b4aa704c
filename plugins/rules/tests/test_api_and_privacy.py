"""Rules by the API: rights and bad input; values with commas in the form; and what is kept about people."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Actor
from helpdesk_core.api.tickets import Change, Requester, change
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.users.privacy import erase_user, export_personal_data
from helpdesk_rules.keeping import save_person
from helpdesk_rules.models import Person, Verdict
from helpdesk_rules.rules import all_rules

from .rule_scenes import keep, opened, outcomes, tags, ticket

GOOD: dict[str, Any] = {
    "name": "Outage",
    "triggers": ["opened"],
    "conditions": [{"field": "subject", "operator": "has", "values": ["down, again"]}],
    "actions": [{"action": "tag", "value": "outage"}],
}
Ask = Callable[..., tuple[int, Any]]


def api(site: PluginSite, actor: Actor | None) -> Ask:
    """Return what asks the API as somebody; it answers with status and JSON."""
    client = site.browser(actor).client
    found = client.get("/api/docs/session")
    proof = (found.get_json(silent=True) or {}).get("proof", "")

    def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        address = f"/api/v1/x/rules{path}"
        answer = client.open(address, method=method, json=body, headers={"X-CSRFToken": proof})
        return answer.status_code, answer.get_json(silent=True)

    return ask


def test_rules_are_made_changed_tried_and_taken_away_by_the_api(site: PluginSite) -> None:
    ask = api(site, site.world.agent(role="admin"))
    status, made = ask("POST", "/rules", GOOD)
    assert status == 201
    assert (made["name"], made["problem"], made["conditions"]) == ("Outage", None, GOOD["conditions"])
    path = f"/rules/{made['uid']}"
    assert ask("GET", path)[1] == made
    assert [each["name"] for each in ask("GET", "/rules")[1]["items"]] == ["Outage"]
    number = opened(site, subject="It is down, again")
    assert tags(site, number) == ["outage"]
    assert [each["number"] for each in ask("GET", f"{path}/matches")[1]["items"]] == [number]
    assert ask("PUT", path, {**GOOD, "name": "Outages", "active": False})[1]["active"] is False
    (verdict,) = ask("GET", f"/tickets/{number}/verdicts")[1]["items"]
    assert (verdict["rule"], verdict["outcome"]) == ("Outage", "fired")
    ask("PUT", path, {**GOOD, "actions": [{"action": "tag", "value": "more"}]})
    (trial,) = ask("POST", "/trials", {"ticket": number, "trigger": "opened"})[1]["items"]
    assert trial["actions"] == [{"action": "tag", "value": "more", "error": ""}]
    assert tags(site, number) == ["outage"]
    assert ask("DELETE", path)[0] == 204
    assert ask("GET", path)[0] == 404


def test_who_may_not_look_after_rules_may_nothing_of_it_by_the_api(site: PluginSite) -> None:
    uid = keep(site, "First", "opened", [], [("tag", "first")])
    number = opened(site, department="support")
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/rules", None),
        ("POST", "/rules", GOOD),
        ("GET", f"/rules/{uid}", None),
        ("PUT", f"/rules/{uid}", GOOD),
        ("DELETE", f"/rules/{uid}", None),
        ("GET", f"/rules/{uid}/matches", None),
        ("POST", "/trials", {"ticket": number, "trigger": "opened"}),
    ]
    for actor in (site.world.customer(), site.world.agent(), site.world.agent("Mia", role="manager")):
        ask = api(site, actor)
        assert {ask(*call)[0] for call in calls} <= {403, 404}
    stranger = api(site, None)
    assert {stranger(*call)[0] for call in [*calls, ("GET", f"/tickets/{number}/verdicts", None)]} <= {401, 403}
    path = f"/tickets/{number}/verdicts"
    assert api(site, site.world.agent("Sam", "sales"))("GET", path)[0] == 404
    assert api(site, site.world.customer())("GET", path)[0] in (403, 404)
    assert api(site, site.world.agent("Sue", "support"))("GET", path)[0] == 200
    with site.desk.read() as session:
        assert [each.name for each in all_rules(site.desk, session)] == ["First"]


@pytest.mark.parametrize(
    ("change_", "said"),
    [
        ({"name": ""}, "name"),
        ({"triggers": ["never"]}, "triggers"),
        ({"triggers": []}, "triggers"),
        ({"match": "some"}, "match"),
        ({"conditions": [{"field": "colour", "operator": "is", "values": ["red"]}]}, "colour"),
        ({"conditions": [{"field": "subject", "operator": "over", "values": ["3"]}]}, "conditions"),
        ({"actions": [{"action": "explode", "value": ""}]}, "explode"),
        ({"actions": []}, "actions"),
        ({"actions": [{"action": "tag", "value": ""}]}, "tag"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_rule_that_cannot_work_is_a_problem_with_its_field(
    site: PluginSite, change_: dict[str, Any], said: str
) -> None:
    status, answer = api(site, site.world.agent(role="admin"))("POST", "/rules", {**GOOD, **change_})
    assert status == 422
    assert said in json.dumps(answer)


def test_no_input_brings_the_api_down(site: PluginSite) -> None:
    ask = api(site, site.world.agent(role="admin"))
    texts = st.text(max_size=12) | st.sampled_from(["subject", "created_at", "over", "has", "tag", "notify", "time"])
    scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
    anything = st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    )
    conditions = st.lists(
        st.fixed_dictionaries({"field": texts, "operator": texts, "values": st.lists(texts, max_size=3)}), max_size=3
    )
    actions = st.lists(st.fixed_dictionaries({"action": texts, "value": texts}), max_size=3)
    rules = st.fixed_dictionaries(
        {"name": texts | anything, "triggers": st.just(["opened"]) | anything},
        optional={"conditions": conditions | anything, "actions": actions | anything, "match": anything},
    )

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from([("POST", "/rules"), ("PUT", "/rules/none"), ("POST", "/trials")]), rules | anything)
    def try_it(where: tuple[str, str], body: Any) -> None:
        status, answer = ask(*where, body)
        assert status < 500, answer

    try_it()


def test_a_value_with_a_comma_stays_one_value_in_the_form(site: PluginSite) -> None:
    keep(site, "Down", "opened", [], [("tag", "down")])
    browser = site.browser(site.world.agent(role="admin"))
    page = browser.get("/admin/x/rules/")
    browser.get(page.link("Down"))
    browser.submit("rule", {"field.0": "subject", "operator.0": "has", "values.0": '"down, again", "say ""no""", gone'})
    with site.desk.read() as session:
        (rule,) = all_rules(site.desk, session)
    assert rule.conditions[0].values == ("down, again", 'say "no"', "gone")
    page = browser.get(browser.page.link("Down"))
    browser.submit("rule", {"name": "Down again"})
    with site.desk.read() as session:
        assert all_rules(site.desk, session)[0].conditions == rule.conditions


def test_no_way_makes_spam_of_what_a_customer_who_signed_in_writes(site: PluginSite) -> None:
    click = keep(site, "Junk", "click", [], [("spam", "")])
    keep(site, "Casino", ["opened", "changed"], [("subject", "has", "casino")], [("spam", "")])
    keep(site, "Old", "time", [("created_at", "over", "1h")], [("spam", "")])
    carla = site.world.customer("Carla Customer", address="carla@example.net")
    site.browser(carla)
    by_mail = opened(site, SYSTEM.through("email"), subject="casino", requester=Requester(email="carla@example.net"))
    by_web = opened(site, carla, subject="casino")
    agent = site.world.agent()
    for number in (by_mail, by_web):
        change(site.desk, agent, number, Change(priority="high"))
        site.work()
        site.browser(agent).post(f"/desk/x/rules/tickets/{number}/ask/{click}")
    site.clock.advance(hours=2)
    site.work()
    for number in (by_mail, by_web):
        assert ticket(site, number).is_open
        assert tags(site, number) == []
        assert {outcome for _rule, outcome in outcomes(site, number)} == {"fired"}, "each was asked, and refused"


def test_what_is_kept_about_a_colleague_is_handed_out_and_erased(site: PluginSite) -> None:
    admin = site.world.agent("Ada", role="admin", is_owner=True)
    ann = site.world.agent("Ann", "support", address="ann_x@example.com")
    save_person(site.desk, SYSTEM, ann.uid or "", ["DNS"], is_away=True)
    keep(site, "Ann’s", "opened", [("assignee", "is_not", "ann_x@example.com")], [("assign", "ann_x@example.com")])
    keep(site, "Late", "changed", [("assignee", "is", "bob@example.com")], [("tag", "late")])
    keep(site, "Other", "changed", [("priority", "is", "low")], [("tag", "other")])
    number = opened(site)
    assert ("Late", "not") in outcomes(site, number)
    target = io.BytesIO()
    export_personal_data(site.desk, admin, ann.uid or "", target)
    with zipfile.ZipFile(target) as file:
        kept = json.loads(file.read("rules/sharing.json"))
    assert (kept["skills"], kept["away"]) == (["dns"], True)
    erase_user(site.desk, admin, ann.uid or "")
    with site.desk.read() as session:
        assert session.get(Person, ann.user_id) is None
        assert not [each for each in session.scalars(select(Verdict)) if "ann_x" in json.dumps(each.details)]
    assert ("Other", "not") in outcomes(site, number), "what says nothing of her stays"


def test_erasing_somebody_leaves_what_the_log_says_of_others_whose_address_ends_alike(site: PluginSite) -> None:
    admin = site.world.agent("Ada", role="admin", is_owner=True)
    an = site.world.agent("An", "support", address="an@example.com")
    site.world.agent("Joan", "support", address="joan@example.com")
    keep(site, "An’s", "opened", [("assignee", "is_not", "an@example.com")], [("tag", "a")])
    keep(site, "Joan’s", "opened", [("assignee", "is_not", "joan@example.com")], [("tag", "b")])
    keep(site, "Told", "opened", [], [("note", "Ask AN@example.com, please.")])
    keep(site, "Else", "opened", [], [("note", "Ask an@example.com.au or an@example.com-shop.org.")])
    number = opened(site)
    erase_user(site.desk, admin, an.uid or "")
    assert [rule for rule, _outcome in outcomes(site, number)] == ["Joan’s", "Else"]


def test_what_the_log_says_of_a_customers_tickets_is_erased_with_them(site: PluginSite) -> None:
    admin = site.world.agent("Ada", role="admin", is_owner=True)
    carla = site.world.customer("Carla Customer", address="carla@example.net")
    keep(site, "Hers", "opened", [("requester", "is", "x@example.net")], [("tag", "a")])
    hers, other = opened(site, carla), opened(site)
    erase_user(site.desk, admin, carla.uid or "")
    assert outcomes(site, hers) == []
    assert outcomes(site, other) == [("Hers", "not")]
