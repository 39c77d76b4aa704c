"""The same holds for what the bundled plugins add to the API, with all of them at work."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import pytest
import schemathesis
from schemathesis import GenerationMode

from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from tests.rest.callers import Caller, body
from tests.rest.conforming import MODES, statuses

EXAMPLES: Final = 3
BUNDLED: Final = sorted(
    re.search(r'entry-points."helpdesk.plugins"\]\n(\w+) =', file.read_text("utf-8"))[1]  # type: ignore[index]  # each has one
    for file in Path(__file__).parents[2].glob("plugins/*/pyproject.toml")
)
THINGS: Final[dict[str, dict[str, Any]]] = {
    "kb/articles": {"title": "Mail", "body": "Set up *mail*.", "locale": "en"},
    "rules/rules": {"name": "Urgent", "triggers": ["opened"], "actions": [{"action": "priority", "value": "high"}]},
    "webhooks/endpoints": {"name": "Chat", "url": "http://127.0.0.1:9/nobody", "events": []},
}


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[PluginSite]:
    settings = {"webhooks": {"allowed": ["127.0.0.0/8"]}}
    with plugin_site(*BUNDLED, folder=tmp_path / "site", settings=settings, databases=databases) as opened:
        yield opened


@pytest.fixture
def token(site: PluginSite) -> str:
    return site.token(site.world.actor(site.world.user("Ada Admin", is_owner=True)))


@pytest.fixture
def ids(site: PluginSite, token: str) -> dict[str, list[str]]:
    """Names of things that exist, by the names of the parts of addresses."""
    api = Caller(site.app, token)
    carla = site.world.customer("Carla")
    numbers = [site.world.ticket(carla, subject=f"T{number}").ticket.number or "" for number in range(2)]
    message = body(api.post(f"/tickets/{numbers[0]}/messages", {"kind": "public", "body_text": "Done."}), 201)["id"]
    made = [body(api.post(f"/x/{path}", thing), 201) for path, thing in THINGS.items()]
    uids = [each.get("uid") or each["id"] for each in made]
    return {"number": numbers, "message": [message], "uid": uids, "locale": ["en", "de"], "slug": ["mail"]}


@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
def test_every_answer_of_every_bundled_plugin_is_as_described(
    site: PluginSite, token: str, ids: dict[str, list[str]], mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", site.app)
    asked = 0
    seen: set[int] = set()
    for operation in schema.include(path_regex="/x/").get_all_operations():
        asked += 1
        seen |= statuses(cast(Any, operation).ok(), mode, token, ids, examples=EXAMPLES)
    assert asked > 40
    assert seen >= ({200, 201, 404, 422} if mode is GenerationMode.POSITIVE else {400, 401, 404, 422}), seen
