"""What is there already keeps its words and its place when the tables change."""

from sqlalchemy import select

from helpdesk_core.db import migrate
from helpdesk_core.plugins.discovery import discover
from helpdesk_kb.categories import described
from helpdesk_kb.models import Article, Category

from .conftest import Kb


def test_categories_from_before_their_descriptions_could_be_translated_stay_as_they_are(kb: Kb) -> None:
    above = kb.category("Accounts")
    kb.publish(category=kb.category("Passwords", above))
    owner, engine = discover()["kb"].owner(), kb.site.desk.engine
    migrate.downgrade(engine, owner, "0002")
    migrate.upgrade(engine, owner)
    with kb.site.desk.read() as session:
        rows = {row.name: row for row in session.scalars(select(Category))}
        assert rows["Passwords"].parent_id == rows["Accounts"].id
        assert [described(row, "de") for row in rows.values()] == ["", ""]
        assert session.scalars(select(Article.category_id)).one() == rows["Passwords"].id
