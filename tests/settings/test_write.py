"""The annotated configuration file that `helpdesk init` writes, and the example of it."""

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_core.errors import ConfigError
from helpdesk_core.settings import load_config
from helpdesk_core.settings.fields import SecretText
from helpdesk_core.settings.sections import SECTIONS
from helpdesk_core.settings.write import render_config

from .conftest import Write

EXAMPLE = Path(__file__).parents[2] / "instance" / "helpdesk.example.toml"


def test_the_example_is_what_the_schemas_say() -> None:
    assert EXAMPLE.read_text("utf-8") == render_config({}), (
        "write it anew: python -c 'from helpdesk_core.settings.write import render_config; "
        'print(render_config({}), end="")\' > instance/helpdesk.example.toml'
    )


def test_without_answers_it_sets_nothing_but_an_empty_list_of_plugins(configure: Write) -> None:
    config = configure(render_config({}))
    assert config.warnings == ()
    assert {section: list(keys) for section, keys in config.pinned.items()} == {"plugins": ["enabled"]}


def test_the_lines_that_are_commented_out_are_the_defaults(configure: Write, tmp_path: Path) -> None:
    uncommented = re.sub(r"(?m)^#(?=\w+ = )", "", render_config({}))
    config = configure(uncommented)
    defaults = load_config(tmp_path / "nowhere", {})
    for section in SECTIONS:
        assert getattr(config, section.name) == getattr(defaults, section.name)
        assert list(config.pinned[section.name]) == list(section.schema().fields)


def test_answers_stand_in_their_places(configure: Write) -> None:
    text = render_config(
        {
            "site": {"name": 'The "Desk"', "url": "https://help.example.com"},
            "mail": {"transport": "smtp", "password": SecretText("hunter2")},
            "plugins": {"enabled": ("email", "sla")},
            "plugins.sla": {"calendar": "office", "hours": [9, 17]},
        }
    )
    config = configure(text)
    assert (config.site.name, config.site.url) == ('The "Desk"', "https://help.example.com")
    assert config.mail.password.reveal() == "hunter2"
    assert config.plugins.enabled == ("email", "sla")
    assert config.plugin_sections == {"sla": {"calendar": "office", "hours": [9, 17]}}
    assert "#name =" not in text


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [({"emial": {}}, "Did you mean mail?"), ({"mail": {"prot": 1}}, "has no setting 'prot'. Did you mean port?")],
)
def test_answers_to_unknown_questions_are_refused(answers: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        render_config(answers)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert tomllib.loads(render_config({"site": {"name": text}}))["site"]["name"] == text


def test_comments_fit_an_ordinary_screen() -> None:
    assert all(len(line) <= 102 for line in render_config({}).splitlines() if line.startswith("# "))


def test_values_of_secrets_do_not_show_in_a_config_made_of_it(configure: Write) -> None:
    config = configure(render_config({"mail": {"password": "hunter2"}}))
    assert "hunter2" not in str(dataclasses.asdict(config.mail))
