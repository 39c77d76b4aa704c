"""What readers see, and what they do not."""

import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.attachments import Upload
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.hooks import portal_article
from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_core.testing.plugins import plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_kb import files, writing
from helpdesk_kb.categories import CategoryDraft, save_category
from helpdesk_kb.rendering import render
from helpdesk_kb.writing import Placing, TextDraft

from .conftest import Kb

ATOM = "{http://www.w3.org/2005/Atom}"


def test_a_visitor_goes_from_the_home_by_category_to_an_article(kb: Kb) -> None:
    accounts = kb.category("Accounts")
    kb.publish(category=kb.category("Passwords", accounts), summary="Three steps.")
    browser = kb.site.browser()
    assert "Accounts" in browser.get("/x/kb/").words
    page = browser.get(browser.page.link("Passwords"))
    page = browser.get(page.link("Reset your password"))
    assert "Open Settings and choose Password" in page.words
    assert page.title.startswith("Reset your password")


def test_of_a_few_articles_none_stands_on_the_home_twice(kb: Kb) -> None:
    _article, text = kb.publish("Reset your password")
    browser = kb.site.browser(kb.customer)
    home = browser.get("/x/kb/")
    assert ("New and changed" in home.words, home.words.count("Reset your password")) == (True, 1)
    browser.get(f"/x/kb/en/{text.slug}")
    browser.get(f"/x/kb/en/{text.slug}/seen.svg")
    home = browser.get("/x/kb/")
    assert ("Read most" in home.words, home.words.count("Reset your password")) == (True, 1)
    kb.publish("Point a domain at your hosting")
    assert "New and changed" in browser.get("/x/kb/").words


def test_an_article_says_what_search_engines_and_other_sites_want_to_know(kb: Kb) -> None:
    _article, text = kb.publish(summary="Three steps.")
    html = kb.site.browser().get(f"/x/kb/en/{text.slug}").text
    assert '<meta name="description" content="Three steps.">' in html
    assert f'<link rel="canonical" href="http://helpdesk.example/x/kb/en/{text.slug}">' in html
    assert '<meta property="og:title" content="Reset your password">' in html
    assert 'itemtype="https://schema.org/TechArticle"' in html
    assert "noindex" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert " style=" not in html


@pytest.mark.parametrize(
    ("visibility", "readers"),
    [
        ("public", {"nobody", "customer", "agent", "stranger"}),
        ("customers", {"customer", "agent", "stranger"}),
        ("internal", {"agent", "stranger"}),
        ("department", {"agent"}),
    ],
)
def test_only_those_it_is_for_find_an_article_anywhere(kb: Kb, visibility: str, readers: set[str]) -> None:
    department = "support" if visibility == "department" else ""
    _article, text = kb.publish("Zeppelin", visibility=visibility, department=department, category=kb.category("Air"))
    people = {
        "nobody": None,
        "customer": kb.customer,
        "agent": kb.agent,
        "stranger": kb.site.world.agent("Sam Sales", "sales"),
    }
    for name, actor in people.items():
        browser = kb.site.browser(actor)
        found = name in readers
        assert browser.get(f"/x/kb/en/{text.slug}").status == (200 if found else 404), name
        assert browser.get("/x/kb/c/air").status == (200 if found else 404), name
        for path in ("/x/kb/", "/x/kb/search?q=zeppelin", "/x/kb/feed.xml", "/search/answers?subject=zeppelin"):
            listed = browser.client.get(path).text.replace("?q=zeppelin", "")
            assert ("/x/kb/en/zeppelin" in listed) is found, (name, path)
    assert (text.slug in kb.site.browser().client.get("/x/kb/sitemap.xml").text) is (visibility == "public")


def test_drafts_and_archived_articles_are_not_there(kb: Kb) -> None:
    kb.draft("Not yet")
    article, text = kb.publish("Not any more")
    writing.archive(kb.site.desk, kb.editor, article.uid, "en")
    browser = kb.site.browser()
    words = browser.get("/x/kb/").words
    assert "Not yet" not in words
    assert "Not any more" not in words
    assert browser.get(f"/x/kb/en/{text.slug}").status == 404


