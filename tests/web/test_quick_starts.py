"""What applications share or put off, so that they start quickly, changes nothing of what they do."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from werkzeug.routing import Map, Rule

from helpdesk_core.web.template_memory import MOST, TemplateMemory
from helpdesk_core.web.url_rules import LateRule


def test_an_address_is_built_as_by_any_other_rule() -> None:
    """With values in the path, values for the query, and values of a kind that a rule converts."""
    built = []
    for kind in (Rule, LateRule):
        rules = [kind("/tickets/<number>", endpoint="ticket"), kind("/x/<int:page>/<path:rest>", endpoint="page")]
        address = Map(rules).bind("helpdesk.example")
        built.append(
            [
                address.build("ticket", {"number": "HD-1 ü"}),
                address.build("ticket", {"number": "HD-1", "tab": "all"}),
                address.build("ticket", {"number": "HD-1", "tab": "all"}, append_unknown=False),
                address.build("page", {"page": 7, "rest": "a/b"}),
                address.build("page", {"page": 7, "rest": "a/b"}),
            ]
        )
    assert built[0] == built[1]
    assert built[1][:2] == ["/tickets/HD-1%20%C3%BC", "/tickets/HD-1?tab=all"]


def test_a_builder_is_compiled_once_and_only_when_it_is_wanted() -> None:
    """What stands in until then gives way to what was compiled."""
    rule = LateRule("/tickets/<number>", endpoint="ticket")
    address = Map([rule]).bind("helpdesk.example")
    waiting = rule._build_unknown
    address.build("ticket", {"number": "1"})
    ready = rule._build_unknown
    address.build("ticket", {"number": "2"})
    assert waiting is not ready
    assert rule._build_unknown is ready


def _environment(folder: Path, memory: TemplateMemory) -> Environment:
    return Environment(loader=FileSystemLoader(folder), bytecode_cache=memory, autoescape=True)


def test_an_environment_shows_what_another_has_compiled(tmp_path: Path) -> None:
    """The code is the very same, the names that it finds are each environment's own."""
    (tmp_path / "page.html").write_text("{{ who }} & {{ site }}")
    memory = TemplateMemory()
    one, other = _environment(tmp_path, memory), _environment(tmp_path, memory)
    one.globals["site"], other.globals["site"] = "one", "other"
    first, second = one.get_template("page.html"), other.get_template("page.html")
    assert first.root_render_func.__code__ is second.root_render_func.__code__
    assert first.render(who="<b>") == "&lt;b&gt; & one"
    assert second.render(who="<b>") == "&lt;b&gt; & other"


def test_a_changed_template_is_compiled_anew(tmp_path: Path) -> None:
    """Also by an environment that has never seen it, and when it is changed back."""
    memory = TemplateMemory()
    shown = []
    for text in ("old", "new", "old"):
        (tmp_path / "page.html").write_text(text)
        shown.append(_environment(tmp_path, memory).get_template("page.html").render())
    assert shown == ["old", "new", "old"]


def test_templates_with_one_text_in_two_places_stay_apart(tmp_path: Path) -> None:
    """An error tells the file in which it happened, not a twin."""
    memory = TemplateMemory()
    files = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.html").write_text("same")
        files.append(_environment(tmp_path / name, memory).get_template("page.html").filename)
    assert files == [str(tmp_path / "one" / "page.html"), str(tmp_path / "other" / "page.html")]


def test_the_memory_does_not_grow_for_ever(tmp_path: Path) -> None:
    """A template that is edited again and again is not kept in every state."""
    memory = TemplateMemory()
    environment = _environment(tmp_path, memory)
    for number in range(MOST + 10):
        bucket = memory.get_bucket(environment, "page.html", "page.html", f"{number}")
        bucket.code = compile("0", "page.html", "eval")
        memory.set_bucket(bucket)
    assert 0 < len(memory._codes) <= MOST
