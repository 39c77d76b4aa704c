"""Rules in the browser, by API and by command."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.users import Organisation
from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.testing.queries import count_queries
from helpdesk_rules.commands import commands
from helpdesk_rules.rules import all_rules
from helpdesk_rules.transfer import exported, import_rules

from .rule_scenes import keep, mails, messages, opened, outcomes, tags, ticket


def names(site: PluginSite) -> list[str]:
    with site.desk.read() as session:
        return [each.name for each in all_rules(site.desk, session)]


def test_an_admin_makes_a_rule_orders_it_and_takes_it_away(site: PluginSite) -> None:
    keep(site, "First", "opened", [], [("tag", "first")])
    browser = site.browser(site.world.agent(role="admin"))
    browser.get("/admin/x/rules/rules/new")
    page = browser.submit(
        "rule",
        {
            "name": "Outage",
            "triggers": ["opened"],
            "field.0": "subject",
            "operator.0": "has",
            "values.0": "down, offline",
            "action.0": "priority",
            "value.0": "urgent",
        },
    )
    assert "Subject contains down, offline" in page.words
    browser.post(page.link("Outage") + "/move", {"to": "up"})
    assert names(site) == ["Outage", "First"]
    page = browser.get(page.link("Outage"))
    assert page.form("rule").value("values.0") == "down, offline"
    browser.post(page.path + "/delete")
    assert names(site) == ["First"]


def test_a_mistake_is_said_beside_its_field_and_nothing_typed_is_lost(site: PluginSite) -> None:
    browser = site.browser(site.world.agent(role="admin"))
    browser.get("/admin/x/rules/rules/new")
    typed = {"name": "Wrong", "triggers": ["time"], "action.0": "priority", "value.0": "soon"}
    page = browser.submit("rule", typed)
    assert page.status == 422
    assert "needs a condition on time" in page.words
    assert "There is no “soon”" in page.words
    assert page.form("rule").value("value.0") == "soon"


def test_agents_may_not_look_after_rules(site: PluginSite) -> None:
    uid = keep(site, "First", "opened", [], [("tag", "first")])
    browser = site.browser(site.world.agent())
    for path in (
        "",
        "rules/new",
        f"rules/{uid}",
        f"rules/{uid}/matches",
        f"rules/{uid}/log",
        "try",
        "people",
        "export",
    ):
        assert browser.get(f"/admin/x/rules/{path}").status in (403, 404)


def test_a_preview_shows_what_would_match_and_no_more_than_one_may_see(site: PluginSite) -> None:
    for subject in ("Site down", "Mail down", "Invoice"):
        opened(site, subject=subject)
    opened(site, subject="Sales down", department="sales")
    uid = keep(site, "Down", "opened", [("subject", "has", "down"), ("message", "has", "site")], [("tag", "a")])
    page = site.browser(site.world.agent(role="admin")).get(f"/admin/x/rules/rules/{uid}/matches")
    assert "It would apply to 3 of the 3 tickets" in page.words
    page = site.browser(site.world.agent("Sam", "sales", role="admin")).get(f"/admin/x/rules/rules/{uid}/matches")
    assert "Mail down" not in page.words


def test_a_trial_says_what_would_happen_and_keeps_nothing(site: PluginSite) -> None:
    number = opened(site)
    keep(site, "Loud", "opened", [], [("tag", "loud"), ("notify", "x@example.com"), ("reply", "Hello")])
    keep(site, "Then", "opened", [("tag", "is", "loud")], [("close", "")])
    page = site.browser(site.world.agent(role="admin")).get(f"/admin/x/rules/try?number={number}&on=opened")
    assert "Done: Add tags: loud" in page.words
    assert "Done: Close the ticket" in page.words
    site.work()
    assert (tags(site, number), mails(site), len(messages(site, number))) == ([], [], 1)
    assert ticket(site, number).is_open
    assert outcomes(site, number) == []


def test_an_agent_asks_for_a_rule_and_sees_what_rules_did(site: PluginSite) -> None:
    uid = keep(site, "Specialist", "click", [], [("priority", "high"), ("note", "Look here.")])
    keep(site, "Late", "opened", [("priority", "is", "urgent")], [("tag", "late")])
    number = opened(site)
    browser = site.browser(site.world.agent("Adam Agent"))
    assert "Specialist" in browser.get(f"/desk/tickets/{number}").words
    browser.post(f"/desk/x/rules/tickets/{number}/ask/{uid}")
    assert ticket(site, number).priority.key == "high"
    assert ("internal", "Adam Agent", "Look here.") in messages(site, number)
    page = browser.get(f"/desk/x/rules/tickets/{number}")
    assert "Does not hold: Priority is urgent; it is normal" in page.words
    assert "Done: Set the priority: high" in page.words


def test_nobody_sees_or_asks_on_tickets_of_other_departments(site: PluginSite) -> None:
    uid = keep(site, "Specialist", "click", [], [("priority", "high")])
    number = opened(site)
    browser = site.browser(site.world.agent("Sam", "sales"))
    assert browser.get(f"/desk/x/rules/tickets/{number}").status == 404
    assert browser.post(f"/desk/x/rules/tickets/{number}/ask/{uid}").status == 404
    assert ticket(site, number).priority.key == "normal"


@pytest.mark.parametrize("form", ["toml", "json"])
def test_what_is_exported_can_be_imported_to_the_same(site: PluginSite, form: str) -> None:
    when = [("subject", "has", "отказ,down"), ("created_at", "over", "3d")]
    keep(site, "Late", "time", when, [("note", "Zwei\nZeilen")], is_last=True)
    keep(site, "Any", ["opened", "noted"], [("tag", "is", "a")], [("tag", "b")], match="any", is_active=False)
    text = exported(site.desk, SYSTEM, form)
    assert import_rules(site.desk, SYSTEM, text) == (0, 2)
    assert exported(site.desk, SYSTEM, form) == text


def test_an_import_with_a_mistake_takes_nothing_in(site: PluginSite) -> None:
    good = '[[rules]]\nname = "Good"\ntriggers = ["opened"]\nactions = [{action = "tag", value = "a"}]\n'
    bad = good.replace("Good", "Bad").replace("tag", "explode")
    with pytest.raises(Invalid, match="Bad"):
        import_rules(site.desk, SYSTEM, good + bad)
    assert names(site) == []
    with pytest.raises(Invalid, match="neither TOML nor JSON"):
        import_rules(site.desk, SYSTEM, "[[rules")
    with pytest.raises(Invalid, match="“active” has to be true or false") as raised:
        import_rules(site.desk, SYSTEM, good + 'active = "no"\n')
    assert set(raised.value.problems) == {"text"}, "the form has the sentence beside its field"
    assert names(site) == []


def test_commands_list_export_try_and_tell(site: PluginSite, tmp_path: Path) -> None:
    keep(site, "Loud", "opened", [], [("tag", "loud")])
    number = opened(site)
    known = {each.name: each for each in commands(site.desk)}
    run = CliRunner().invoke
    assert "Loud  [opened]" in run(known["list"]).output
    assert json.loads(run(known["list"], ["--json"]).output)["rules"][0]["name"] == "Loud"
    file = tmp_path / "rules.toml"
    file.write_text(run(known["export"]).output, "utf-8")
    assert "0 new, 1 changed." in run(known["import"], [str(file)]).output
    assert json.loads(run(known["try"], [number]).output)["outcome"] == "fired"
    assert json.loads(run(known["log"], [number]).output)["actions"][0]["value"] == "loud"


def test_the_list_takes_as_many_queries_for_many_rules_as_for_one(site: PluginSite) -> None:
    browser = site.browser(site.world.agent(role="admin"))
    with site.desk.begin(SYSTEM) as tx:
        rows = [Organisation(name=f"Acme {number}", created_at=tx.now) for number in range(9)]
        tx.session.add_all(rows)
        tx.reference_changed()
        tx.session.flush()
        first, *others = [row.uid for row in rows]
    keep(site, "First", "opened", [("organisation", "is", first)], [("tag", "a")])
    browser.get("/admin/x/rules/")
    with count_queries(site.desk) as one:
        browser.get("/admin/x/rules/")
    for number, uid in enumerate(others):
        conditions = [("organisation", "is", uid), ("organisation", "is_not", f"{first},{uid}")]
        keep(site, f"More {number}", "opened", conditions, [("tag", "a")])
    browser.get("/admin/x/rules/")
    with count_queries(site.desk) as many:
        page = browser.get("/admin/x/rules/")
    assert "Organisation is not Acme 0, Acme 8" in page.words
    assert len(many) <= len(one) <= 9
    assert all(" WHERE " in " ".join(each.split()) for each in many if "FROM organisations" in " ".join(each.split()))


def test_it_conforms() -> None:
    assert_conforms("rules")


def test_an_organisation_is_written_by_its_name_however_many_there_are(site: PluginSite) -> None:
    with site.desk.begin(SYSTEM) as tx:
        rows = [Organisation(name=f"Acme {number:04}", created_at=tx.now) for number in range(1500)]
        tx.session.add_all([*rows, *(Organisation(name="Twin", created_at=tx.now) for _each in range(2))])
        tx.reference_changed()
        tx.session.flush()
        uid = rows[1203].uid
    browser = site.browser(site.world.agent(role="admin"))
    page = browser.get("/admin/x/rules/rules/new")
    assert "1472 more: write the name" in page.words
    typed = {"name": "Big ones", "triggers": ["opened"], "field.0": "organisation", "operator.0": "is"}
    typed |= {"action.0": "tag", "value.0": "big"}
    page = browser.submit("rule", {**typed, "values.0": "Acme 99"})
    assert page.status == 422
    page = browser.submit("rule", {**typed, "values.0": "1203"})
    assert f"{uid} (Acme 1203)" in page.words, "those with such a name are offered"
    assert browser.submit("rule", {**typed, "values.0": "acme 1203"}).status == 200
    assert "Organisation is Acme 1203" in browser.page.words
    with site.desk.read() as session:
        (rule,) = all_rules(site.desk, session)
    assert rule.conditions[0].values == (uid,)
    browser.click("Big ones")
    assert browser.page.form("rule").value("values.0") == "Acme 1203"
    assert browser.submit("rule", {"values.0": "Twin"}).status == 422, "one of two cannot be meant"


def test_people_are_found_among_many(site: PluginSite) -> None:
    for number in range(35):
        site.world.agent(f"Agent {number:02}")
    browser = site.browser(site.world.agent("Ada Admin", role="admin"))
    page = browser.get("/admin/x/rules/people")
    assert "Agent 34" not in page.words
    assert "look for the name" in page.words
    page = browser.get("/admin/x/rules/people?q=agent+34")
    assert "Agent 34" in page.words
    browser.submit("person-1", {"skills": "dns"})
    assert browser.page.form("person-1").value("skills") == "dns", "one comes back to whom one was looking at"
    assert "Nobody is called that" in browser.get("/admin/x/rules/people?q=zzz").words