def test_readers_get_their_language_and_find_the_others(kb: Kb) -> None:
    article, _text = kb.publish("Reset your password")
    writing.save_text(
        kb.site.desk, kb.editor, article.uid, "de", TextDraft(title="Passwort ändern", body="So geht es.")
    )
    writing.publish(kb.site.desk, kb.editor, article.uid, "de")
    german = kb.site.world.customer("Gerda", locale="de")
    page = kb.site.browser(german).get("/x/kb/")
    assert "Passwort ändern" in page.words
    assert "Reset your password" not in page.words
    english = kb.site.browser().get("/x/kb/en/reset-your-password")
    assert 'hreflang="de"' in english.text
    (german_address,) = set(re.findall(r'<a [^>]*href="([^"]+)"[^>]*hreflang="de"', english.text))
    assert "So geht es" in kb.site.browser().get(german_address).words


def test_readers_get_names_and_descriptions_of_categories_in_their_language(kb: Kb) -> None:
    editor = kb.site.browser(kb.editor)
    editor.get("/desk/x/kb/categories")
    german: dict[str, Any] = {"names.de": "Konten", "descriptions.de": "Anmelden und Passwörter."}
    editor.submit("category", name="Accounts", description="Signing in.", **german)
    kb.publish(category="accounts")
    form = editor.get("/desk/x/kb/categories/accounts").form("category")
    assert {each: form.value(each) for each in german} == german
    gerda = kb.site.browser(kb.site.world.customer("Gerda", locale="de"))
    assert "Anmelden und Passwörter." in gerda.get("/x/kb/").words
    page = gerda.get("/x/kb/c/accounts")
    assert '<meta name="description" content="Anmelden und Passwörter.">' in page.text
    assert "Signing in." not in page.words
    assert "Signing in." in kb.site.browser().get("/x/kb/c/accounts").words
    answers = [kb.site.browser().client.get(f"/api/v1/x/kb/categories{each}") for each in ("", "?locale=de_AT")]
    listed = [each.get_json()["items"][0] for each in answers]
    assert [(each["name"], each["description"]) for each in listed] == [
        ("Accounts", "Signing in."),
        ("Konten", "Anmelden und Passwörter."),
    ]


def test_categories_do_not_get_deeper_by_moving_those_below_along(kb: Kb) -> None:
    def move(slug: str, parent: str) -> None:
        save_category(kb.site.desk, kb.editor, CategoryDraft(name=slug.capitalize(), parent=parent), slug)

    for chain in (("a", "b", "c"), ("x", "y", "z")):
        above = ""
        for name in chain:
            above = kb.category(name.upper(), above)
    move("a", "y")
    with pytest.raises(Invalid, match="5 levels"):
        move("a", "z")
    with pytest.raises(Invalid, match="in itself"):
        move("a", "b")


def test_a_file_that_takes_anothers_place_is_shown_at_once(kb: Kb) -> None:
    article, _text = kb.publish()
    client, address = kb.site.browser().client, f"/x/kb/files/{article.uid}/a.png"
    for content in (b"one", b"two"):
        files.keep_files(kb.site.desk, kb.editor, article.uid, [Upload(name="a.png", content=content)])
        answer = client.get(address, headers={"If-None-Match": client.get(address).headers["ETag"]})
        assert answer.status_code == 304
        kb.site.clock.advance(minutes=1)
        old = client.get(address)
        assert old.data == content
    files.keep_files(kb.site.desk, kb.editor, article.uid, [Upload(name="a.png", content=b"new")])
    assert client.get(address, headers={"If-None-Match": old.headers["ETag"]}).data == b"new"


