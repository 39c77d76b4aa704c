"""The page of the API names what there is: every subject of operations, every kind of problem."""

import re

from helpdesk_core.rest.operations import core_operations
from helpdesk_core.rest.problems import TITLES
from tests.docs.samples import DOCS

PAGE = (DOCS / "api.md").read_text("utf-8")


def test_every_subject_of_operations_is_named() -> None:
    named = set(re.findall(r"`/([a-z-]+)", PAGE.partition("## Operations")[2]))
    assert {route.rule.split("/")[1] for endpoints in core_operations() for route in endpoints.routes} <= named


def test_problems_of_the_page_are_those_there_are() -> None:
    named = set(re.findall(r"`([a-z-]+)`", "".join(re.findall(r"^\| \d{3} \| ([^|]+)\|", PAGE, re.MULTILINE))))
    assert named == set(TITLES)
