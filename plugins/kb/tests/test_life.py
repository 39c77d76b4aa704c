"""The life of an article, and what is counted of its readers; on every database."""

from io import BytesIO
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from sqlalchemy import func, select

from helpdesk_core.api.attachments import Upload
from helpdesk_core.api.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk_core.api.users import User
from helpdesk_kb import comparing, files, overview, privacy, statistics, transfer, visits, writing
from helpdesk_kb.models import Article, File, Text, Version, Visit, Vote
from helpdesk_kb.rendering import MAX_BODY
from helpdesk_kb.writing import Placing, TextDraft

from .conftest import Kb


def test_readers_keep_the_published_version_until_the_next_is_published(kb: Kb) -> None:
    desk = kb.site.desk
    article, _text = kb.publish("Old title")
    text = writing.save_text(desk, kb.editor, article.uid, "en", TextDraft(title="New title", body="New words"), base=1)
    assert (text.state, text.live, text.newest, text.title) == ("draft", 1, 2, "Old title")
    writing.submit(desk, kb.editor, article.uid, "en")
    text = writing.publish(desk, kb.editor, article.uid, "en")
    assert (text.state, text.live, text.title, text.plain) == ("published", 2, "New title", "New words")


def test_two_editors_do_not_overwrite_each_other_and_nothing_new_is_no_version(kb: Kb) -> None:
    article = kb.draft("Title", body="Words")
    writing.save_text(kb.site.desk, kb.editor, article.uid, "en", TextDraft(title="Title", body="Mine"), base=1)
    with pytest.raises(Conflict, match="another version"):
        writing.save_text(kb.site.desk, kb.editor, article.uid, "en", TextDraft(title="Title", body="Yours"), base=1)
    text = writing.save_text(kb.site.desk, kb.editor, article.uid, "en", TextDraft(title="Title", body="Mine"), base=2)
    assert text.newest == 2


def test_an_older_version_comes_back_as_a_draft_and_the_difference_shows(kb: Kb) -> None:
    desk = kb.site.desk
    article = kb.draft("Title", body="one\ntwo\nthree")
    writing.save_text(desk, kb.editor, article.uid, "en", TextDraft(title="Title", body="one\n2\nthree"))
    text = writing.restore(desk, kb.editor, article.uid, "en", 1)
    assert text.newest == 3
    with desk.read() as session:
        versions = [writing.version_of(session, text, number) for number in (1, 2, 3)]
    changed = [(line.kind, line.text) for line in comparing.compare(versions[0], versions[1]) if line.kind != "same"]
    assert changed == [("out", "two"), ("in", "2")]
    assert comparing.compare(versions[0], versions[2]) == []


def test_a_translation_is_behind_once_the_first_language_is_published_anew(kb: Kb) -> None:
    desk = kb.site.desk
    article, _text = kb.publish("Title")
    writing.save_text(desk, kb.editor, article.uid, "de", TextDraft(title="Titel", body="Worte"))
    wanted = overview.Wanted(behind=True)
    with desk.read() as session:
        assert overview.rows(session, kb.editor, wanted) == []
    writing.save_text(desk, kb.editor, article.uid, "en", TextDraft(title="Title", body="Changed"))
    writing.publish(desk, kb.editor, article.uid, "en")
    with desk.read() as session:
        assert [row.locale for row in overview.rows(session, kb.editor, wanted)] == ["de"]


