"""What the tests of the knowledge base share: a helpdesk with it, and people who write and read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from helpdesk_core.api import SYSTEM, Actor
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_kb import writing
from helpdesk_kb.categories import CategoryDraft, save_category
from helpdesk_kb.models import Article, Text
from helpdesk_kb.writing import Placing, TextDraft
from tests.conftest import chromium

__all__ = ["chromium"]

BODY = "## First\n\nOpen **Settings** and choose *Password*.\n"


@dataclass
class Kb:
    """A helpdesk with the knowledge base: an editor who may do all, an agent of support, a customer with an account."""

    site: PluginSite
    editor: Actor
    agent: Actor
    customer: Actor

    def draft(
        self,
        title: str = "Reset your password",
        *,
        body: str = BODY,
        summary: str = "",
        locale: str = "en",
        **placing: Any,
    ) -> Article:
        """Write an article; further words are fields of `Placing`."""
        draft = TextDraft(title=title, body=body, summary=summary)
        article, _text = writing.create_article(self.site.desk, self.editor, locale, draft, Placing(**placing))
        return article

    def publish(self, title: str = "Reset your password", **fields: Any) -> tuple[Article, Text]:
        """Write an article and publish it."""
        article = self.draft(title, **fields)
        return article, writing.publish(self.site.desk, self.editor, article.uid, str(fields.get("locale", "en")))

    def category(self, name: str, parent: str = "") -> str:
        """Make a category; return its slug."""
        return save_category(self.site.desk, SYSTEM, CategoryDraft(name=name, parent=parent)).slug


@pytest.fixture
def kb(tmp_path: Path, databases: Databases) -> Iterator[Kb]:
    """A helpdesk with the knowledge base, on each database of the run."""
    with plugin_site("kb", folder=tmp_path, databases=databases) as site:
        site.world.department("support")
        site.world.department("sales")
        editor = site.world.actor(site.world.user("Edith Editor", is_owner=True))
        yield Kb(site, editor, site.world.agent("Adam Agent", "support"), site.world.customer())
