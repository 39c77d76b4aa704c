"""Related articles: how they are named, whose they are, and what a file says of them."""

from pathlib import Path

import pytest
from sqlalchemy import select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.users import change_role, find_role
from helpdesk_kb import relating, transfer, writing
from helpdesk_kb.models import Article, Category, Text
from helpdesk_kb.writing import Placing, TextDraft

from .conftest import Kb


def found(kb: Kb, *lines: str) -> tuple[list[str], list[str]]:
    """Return the titles of the articles that are found in these lines, and what is said of the others."""
    with kb.site.desk.read() as session:
        them = relating.find(kb.site.desk, session, kb.editor, lines)
        titles = select(Text.title, Article.uid).join(Article).order_by(Text.id.desc())
        named = {uid: title for title, uid in session.execute(titles)}
    return [named[uid] for uid in them.uids], [str(each) for each in them.problems]


def related(kb: Kb, article: Article) -> list[str]:
    with kb.site.desk.read() as session:
        return session.scalars(select(Article.related).where(Article.uid == article.uid)).one()


@pytest.mark.parametrize(
    "line",
    [
        "http://[x",
        "http://a]b/",
        "//[Domains]/",
        "http://other.example/x/kb/en/domains",
        "http://helpdesk.example/news/en/domains",
        "http://helpdesk.example/x/kb/domains",
        "ftp://helpdesk.example/x/kb/en/domains",
        "/elsewhere/en/domains",
        "more/en/domains",
        "ru/domains",
        "en/domains%00",
        "/",
    ],
)
def test_what_is_no_address_of_an_article_here_is_named(kb: Kb, line: str) -> None:
    kb.publish("Domains")
    assert found(kb, line) == ([], [f"There is no article “{line}”."])
    browser = kb.site.browser(kb.editor)
    browser.get("/desk/x/kb/new")
    page = browser.submit("article", title="Mail", body="Words", related=line, press="Save draft")
    assert page.status == 422
    assert f"There is no article “{line}”." in page.words


@pytest.mark.parametrize(
    "line",
    [
        "domains",
        "en/domains",
        "/x/kb/en/domains",
        "helpdesk.example/x/kb/en/domains/",
        "HTTP://Helpdesk.example/x/kb/en/domains?via=answer#s-1",
    ],
)
def test_articles_are_named_by_addresses_their_ends_and_names(kb: Kb, line: str) -> None:
    kb.publish("Domains")
    assert found(kb, line) == (["Domains"], [])


def test_a_name_that_several_articles_have_needs_its_language(kb: Kb) -> None:
    kb.publish("Mail", locale="ru", body="письма")
    article, _text = kb.publish("Post", locale="de")
    writing.save_text(kb.site.desk, kb.editor, article.uid, "en", TextDraft(title="Mail", body="letters"))
    assert found(kb, "ru/mail", "en/mail") == (["Mail", "Post"], [])
    assert found(kb, "uk/mail") == ([], ["There is no article “uk/mail”."])
    assert found(kb, "mail")[1] == ["“mail” is in several languages: write which one before it, as in en/name."]


def test_too_many_related_articles_and_the_article_itself_are_refused(kb: Kb) -> None:
    article, *others = [kb.draft(f"Article {number}") for number in range(12)]
    for uids, said in ((tuple(each.uid for each in others), "10 related"), ((article.uid,), "itself")):
        with pytest.raises(Invalid) as caught:
            writing.place_article(kb.site.desk, kb.editor, article.uid, Placing(related=uids))
        assert said in str(caught.value.problems["related"][0])
    assert related(kb, article) == []


def test_related_articles_that_an_editor_may_not_read_stay_unseen_and_stay(kb: Kb) -> None:
    secret = kb.draft("Prices of ours", visibility="department", department="sales")
    others = [kb.draft("Domains"), kb.draft("Mail")]
    article = kb.draft("Sites", related=(secret.uid, others[0].uid))
    with kb.site.desk.read() as session:
        held = {each.permission for each in find_role(session, "agent").permissions}
    change_role(kb.site.desk, SYSTEM, "agent", permissions=held | {"kb.write"})
    browser = kb.site.browser(kb.agent)
    page = browser.get(f"/desk/x/kb/{article.uid}/en")
    assert page.form("article").value("related").split() == ["en/domains"]
    browser.submit("article", body="Other words", press="Save draft")
    assert related(kb, article) == [secret.uid, others[0].uid]
    browser.submit("article", related="en/mail", press="Save draft")
    assert related(kb, article) == [others[1].uid, secret.uid]
    page = browser.submit("article", related="en/prices-of-ours", press="Save draft")
    assert "There is no article “en/prices-of-ours”." in page.words


def test_an_address_of_no_article_in_a_file_holds_nothing_else_up(kb: Kb, tmp_path: Path) -> None:
    desk = kb.site.desk
    kb.publish("Domains")
    article, _text = kb.publish("Mail")
    (tmp_path / "a.md").write_text(
        f'---\nuid: {article.uid}\ntitle: Mail\nvisibility: internal\nrelated: ["http://[x", "en/domains"]\n---\nWords'
    )
    (tmp_path / "b.md").write_text("---\nrelated: en/domains\n---\n# Sites\n\nWords")
    done = transfer.import_folder(desk, kb.editor, tmp_path, publish=True)
    assert (done.made, done.changed) == (1, 1)
    assert done.problems == [("a.md", "There is no article “http://[x”.")]
    with desk.read() as session:
        domains = session.scalars(select(Text.article_id).where(Text.title == "Domains")).one()
        uid = session.get_one(Article, domains).uid
        rows = session.execute(select(Article.visibility, Article.related).join(Text).order_by(Text.title))
        assert [tuple(row) for row in rows] == [("public", []), ("internal", [uid]), ("public", [uid])]


def test_an_import_that_refuses_to_move_an_article_makes_no_category(kb: Kb, tmp_path: Path) -> None:
    desk = kb.site.desk
    article, _text = kb.publish("Mail", body="Words", category=kb.category("Old"))
    words = f'---\nuid: {article.uid}\ntitle: Mail\ncategory: ["Old"]\n---\nWords'
    (tmp_path / "en.md").write_text(words)
    assert transfer.import_folder(desk, kb.editor, tmp_path).problems == []
    (tmp_path / "en.md").write_text(words.replace('["Old"]', '["New", "Newer"]'))
    (left,) = transfer.import_folder(desk, kb.editor, tmp_path).problems
    assert "--publish" in left[1]
    with desk.read() as session:
        assert session.scalars(select(Category.name)).all() == ["Old"]
    assert transfer.import_folder(desk, kb.editor, tmp_path, publish=True).problems == []
    with desk.read() as session:
        assert session.scalars(select(Category.name).order_by(Category.id)).all() == ["Old", "New", "Newer"]
        assert session.scalars(select(Category.name).join(Article)).all() == ["Newer"]
