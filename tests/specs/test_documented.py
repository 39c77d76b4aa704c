"""Every hook tells its contract; that docs/hooks.md shows all of them is the command's test."""

import re
import typing
from typing import Any

import pytest

from helpdesk_core.hooks import AfterSpec, HookSpec, VetoSpec, WithinSpec
from tests.specs.spying import SPECS

PLAIN = (str, int, bool, dict)
"""Types that do not say what they stand for."""


def is_plain(kind: Any) -> bool:
    """Tell whether an argument's type alone leaves a reader guessing."""
    parts = typing.get_args(kind)
    return kind in PLAIN or typing.get_origin(kind) is dict or any(is_plain(part) for part in parts)


def is_said(spec: HookSpec[..., Any], name: str) -> bool:
    """Tell whether the docstring names the argument, or says its words."""
    return f"`{name}`" in spec.doc or name.replace("_", " ") in spec.doc


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_docstring_is_a_contract(spec: HookSpec[..., Any]) -> None:
    first, *rest = spec.doc.split("\n\n", 1)[0].split("\n")
    assert re.match(r"[A-Z][a-z]+ .*[.;:,a-z)]$", first), "it begins with a sentence"
    if not isinstance(spec, AfterSpec | WithinSpec):
        assert re.match("Return|Say|Change|Add|Leave out", first), "it says what the answer means"
    unsaid = [name for name in spec.arguments if is_plain(spec.types[name]) and not is_said(spec, name)]
    assert unsaid == [], "the types of these do not say what they are"
    if isinstance(spec, VetoSpec) and spec.fail_closed:
        assert "error" in " ".join([first, *rest, spec.doc]), "it says that an error refuses"
