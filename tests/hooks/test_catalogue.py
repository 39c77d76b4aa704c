"""The catalogue: what the documentation and the snapshot of signatures are made from."""

import json
from types import ModuleType

import pytest

from helpdesk_core.hooks import HookSpecError, describe, hookspec, snapshot, specs_in
from tests.hooks import examples


def test_every_spec_of_a_module_is_described_in_the_order_of_definition() -> None:
    described = describe([examples])
    assert [info.name for info in described][:3] == ["actions", "channels", "route"]
    assert len(described) == 10
    first = described[0]
    assert first.style == "collect"
    assert first.signature == "actions(ticket: Ticket, actor: str) -> list[str]"
    assert (first.since, first.stability, first.module) == ("0.1", "provisional", "tests.hooks.examples")
    assert first.docstring == "Offer actions on a ticket."
    assert {info.name: info.options for info in described} == {
        "actions": {"when": "request"},
        "channels": {"when": "startup"},
        "route": {},
        "refine_body": {"refines": "body"},
        "check_reply": {},
        "check_sign_in": {"fail_closed": "yes"},
        "on_opening": {},
        "opened": {"event": "Opened"},
        "anything": {"event": "any"},
        "panel": {},
    }


def test_the_snapshot_is_json_that_holds_the_contract() -> None:
    taken = snapshot([examples])
    assert json.loads(json.dumps(taken)) == taken
    assert list(taken) == sorted(taken)
    assert taken["refine_body"] == {
        "style": "refine",
        "arguments": {"ticket": "Ticket", "body": "str"},
        "returns": "str",
        "since": "0.1",
        "stability": "provisional",
        "options": {"refines": "body"},
    }


def test_imported_specs_belong_to_the_module_that_defines_them() -> None:
    other = ModuleType("other")
    vars(other)["actions"] = examples.actions
    assert specs_in([other]) == ()
    assert len(specs_in([examples, other])) == 10


def test_two_specs_of_one_name_are_refused() -> None:
    def actions() -> list[str]:
        """Another one."""

    actions.__module__ = "other"
    other = ModuleType("other")
    vars(other)["actions"] = hookspec.collect(since="0.1")(actions)
    with pytest.raises(HookSpecError, match=r"hook actions is defined in tests\.hooks\.examples and in other"):
        specs_in([examples, other])
