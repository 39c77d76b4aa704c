"""What editors and agents do on the desk, and programs in the API."""

from helpdesk_core.api.tickets import NewMessage, add_participant, note, reply
from helpdesk_core.testing.browser import File
from helpdesk_core.testing.queries import count_queries

from .conftest import Kb


def test_an_editor_writes_previews_publishes_and_archives(kb: Kb) -> None:
    browser = kb.site.browser(kb.editor)
    browser.get("/desk/x/kb/new")
    page = browser.submit("article", title="Hello", body="**bold** <script>", visibility="public", press="Preview")
    assert "<strong>bold</strong>" in page.text
    assert "<script>" not in page.text.partition('id="preview"')[2].partition("</div>")[0]
    page = browser.submit("article", files=File("a.png", b"png"), press="Save and publish")
    assert "Published" in page.words
    assert kb.site.browser().get("/x/kb/en/hello").status == 200
    browser.submit("turn", press="Archive")
    assert kb.site.browser().get("/x/kb/en/hello").status == 404
    assert "Archived" in browser.get("/desk/x/kb/?state=archived").words


def test_a_form_with_mistakes_names_them_and_keeps_the_words(kb: Kb) -> None:
    browser = kb.site.browser(kb.editor)
    browser.get("/desk/x/kb/new")
    page = browser.submit("article", title="", body="Long words", visibility="department", press="Save draft")
    assert page.status == 422
    assert "Give the article a title." in page.words
    assert page.form("article").value("body") == "Long words"


def test_an_article_is_made_of_a_ticket_and_inserted_into_a_reply(kb: Kb) -> None:
    ticket = kb.site.world.ticket(kb.customer, subject="Mail on my phone", text="Which server?").ticket
    browser = kb.site.browser(kb.editor)
    page = browser.get(f"/desk/tickets/{ticket.number}")
    page = browser.get(page.link("Make an article of it"))
    assert page.form("article").value("title") == "Mail on my phone"
    assert "Which server?" in page.form("article").value("body")
    browser.submit("article", body="Use imap.", visibility="public", press="Save and publish")
    browser.get(f"/desk/tickets/{ticket.number}")
    page = browser.submit("composer", body="Dear Anna,", press="Show articles that fit")
    assert page.form("composer").value("body") == "Dear Anna,"
    page = browser.submit("composer", press="Link")
    assert page.form("composer").value("body").startswith("Dear Anna,")
    assert "[Mail on my phone](http://helpdesk.example/x/kb/en/mail-on-my-phone)" in page.form("composer").value("body")


def test_the_answer_of_an_article_made_of_a_ticket_is_what_staff_answered_last(kb: Kb) -> None:
    carl = kb.site.world.customer("Carl")
    ticket = kb.site.world.ticket(kb.customer, subject="Mail", text="Which server?").ticket
    number = ticket.number or ""
    add_participant(kb.site.desk, kb.editor, number, "cc", uid=carl.uid)

    def body() -> str:
        return kb.site.browser(kb.editor).get(f"/desk/x/kb/new?ticket={number}").form("article").value("body")

    reply(kb.site.desk, carl, number, NewMessage(text="I wonder, too."))
    assert body().split() == ["##", "Question", "Which", "server?", "##", "Answer"]
    reply(kb.site.desk, kb.editor, number, NewMessage(text="Use imap."))
    note(kb.site.desk, kb.editor, number, NewMessage(text="They are slow."))
    reply(kb.site.desk, carl, number, NewMessage(text="Thank you."))
    assert body().split()[-4:] == ["##", "Answer", "Use", "imap."]


def test_what_customers_cannot_read_is_never_linked_in_a_reply(kb: Kb) -> None:
    kb.publish("Mail secrets", visibility="internal")
    ticket = kb.site.world.ticket(kb.customer, subject="Mail secrets").ticket
    browser = kb.site.browser(kb.editor)
    browser.get(f"/desk/tickets/{ticket.number}")
    page = browser.submit("composer", press="Show articles that fit")
    buttons = [each.value for each in page.form("composer").buttons if each.name == "insert"]
    assert [each.partition(":")[2].partition(":")[0] for each in buttons] == ["text"]


def test_who_does_not_write_gets_no_editor(kb: Kb) -> None:
    article = kb.draft("Title")
    for path in ("/desk/x/kb/", "/desk/x/kb/new", f"/desk/x/kb/{article.uid}/en", "/desk/x/kb/figures.csv"):
        assert kb.site.browser(kb.agent).get(path).status == 403, path
    assert "Knowledge base" not in kb.site.browser(kb.agent).get("/desk/").words


def test_the_figures_are_there_as_csv_without_formulas(kb: Kb) -> None:
    _article, text = kb.publish("=1+1")
    kb.site.browser().client.get(f"/x/kb/en/{text.slug}/seen.svg")
    csv = kb.site.browser(kb.editor).client.get("/desk/x/kb/figures.csv").text
    assert "'=1+1,1,0,0,0,0" in csv