def test_who_may_not_write_or_publish_cannot(kb: Kb) -> None:
    article = kb.draft("Title")
    with pytest.raises(Forbidden):
        writing.save_text(kb.site.desk, kb.agent, article.uid, "en", TextDraft(title="x", body="y"))
    with pytest.raises(Forbidden):
        writing.publish(kb.site.desk, kb.customer, article.uid, "en")
    with pytest.raises(Forbidden, match="Somebody else"):
        writing.publish(kb.site.desk, kb.editor, article.uid, "en", second_pair=True)
    hidden = kb.draft("Hidden", visibility="department", department="sales")
    with pytest.raises(NotFound):
        writing.save_text(kb.site.desk, kb.agent, hidden.uid, "en", TextDraft(title="x", body="y"))


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (TextDraft(title=" ", body="x"), "title"),
        (TextDraft(title="x", body=" \u200b "), "body"),
        (TextDraft(title="x", body="x" * (MAX_BODY + 1)), "body"),
        (TextDraft(title="x", body="[" * 2000), "body"),
    ],
)
def test_what_cannot_be_an_article_is_refused_by_field(kb: Kb, draft: TextDraft, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        writing.create_article(kb.site.desk, kb.editor, "en", draft, Placing())
    assert list(caught.value.problems) == [field]


def test_a_suggestion_that_helped_is_a_ticket_deflected_until_one_comes_all_the_same(kb: Kb) -> None:
    desk = kb.site.desk
    _article, text = kb.publish()
    reader = kb.site.browser(kb.customer)
    page = reader.get("/search/answers?subject=how do I reset a password")
    page = reader.get(page.link("Reset your password"))
    reader.client.get(f"/x/kb/en/{text.slug}/seen.svg?via=answer")
    reader.client.get(f"/x/kb/en/{text.slug}/seen.svg?via=answer")
    reader.get(f"/x/kb/en/{text.slug}?via=answer")
    reader.submit("vote", press="Yes")
    since = desk.now().date()
    with desk.read() as session:
        (row,) = statistics.figures(session, kb.editor, since)
    assert (row.views, row.helpful, row.deflected, row.asked) == (1, 1, 1, 0)
    kb.site.world.ticket(kb.customer)
    with desk.read() as session:
        (row,) = statistics.figures(session, kb.editor, since)
        assert statistics.days(session, kb.editor, since, since)[0].asked == 1
    assert (row.views, row.deflected, row.asked) == (1, 0, 1)


def test_whoever_is_helped_by_several_articles_is_one_ticket_deflected(kb: Kb) -> None:
    desk, key = kb.site.desk, visits.visitor_of(kb.customer.user_id, "")
    for title in ("One", "Two"):
        _article, text = kb.publish(title)
        visits.vote(desk, text.id, key, helpful=True, suggested=True)
        visits.vote(desk, text.id, "web:other", helpful=True, suggested=False)
    today = desk.now().date()
    with desk.read() as session:
        (day,) = statistics.days(session, kb.editor, today, today)
        assert [row.deflected for row in statistics.figures(session, kb.editor, today)] == [1, 1]
    assert (day.views, day.deflected) == (4, 1)


def test_whoever_reads_signs_in_and_then_writes_was_not_deflected(kb: Kb) -> None:
    _article, text = kb.publish()
    reader = kb.site.browser()
    reader.get(f"/x/kb/en/{text.slug}", via="answer")
    reader.submit("vote", press="Yes")
    since = kb.site.desk.now().date()
    with kb.site.desk.read() as session:
        assert [row.deflected for row in statistics.figures(session, kb.editor, since)] == [1]
    rita = kb.site.world.customer("Rita Reader", password="correct horse battery")
    reader.login(rita.email or "", "correct horse battery")
    reader.get("/tickets/new")
    page = reader.submit("new-ticket", subject="It does not work", body="Still.", department="support")
    assert "We have your question" in page.words
    with kb.site.desk.read() as session:
        assert [row.deflected for row in statistics.figures(session, kb.editor, since)] == [0]


def test_everybody_has_one_vote_and_a_comment_goes_to_the_editors(kb: Kb) -> None:
    _article, text = kb.publish()
    reader = kb.site.browser()
    reader.get(f"/x/kb/en/{text.slug}")
    reader.submit("vote", press="Yes")
    reader.submit("vote", press="No")
    reader.submit("comment", comment="Step two is gone.")
    kb.site.browser().client.get(f"/x/kb/en/{text.slug}/seen.svg")
    with kb.site.desk.read() as session:
        assert session.scalars(select(Vote.helpful)).all() == [False]
    editor = kb.site.browser(kb.editor)
    assert "Step two is gone." in editor.get("/desk/x/kb/figures").words
    editor.submit("done")
    assert "Step two is gone." not in editor.get("/desk/x/kb/figures").words


def test_staff_and_robots_do_not_count_and_old_visits_go(kb: Kb) -> None:
    _article, text = kb.publish()
    address = f"/x/kb/en/{text.slug}/seen.svg"
    kb.site.browser(kb.agent).client.get(address)
    kb.site.browser().client.get(address, headers={"User-Agent": "Example-Bot/1.0"})
    count = select(func.count()).select_from(Visit)
    with kb.site.desk.read() as session:
        assert session.scalar(count) == 0
    visits.note_visit(kb.site.desk, text.id, "web:x")
    kb.site.clock.advance(days=31)
    visits.forget_old(kb.site.desk, 30)
    with kb.site.desk.read() as session:
        assert session.scalar(count) == 0


def test_a_person_gets_what_is_kept_and_is_forgotten(kb: Kb) -> None:
    _article, text = kb.publish()
    visits.vote(kb.site.desk, text.id, visits.visitor_of(kb.customer.user_id, ""), helpful=False, comment="Hm")
    with kb.site.desk.begin(kb.editor) as tx:
        user = tx.session.get_one(User, kb.customer.user_id)
        assert {each.name for each in privacy.data_of(kb.site.desk, user)} == {"visits", "votes"}
        privacy.forget(tx, user)
        assert privacy.data_of(kb.site.desk, user) == []


def test_articles_go_out_as_files_and_come_back_the_same(kb: Kb, tmp_path: Path) -> None:
    desk, shelf = kb.site.desk, kb.category('Mail: "programs"')
    article, _text = kb.publish('Colon: and "quotes"', body="![a](cid:a.png)\n\n---\n\ntext", category=shelf)
    files.keep_files(desk, kb.editor, article.uid, [Upload(name="a.png", content=b"png", content_type="image/png")])
    writing.save_text(desk, kb.editor, article.uid, "de", TextDraft(title="Titel", body="Worte"))
    assert transfer.export(desk, kb.editor, tmp_path / "out") == 2
    again = transfer.import_folder(desk, kb.editor, tmp_path / "out")
    assert (again.made, again.changed, again.same, again.problems) == (0, 0, 2, [])
    writing.delete_article(desk, kb.editor, article.uid)
    done = transfer.import_folder(desk, kb.editor, tmp_path / "out", publish=True)
    assert (done.made, done.problems) == (2, [])
    with desk.read() as session:
        rows = session.execute(select(Text.locale, Text.title, Text.live).order_by(Text.locale)).all()
        assert [tuple(row) for row in rows] == [("de", "Titel", None), ("en", 'Colon: and "quotes"', 1)]
        uid = session.scalars(select(Article.uid)).one()
        assert files.find_file(session, kb.editor, uid, "a.png").content == b"png"


def test_bringing_back_what_nobody_changed_changes_nothing(kb: Kb, tmp_path: Path) -> None:
    desk = kb.site.desk
    article, _text = kb.publish("Mail")
    writing.save_text(desk, kb.editor, article.uid, "de", TextDraft(title="Post", body="Worte"))
    writing.publish(desk, kb.editor, article.uid, "de")
    writing.save_text(desk, kb.editor, article.uid, "en", TextDraft(title="Mail", body="other words"))
    writing.publish(desk, kb.editor, article.uid, "en")

    def facts() -> list[Any]:
        with desk.read() as session:
            columns = select(Text.locale, Text.newest, Text.follows, Text.updated_at, Text.live_at)
            return [tuple(row) for row in session.execute(columns.order_by(Text.locale))]

    before = facts()
    assert transfer.export(desk, kb.editor, tmp_path) == 2
    kb.site.clock.advance(days=1)
    done = transfer.import_folder(desk, kb.editor, tmp_path, publish=True)
    assert (done.made, done.changed, done.same) == (0, 0, 2)
    assert facts() == before, "the translation is behind as it was"
    german = next(tmp_path.rglob("de.md"))
    german.write_text(german.read_text().replace("Worte", "andere Worte"))
    transfer.import_folder(desk, kb.editor, tmp_path, publish=True)
    (_, _, follows, *_rest), english = facts()
    assert follows == 2 > before[0][2]
    assert english == before[1]


def test_pictures_of_any_name_go_out_and_come_back(kb: Kb, tmp_path: Path) -> None:
    desk, names = kb.site.desk, ["größe.png", "схема.png"]
    body = '![a](cid:схема.png) ![b](cid:gr%C3%B6%C3%9Fe.png "Size")\n\n![gone](cid:gone.png) [page](readme.html)\n'
    article, _text = kb.publish("Pictures", body=body)
    uploads = [Upload(name=name, content=name.encode(), content_type="image/png") for name in names]
    assert files.keep_files(desk, kb.editor, article.uid, uploads) == names
    assert transfer.export(desk, kb.editor, tmp_path) == 1
    written = next(tmp_path.rglob("en.md")).read_text(encoding="utf-8")
    assert '![a](схема.png) ![b](gr%C3%B6%C3%9Fe.png "Size")' in written
    done = transfer.import_folder(desk, kb.editor, tmp_path)
    assert (done.made, done.changed, done.same, done.problems) == (0, 0, 1, [])
    writing.delete_article(desk, kb.editor, article.uid)
    assert transfer.import_folder(desk, kb.editor, tmp_path).made == 1
    with desk.read() as session:
        assert session.scalars(select(Version.body)).one().strip() == body.strip()
        assert sorted(session.scalars(select(File.name))) == names


def test_pictures_are_found_by_the_names_under_which_they_are_kept(kb: Kb, tmp_path: Path) -> None:
    (tmp_path / normalize("NFD", "Größe 1.PNG")).write_bytes(b"png")
    (tmp_path / "en.md").write_text("# Title\n\n![a](Gr%C3%B6%C3%9Fe%201.PNG)", encoding="utf-8")
    assert transfer.import_folder(kb.site.desk, kb.editor, tmp_path).made == 1
    with kb.site.desk.read() as session:
        assert session.scalars(select(Version.body)).one() == "![a](cid:Größe-1.png)"
        assert [*session.scalars(select(File.name))] == ["Größe-1.png"]


@pytest.mark.parametrize("title", ["The users'", "'Quoted' words", "'All of it'", "'", "It's"])
def test_apostrophes_of_a_title_go_out_and_come_back(kb: Kb, tmp_path: Path, title: str) -> None:
    kb.publish(title)
    assert transfer.export(kb.site.desk, kb.editor, tmp_path) == 1
    assert transfer.import_folder(kb.site.desk, kb.editor, tmp_path).same == 1


def test_a_title_in_single_quotation_marks_is_read_without_them(kb: Kb, tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("---\ntitle: 'It''s: here'\n---\n\nWords.\n", encoding="utf-8")
    transfer.import_folder(kb.site.desk, kb.editor, tmp_path)
    with kb.site.desk.read() as session:
        assert session.scalars(select(Text.title)).one() == "It's: here"


def test_files_that_no_text_names_go_out_and_come_back(kb: Kb, tmp_path: Path) -> None:
    desk = kb.site.desk
    article, _text = kb.publish("Forms", body="See [the notes](cid:notes.md).")
    words = {"form.pdf": b"%PDF-1.4", "notes.md": b"# Notes", "en.md": b"# Not the article"}
    files.keep_files(desk, kb.editor, article.uid, [Upload(name=name, content=words[name]) for name in words])
    assert transfer.export(desk, kb.editor, tmp_path) == 1
    again = transfer.import_folder(desk, kb.editor, tmp_path)
    assert (again.made, again.changed, again.same, again.problems) == (0, 0, 1, [])
    writing.delete_article(desk, kb.editor, article.uid)
    folder = next(tmp_path.rglob("form.pdf")).parent
    (folder / ".hidden").write_bytes(b"no")
    assert transfer.import_folder(desk, kb.editor, tmp_path).made == 1
    with desk.read() as session:
        uid = session.scalars(select(Article.uid)).one()
        assert session.scalars(select(Version.body)).one() == "See [the notes](cid:notes.md)."
        assert {each: files.find_file(session, kb.editor, uid, each).content for each in words} == words
        assert set(session.scalars(select(File.name))) == set(words)


def test_an_imported_file_that_is_refused_is_named_and_the_article_is_read(kb: Kb, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "en.md").write_text("# Title\n\nWords.")
    (tmp_path / "one" / "huge.bin").write_bytes(b"0" * (files.MAX_BYTES + 1))
    (tmp_path / "one" / "small.txt").write_bytes(b"0")
    (tmp_path / "alone.md").write_text("# Alone\n\nWords.")
    (tmp_path / "nobodys.txt").write_bytes(b"0")
    done = transfer.import_folder(kb.site.desk, kb.editor, tmp_path)
    assert done.made == 2
    assert [name for name, _words in done.problems] == ["one/huge.bin"]
    with kb.site.desk.read() as session:
        assert [*session.scalars(select(File.name))] == ["small.txt"]


def test_importing_reads_no_file_that_a_link_names(kb: Kb, tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret.txt", tmp_path / "in"
    folder.mkdir()
    secret.write_text("the site's key")
    (folder / "en.md").write_text("# Title\n\n[a](key.txt) [b](own.txt)")
    (folder / "key.txt").symlink_to(secret)
    (folder / "more.md").symlink_to(secret)
    (folder / "own.txt").write_text("own")
    done = transfer.import_folder(kb.site.desk, kb.editor, folder)
    assert (done.made, done.problems) == (1, [])
    with kb.site.desk.read() as session:
        assert [*session.scalars(select(File.name))] == ["own.txt"]


def test_readers_are_told_of_what_is_live_and_not_of_drafts(kb: Kb) -> None:
    first, _text = kb.publish("First")
    kb.site.clock.advance(days=1)
    kb.publish("Second")

    def feed() -> str:
        return str(kb.site.browser().client.get("/x/kb/feed.xml").text)

    before = feed()
    assert before.index("Second") < before.index("First")
    kb.site.clock.advance(days=1)
    writing.save_text(kb.site.desk, kb.editor, first.uid, "en", TextDraft(title="First", body="a draft"))
    writing.submit(kb.site.desk, kb.editor, first.uid, "en")
    assert feed() == before
    writing.publish(kb.site.desk, kb.editor, first.uid, "en")
    after = feed()
    assert after.index("First") < after.index("Second")


def test_a_broken_file_is_named_and_the_others_are_read(kb: Kb, tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text("---\nno colon here\n---\nx", encoding="utf-8")
    (tmp_path / "good.md").write_text("# Good\n\nwords", encoding="utf-8")
    (tmp_path / "latin.md").write_bytes(b"\xff\xfe\xfa")
    done = transfer.import_folder(kb.site.desk, kb.editor, tmp_path)
    assert done.made == 1
    assert [name for name, _problem in done.problems] == ["bad.md", "latin.md"]


def test_only_harmless_pictures_are_shown_and_drafts_keep_theirs(kb: Kb) -> None:
    article = kb.draft("Title")
    uploads = [
        Upload(name="a.png", content=b"png", content_type="image/png"),
        Upload(name="b.svg", content=b"<svg onload='x'/>", content_type="image/svg+xml"),
    ]
    files.keep_files(kb.site.desk, kb.editor, article.uid, uploads)
    assert kb.site.browser().get(f"/x/kb/files/{article.uid}/a.png").status == 404
    writing.publish(kb.site.desk, kb.editor, article.uid, "en")
    client = kb.site.browser().client
    assert client.get(f"/x/kb/files/{article.uid}/a.png").mimetype == "image/png"
    drawing = client.get(f"/x/kb/files/{article.uid}/b.svg")
    assert drawing.mimetype == "application/octet-stream"
    assert drawing.headers["Content-Disposition"].startswith("attachment")
    assert BytesIO(drawing.data).read() == b"<svg onload='x'/>"


def test_where_an_article_stands_and_what_is_beside_it_goes_out_and_comes_back(kb: Kb, tmp_path: Path) -> None:
    desk = kb.site.desk
    other, _text = kb.publish("Domains")
    article, _text = kb.publish("Почта", locale="ru", category=kb.category("Mail"), related=(other.uid,))
    writing.save_text(desk, kb.editor, article.uid, "en", TextDraft(title="Mail", body="Words"))

    def placed(title: str) -> tuple[str, int | None, list[str]]:
        with desk.read() as session:
            query = select(Article.visibility, Article.category_id, Article.related).join(Text)
            return tuple(session.execute(query.where(Text.title == title)).one())  # type: ignore[return-value]  # two columns are asked for

    before = placed("Mail")
    assert transfer.export(desk, kb.editor, tmp_path) == 3
    for uid in (article.uid, other.uid):
        writing.delete_article(desk, kb.editor, uid)
    assert transfer.import_folder(desk, kb.editor, tmp_path, publish=True).problems == []
    with desk.read() as session:
        (there,) = session.scalars(select(Article.uid).join(Text).where(Text.title == "Domains"))
    assert placed("Mail") == (before[0], before[1], [there])


def test_a_file_says_anew_who_reads_an_article(kb: Kb, tmp_path: Path) -> None:
    desk = kb.site.desk
    article, _text = kb.publish("Mail", category=kb.category("Mail"))
    writing.save_text(desk, kb.editor, article.uid, "de", TextDraft(title="Post", body="Worte"))
    transfer.export(desk, kb.editor, tmp_path)
    english = next(tmp_path.rglob("en.md"))
    words = english.read_text()
    english.write_text(words.replace("visibility: public", "visibility: internal").replace("category:", "# category:"))
    left = transfer.import_folder(desk, kb.editor, tmp_path)
    assert len(left.problems) == 1
    assert "--publish" in left.problems[0][1]
    assert transfer.import_folder(desk, kb.editor, tmp_path, publish=True).problems == []
    with desk.read() as session:
        found = writing.find_article(session, kb.editor, article.uid)
        assert (found.visibility, found.category_id) == ("internal", article.category_id)
    english.write_text(words.replace("visibility: public", 'related: ["en/nowhere"]'))
    assert [said for _file, said in transfer.import_folder(desk, kb.editor, tmp_path, publish=True).problems] == [
        "There is no article “en/nowhere”."
    ]
