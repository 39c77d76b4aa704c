"""Articles as Markdown files: what goes out comes back, and what is foreign is taken up; on every database."""

from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from sqlalchemy import select

from helpdesk_core.api.attachments import Upload
from helpdesk_kb import files, transfer, writing
from helpdesk_kb.models import Article, File, Text, Version
from helpdesk_kb.writing import TextDraft

from .conftest import Kb


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


def test_a_broken_file_is_named_and_the_others_are_read(kb: Kb, tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text("---\nno colon here\n---\nx", encoding="utf-8")
    (tmp_path / "good.md").write_text("# Good\n\nwords", encoding="utf-8")
    (tmp_path / "latin.md").write_bytes(b"\xff\xfe\xfa")
    done = transfer.import_folder(kb.site.desk, kb.editor, tmp_path)
    assert done.made == 1
    assert [name for name, _problem in done.problems] == ["bad.md", "latin.md"]


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