def test_hostile_markdown_does_nothing(kb: Kb) -> None:
    body = (
        "<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![x](https://evil.example/a.png)"
        '\n\n<img src=x onerror=alert(1)>\n\n![x](cid:"onerror=alert(1))\n\n[cid](cid:../../../login)'
    )
    _article, text = kb.publish("Hostile", body=body)
    assert "<script" not in text.html
    assert "javascript:" not in text.html.replace("](javascript:", "")
    assert "evil.example/a.png" not in re.sub(r">[^<]*<", "><", text.html)
    page = kb.site.browser().get("/x/kb/en/hostile")
    assert page.status == 200
    assert not re.search(r"<(img|a|p|span)\b[^>]*\sonerror=", page.text)


def test_the_feed_is_atom_and_can_be_read_by_category(kb: Kb) -> None:
    shelf = kb.category("Mail & more")
    kb.publish("One", category=shelf, summary="<b> & so on")
    kb.publish("Two")
    browser = kb.site.browser()
    feed = fromstring(browser.client.get("/x/kb/feed.xml").data)
    assert {entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")} == {"One", "Two"}
    feed = fromstring(browser.client.get(f"/x/kb/c/{shelf}/feed.xml").data)
    assert [entry.findtext(f"{ATOM}summary") for entry in feed.iter(f"{ATOM}entry")] == ["<b> & so on"]


def test_signs_that_xml_does_not_have_break_no_feed(kb: Kb) -> None:
    kb.publish("Pasted \ufffe from \uffff elsewhere", summary="\ufffe🙂")
    feed = fromstring(kb.site.browser().client.get("/x/kb/feed.xml").data)
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    assert (entry.findtext(f"{ATOM}title"), entry.findtext(f"{ATOM}summary")) == ("Pasted  from  elsewhere", "🙂")


def test_neighbours_and_chosen_articles_stand_beside(kb: Kb) -> None:
    shelf = kb.category("Mail")
    chosen, _text = kb.publish("Chosen")
    kb.publish("Neighbour", category=shelf)
    kb.publish("Elsewhere")
    _article, text = kb.publish("Here", category=shelf, related=(chosen.uid,))
    page = kb.site.browser().get(f"/x/kb/en/{text.slug}")
    assert page.link("Chosen")
    assert page.link("Neighbour")
    assert "Elsewhere" not in page.words


@pytest.mark.parametrize(
    ("body", "levels"),
    [
        ("## One\n\n### Two\n\n## Three", "232"),
        ("# One\n\n#### Two\n\n# Three", "232"),
        ("### One\n\n## Two\n\n#### Three", "223"),
        ("# 1\n\n## 2\n\n### 3\n\n#### 4\n\n##### 5\n\n###### 6", "234566"),
    ],
)
def test_headings_go_down_from_the_title_step_by_step(body: str, levels: str) -> None:
    assert "".join(re.findall(r"<h(\d)>", render(body))) == levels
    assert "".join(re.findall(r"</h(\d)>", render(body))) == levels


def test_the_pages_hold_below_a_path_that_the_server_adds(kb: Kb) -> None:
    article, text = kb.publish(category=kb.category("Mail"))
    paper = Upload(name="a.pdf", content=b"%PDF-", content_type="application/pdf")
    files.keep_files(kb.site.desk, kb.editor, article.uid, [paper])
    client = kb.site.browser(kb.editor).client
    paths = ("/x/kb/", "/x/kb/c/mail", f"/x/kb/en/{text.slug}", "/x/kb/search?q=reset", "/desk/x/kb/figures")
    for path in (*paths, f"/desk/x/kb/{article.uid}/en", f"/desk/x/kb/{article.uid}/en/history"):
        page = client.get(path, environ_overrides={"SCRIPT_NAME": "/support"})
        assert page.status_code == 200
        own = re.findall(r'\s(?:href|src|action|hx-get|hx-post)="(/[^"]*)"', page.text)
        assert own
        assert [each for each in own if not each.startswith("/support/")] == [], path
        assert "helpdesk.example/support" not in page.text  # the site's address says by itself where it begins
    feed = client.get("/x/kb/feed.xml", environ_overrides={"SCRIPT_NAME": "/support"}).text
    assert f"http://helpdesk.example/x/kb/en/{text.slug}" in feed


def test_the_pages_have_a_nicer_address_where_the_site_says_so(tmp_path: Path, databases: Databases) -> None:
    with plugin_site("kb", folder=tmp_path, databases=databases, settings={"kb": {"mount": "/help"}}) as site:
        article, text = writing.create_article(
            site.desk, SYSTEM, "en", TextDraft(title="Title", body="Words"), Placing()
        )
        writing.publish(site.desk, SYSTEM, article.uid, "en")
        browser = site.browser()
        page = browser.get(browser.get("/").link("Knowledge base"))
        assert page.path == "/help/"
        assert page.link("Title") == f"/help/en/{text.slug}"
        for path in (f"/help/en/{text.slug}", f"/x/kb/en/{text.slug}"):
            assert (
                f'<link rel="canonical" href="http://helpdesk.example/help/en/{text.slug}">' in browser.get(path).text
            )


def test_it_keeps_the_rules_for_plugins() -> None:
    assert_conforms("kb")


def test_the_navigation_marks_the_knowledge_base_on_all_of_its_pages(kb: Kb) -> None:
    article, text = kb.publish()
    editor = kb.site.browser(kb.editor)
    for path in (
        f"/x/kb/en/{text.slug}",
        "/x/kb/",
        "/desk/x/kb/figures",
        f"/desk/x/kb/{article.uid}/en",
        "/desk/x/kb/",
    ):
        links = re.findall(r'<a class="hd-(?:nav__link|rail__item)"[^>]*>', editor.get(path).text)
        marked = [re.findall(r'href="([^"]+)"', each)[0] for each in links if "aria-current" in each]
        assert marked == [path[: path.index("kb/") + 3]], path


def test_pictures_are_found_by_names_of_any_script_and_those_that_are_not_there_leave_their_words(kb: Kb) -> None:
    body = "![Diagram](cid:схема.png) ![gone](cid:gone.png) ![far](https://x.example/far.png) ![up](cid:../../up.png)"
    article, text = kb.publish("Pictures", body=body)
    upload = Upload(name="схема.png", content=b"\x89PNG", content_type="image/png")
    files.keep_files(kb.site.desk, kb.editor, article.uid, [upload])
    browser = kb.site.browser()
    shown = browser.get(f"/x/kb/en/{text.slug}").text.partition('itemprop="articleBody">')[2].partition("</div>")[0]
    (address,) = re.findall(r'src="([^"]+)"', shown)
    assert browser.client.get(address).data == b"\x89PNG"
    assert re.sub(r"<[^>]+>", "", shown).split() == ["gone", "far", "up"]


def test_languages_are_offered_by_their_own_names(kb: Kb) -> None:
    article, _text = kb.publish("Mail")
    writing.save_text(kb.site.desk, kb.editor, article.uid, "ru", TextDraft(title="Почта", body="Слова."))
    writing.publish(kb.site.desk, kb.editor, article.uid, "ru")
    page = kb.site.browser().get("/x/kb/en/mail")
    assert re.findall(r'<a [^>]*hreflang="[a-z]+"[^>]*>([^<]+)</a>', page.text) == ["English", "Русский"]


def test_a_file_that_pages_do_not_show_is_no_picture(kb: Kb) -> None:
    article, text = kb.publish("Drawing", body="![Our network](cid:net.svg) [the drawing](cid:net.svg)")
    upload = Upload(name="net.svg", content=b"<svg/>", content_type="image/svg+xml")
    files.keep_files(kb.site.desk, kb.editor, article.uid, [upload])
    page = kb.site.browser().get(f"/x/kb/en/{text.slug}")
    assert "Our network" in page.words
    assert 'alt="Our network"' not in page.text
    assert page.link("the drawing").endswith(f"/x/kb/files/{article.uid}/net.svg")
    browser = kb.site.browser(kb.editor)
    browser.get(f"/desk/x/kb/{article.uid}/en")
    assert 'alt="Our network"' not in browser.submit("article", press="Preview").text
    with kb.site.app.test_request_context():
        shown = kb.site.desk.hooks.pick(portal_article, slug="en/drawing", actor=kb.customer)
    assert shown is not None
    assert "<img" not in shown.html
