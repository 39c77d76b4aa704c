"""The life of an article, and what is counted of its readers; on every database."""

from io import BytesIO

import pytest
from sqlalchemy import func, select

from helpdesk_core.api.attachments import Upload
from helpdesk_core.api.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk_core.api.users import User
from helpdesk_kb import comparing, files, overview, privacy, statistics, visits, writing
from helpdesk_kb.models import Visit, Vote
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
