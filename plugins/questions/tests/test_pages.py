"""Writing questions: pages, files, commands, and the rules for plugins."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import Invalid
from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_questions import sets, transfer
from helpdesk_questions.asked import Set
from helpdesk_questions.commands import commands

from .conftest import Asking


def known(asking: Asking) -> dict[str, Set]:
    with asking.site.desk.read() as session:
        return {each.key: each for each in sets.all_sets(asking.site.desk, session)}


def test_an_admin_writes_a_set_tries_and_removes_it(asking: Asking) -> None:
    browser = asking.site.browser(asking.owner)
    browser.get("/admin/x/questions/")
    browser.click("New set")
    page = browser.submit("set", {"key": "Move!", "name.en": "Moving in"}, press="Make set")
    assert (page.status, "is no key" in page.words) == (422, True)
    page = browser.submit("set", {"key": "moving", "departments": ["sales"]}, press="Make set")
    assert "Saved." in page.words
    browser.click("Add a question")
    page = browser.submit("question", {"text.en": "From where?", "key": "where", "kind": "choice"})
    assert "has nothing to choose from" in page.words
    options = "here = From another company\nnew = It is new"
    browser.submit("question", {"options.en": options, "text.de": "Woher?", "required": True})
    browser.click("Add a question")
    given = {"text.en": "Which company?", "key": "who", "if_question": "where", "if_values": "there"}
    page = browser.submit("question", given)
    assert "waits for “there”, which nobody can choose" in page.words
    page = browser.submit("question", {"if_values": "here"})
    assert "if where is here" in page.words
    page = browser.click("Preview")
    assert "Which company?" not in page.words
    page = browser.submit("preview", {"p-moving.where": "here"})
    assert "Which company?" in page.words
    one = known(asking)["moving"]
    assert (one.version, one.departments, [each.key for each in one.questions]) == (3, ["sales"], ["where", "who"])
    assert one.questions[0].text == {"en": "From where?", "de": "Woher?"}
    browser.get("/admin/x/questions/sets/moving/q/where")
    page = browser.submit("Remove question")
    assert "depends on “where”, which is not asked before" in page.words
    page = browser.submit("Remove set")
    assert "The questions are gone" in page.words
    assert "moving" not in known(asking)


@pytest.mark.parametrize("key", ["new", "delete", "move", "add", "preview", "import", "q", "sets"])
def test_no_key_is_taken_for_an_address_of_the_pages(asking: Asking, key: str) -> None:
    browser = asking.site.browser(asking.owner)
    browser.get("/admin/x/questions/new")
    browser.submit("set", {"key": key, "name.en": "Odd"}, press="Make set")
    browser.click("Add a question")
    browser.submit("question", {"text.en": "What?", "key": key})
    browser.get("/admin/x/questions/")
    browser.click("Odd")
    browser.click("What?")
    page = browser.submit("question", {"text.en": "What else?"})
    assert "Saved." in page.words
    assert [each.text for each in known(asking)[key].questions] == [{"": "What else?"}]


def test_a_set_keeps_the_departments_that_are_not_in_use(asking: Asking) -> None:
    asking.take_in(
        '[[sets]]\nkey = "f"\ndepartments = ["sales"]\n[[sets.questions]]\nkey = "plan"\ntext = "Your plan"\n'
    )
    with asking.site.desk.begin(SYSTEM) as tx:
        tx.session.scalars(select(Department).where(Department.key == "sales")).one().is_active = False
        tx.reference_changed()
    browser = asking.site.browser(asking.owner)
    page = browser.get("/admin/x/questions/sets/f")
    assert "Sales" in page.words
    browser.submit("set", {"name.en": "Plans"}, press="Save")
    assert known(asking)["f"].departments == ["sales"]


def test_who_may_not_write_questions_does_not(asking: Asking) -> None:
    ann = asking.site.browser(asking.site.world.agent("Ann Agent", "support"))
    assert ann.get("/admin/x/questions/").status in (403, 404)
    assert asking.site.browser(asking.carla).get("/admin/x/questions/sets/site").status in (403, 404)


@pytest.mark.parametrize("form", ["toml", "json"])
def test_what_is_saved_can_be_taken_in_again_and_changes_nothing(asking: Asking, form: str) -> None:
    before = known(asking)
    browser = asking.site.browser(asking.owner)
    text = browser.client.get(f"/admin/x/questions/questions.{form}").get_data(as_text=True)
    browser.get("/admin/x/questions/import")
    page = browser.submit("import", text=text)
    assert "Taken in: site, mail, invoice." in page.words
    assert known(asking) == before


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("nonsense", "neither TOML nor JSON"),
        ("a = 1", "no \\[\\[sets\\]\\]"),
        (
            '[[sets]]\nkey = "x"\n[[sets.questions]]\nkey = "a"\nkind = "colour"\ntext = "?"',
            "Set 1: “a”: the kind is one",
        ),
        ('[[sets]]\nkey = "x"\n[[sets.questions]]\nkey = "a"\ntext = ""', "“a” has no text"),
        ('[[sets]]\nkey = "x"\nquestions = 5', "“questions” is a list"),
        ('{"sets": [{"key": "x", "version": null}]}', "Set 1: “version” is a number"),
        ('{"sets": [{"key": "x", "version": "two"}]}', "Set 1: “version” is a number"),
        ('{"sets": [{"key": "x", "version": [1]}]}', "Set 1: “version” is a number"),
    ],
)
def test_a_file_that_cannot_be_taken_in_says_why_and_changes_nothing(asking: Asking, toml: str, said: str) -> None:
    before = known(asking)
    with pytest.raises(Invalid, match=said):
        transfer.take_in(asking.site.desk, asking.owner, toml)
    assert known(asking) == before


def test_sets_have_an_order(asking: Asking) -> None:
    sets.move(asking.site.desk, asking.owner, "invoice", -1)
    assert list(known(asking)) == ["site", "invoice", "mail"]


def test_commands_take_sets_out_and_in(asking: Asking, tmp_path: Path) -> None:
    by_name = {command.name or "": command for command in commands(asking.site.desk)}
    out = CliRunner().invoke(by_name["export"], [], standalone_mode=False)
    assert '[[sets]]\nkey = "site"' in out.output
    file = tmp_path / "q.toml"
    file.write_text(out.output, "utf-8")
    taken = CliRunner().invoke(by_name["import"], [str(file), "--json"], standalone_mode=False)
    assert taken.output == '["site", "mail", "invoice"]\n'


def test_every_sample_is_in_five_languages(asking: Asking) -> None:
    texts = [each.text for one in known(asking).values() for each in one.questions]
    assert {tuple(sorted(each)) for each in texts} == {("de", "en", "hr", "ru", "uk")}


def test_it_keeps_the_rules_for_plugins() -> None:
    assert_conforms("questions")
