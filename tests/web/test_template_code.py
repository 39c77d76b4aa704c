"""Templates are compiled to shorter code than Jinja's own, and say the same."""

from typing import Any

import pytest
from flask import Flask
from jinja2 import Environment, pass_context, pass_environment
from jinja2.runtime import Context
from markupsafe import Markup

from helpdesk_core.web.template_texts import TextsEnvironment

MACROS = """
{%- macro plain(a, b="two", c=none) %}[{{ a }}|{{ b }}|{{ c }}]{% endmacro -%}
{%- macro many(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro -%}
{%- macro around(a="none") %}<{{ a }}>{{ caller() }}</{{ a }}>{% endmacro -%}
{%- macro asked(a, caller=none) %}{{ a }}{{ caller("x") if caller else "-" }}{% endmacro -%}
"""
TEMPLATES = (
    "{{ text }}{{ safe }}{{ number }}{{ none }}{{ missing }}{{ html }}{{ '<b>' }}{{ safe ~ text }}",
    "{{ plain('<i>') }}{{ plain(text, c=safe) }}{{ plain(1, 2, 3) }}{{ plain(b=4, a=5) }}{{ plain() }}",
    "{{ many(1, 2, 3, d=4) }}{% call around('p') %}{{ text }}{% endcall %}{% call(x) asked('a') %}{{ x }}{% endcall %}",
    "{{ asked('a') }}{% for x in 'ab' %}{{ name_of('x') }}{{ plain(x) }}{{ loop.index }}{% endfor %}",
    "{{ debugging() }}{{ text.upper() }}{{ dict(a=text)['a'] }}{{ adding(1, b=2) }}{{ thing('<') }}",
    "{% autoescape false %}{{ text }}{{ plain(text) }}{% endautoescape %}",
    "{{ thing.name }}{{ given.name }}{{ given.no }}{{ thing.no }}{{ thing.odd }}{{ given.deep.name }}",
    "{{ _('Save') }}{{ plain(_('Save')) }}{% set _ = shout %}{{ _('Save') }}",
    "{% macro own(_) %}{{ _('Save') }}{% endmacro %}{{ own(shout) }}{% for _ in [shout] %}{{ _('Save') }}{% endfor %}",
    "{% set part %}<u>{{ text }}</u>{% endset %}{{ part }}{% filter upper %}{{ text }}{% endfilter %}",
)
WRONG = (
    "{{ plain(1, d=2) }}",
    "{{ plain(1, 2, 3, 4) }}",
    "{% call plain(1) %}{% endcall %}",
    "{{ none() }}",
    "{{ missing.x }}",
)


class Thing:
    name = "<thing>"

    @property
    def odd(self) -> str:
        raise AttributeError

    def __html__(self) -> str:
        return "<hr>"

    def __call__(self, text: str) -> str:
        return text * 2


@pass_context
def name_of(context: Context, name: str) -> Any:
    return context.get(name, "no such name")


@pass_environment
def debugging(environment: Environment) -> bool:
    return environment.is_async


def names() -> dict[str, Any]:
    given: dict[str, Any] = {
        "text": "<a> & 'b'",
        "safe": Markup("<b>c</b>"),
        "number": 3,
        "html": Thing(),
        "thing": Thing(),
        "given": {"name": "<given>", "items": "hidden", "deep": {"name": "deep"}},
        "shout": lambda text: text + "!",
        "_": lambda text: text,
    }
    return given | {"name_of": name_of, "debugging": debugging, "adding": lambda a, b: a + b}


@pytest.fixture
def ours() -> Environment:
    return TextsEnvironment(Flask(__name__), autoescape=True)


@pytest.mark.parametrize("source", TEMPLATES)
def test_a_template_shows_what_jinja_would_show(ours: Environment, source: str) -> None:
    plain = Environment(autoescape=True)
    assert ours.from_string(MACROS + source).render(names()) == plain.from_string(MACROS + source).render(names())


@pytest.mark.parametrize("source", WRONG)
def test_a_wrong_call_is_refused_in_the_same_words(ours: Environment, source: str) -> None:
    with pytest.raises(Exception) as expected:
        Environment(autoescape=True).from_string(MACROS + source).render(names())
    with pytest.raises(type(expected.value)) as found:
        ours.from_string(MACROS + source).render(names())
    assert str(found.value) == str(expected.value)