def test_the_api_lists_and_reads_only_what_the_caller_may(kb: Kb) -> None:
    kb.publish("Open")
    kb.publish("Closed", visibility="internal")
    client = kb.site.app.test_client()
    found = client.get("/api/v1/x/kb/articles").json
    assert found is not None
    assert [each["title"] for each in found["items"]] == ["Open"]
    assert client.get("/api/v1/x/kb/articles/en/closed").status_code == 404
    article = client.get("/api/v1/x/kb/articles/en/open").json
    assert article is not None
    assert "<strong>Settings</strong>" in article["html"]
    assert client.post("/api/v1/x/kb/articles", json={"title": "x", "body": "y"}).status_code == 401


def test_lists_and_articles_cost_the_same_number_of_queries_however_many_there_are(kb: Kb) -> None:
    ticket = kb.site.world.ticket(kb.customer, subject="Mail on a phone").ticket
    shelf = kb.category("Mail")
    kb.publish("Mail on a phone", category=shelf)
    reader, editor = kb.site.browser(kb.customer), kb.site.browser(kb.editor)
    pages = [(reader, "/x/kb/"), (reader, "/x/kb/c/mail"), (reader, "/x/kb/en/mail-on-a-phone")]
    pages += [(editor, "/desk/x/kb/"), (editor, f"/desk/tickets/{ticket.number}")]

    def counted() -> list[int]:
        found = []
        for browser, path in pages:
            browser.get(path)
            with count_queries(kb.site.desk) as queries:
                assert browser.get(path).status == 200
            found.append(len(queries))
        return found

    before = counted()
    for number in range(12):
        kb.publish(f"Mail on a phone {number}", category=shelf)
    assert counted() == before
    *own, _ticket = before
    assert max(own) <= 8, before


def test_the_page_of_a_ticket_asks_the_database_nothing_for_articles(kb: Kb) -> None:
    kb.publish("Mail on a phone")
    ticket = kb.site.world.ticket(kb.customer, subject="Mail on a phone").ticket
    browser = kb.site.browser(kb.editor)
    browser.get(f"/desk/tickets/{ticket.number}")
    with count_queries(kb.site.desk) as queries:
        browser.get(f"/desk/tickets/{ticket.number}")
    assert not [each for each in queries if "kb_" in str(each)]


def test_articles_stand_on_the_search_page_of_the_desk_for_those_who_may_read_them(kb: Kb) -> None:
    kb.publish("Zeppelin for all", body="**Fly** a zeppelin today.")
    kb.publish("Zeppelin inside", visibility="internal")
    kb.publish("Zeppelin of sales", visibility="department", department="sales")
    browser = kb.site.browser(kb.agent)
    page = browser.get("/desk/search", q="zeppelin")
    assert "Nothing was found." in page.words
    page = browser.get(page.link("Show what else fits"))
    assert [title in page.words for title in ("Zeppelin for all", "Zeppelin inside", "Zeppelin of sales")] == [1, 1, 0]
    assert "Fly a <mark>zeppelin</mark> today." in page.text
    assert "Nothing fits." in browser.get("/desk/search/pages", q="zeppelin status:open").words
    assert "Show what else fits" not in browser.get("/desk/search", q="status:open").words
    assert kb.site.browser(kb.customer).get("/desk/search/pages", q="zeppelin").status == 403


def test_related_articles_are_given_by_addresses_as_browsers_copy_them_and_others_are_refused(kb: Kb) -> None:
    kb.publish("Domains")
    kb.publish("Как настроить почту", locale="ru")
    article = kb.draft("Mail")
    browser = kb.site.browser(kb.editor)
    browser.get(f"/desk/x/kb/{article.uid}/en")
    russian = "http://helpdesk.example/x/kb/ru/%D0%BA%D0%B0%D0%BA-%D0%BD%D0%B0%D1%81%D1%82%D1%80%D0%BE%D0%B8%D1%82%D1%8C-%D0%BF%D0%BE%D1%87%D1%82%D1%83"
    page = browser.submit("article", related=f"{russian}?via=answer\nnonsense\nen/domains", press="Save draft")
    assert page.status == 422
    assert "There is no article “nonsense”." in page.words
    page = browser.submit("article", related=f"{russian}\nen/domains", press="Save draft")
    assert page.form("article").value("related").split() == ["ru/как-настроить-почту", "en/domains"]


def test_an_editor_is_told_which_files_of_the_text_are_not_there(kb: Kb) -> None:
    browser = kb.site.browser(kb.editor)
    browser.get("/desk/x/kb/new")
    body = "![a](cid:there.png) ![b](cid:gone.png) [c](cid:paper.pdf)"
    picture = File("there.png", b"\x89PNG")
    page = browser.submit("article", title="Files", body=body, files=picture, press="Save draft")
    assert "The text shows files that are not there: gone.png, paper.pdf." in page.words
    page = browser.submit("article", body="![a](cid:there.png)", press="Save draft")
    assert "not there" not in page.words
    body = 'Write `![a](cid:NAME)`.\n\n![b](cid:one.png "One") ![c][2]\n\n[2]: cid:two.png'
    page = browser.submit("article", body=body, press="Save draft")
    assert "The text shows files that are not there: one.png, two.png." in page.words
