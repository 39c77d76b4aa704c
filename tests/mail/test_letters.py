import re
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select, update

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.app import create_app
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.events.models import Delivery, EventRow
from helpdesk_core.hooks import hookimpl
from helpdesk_core.mail.draft import OutgoingDraft
from helpdesk_core.mail.hooks import outgoing_mail
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets import conversation
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.models import Message
from helpdesk_core.tickets.posting import Posted
from helpdesk_core.users.models import User

Composed = Callable[[], list[OutgoingMail]]
Sent = Callable[[], list[EmailMessage]]


def say(desk: Helpdesk, actor: Actor, number: str, text: str = "Hello.", **more: Any) -> Posted:
    return conversation.reply(desk, actor, number, NewMessage(text=text, **more))


class TestThreads:
    def test_answers_name_the_mails_before_them(
        self, desk: Helpdesk, world: World, adam: Actor, carla: Actor, sent: Sent, composed: Composed
    ) -> None:
        by_mail = replace(carla, channel="email")
        first = NewMessage(text="Hi", message_id="<theirs-1@example.net>")
        number = world.ticket(by_mail, message=first).ticket.number or ""
        composed()
        (confirmation,) = sent()
        posted = say(desk, adam, number, "One.")
        composed()
        (answer,) = sent()
        say(desk, by_mail, number, "Two.", message_id="<theirs-2@example.net>")
        say(desk, adam, number, "Three.")
        composed()
        last = sent()[-1]
        root = f"<ticket-{number}@helpdesk.example>"
        assert confirmation["References"].split() == [root, "<theirs-1@example.net>"]
        assert answer["In-Reply-To"] == "<theirs-1@example.net>"
        assert answer["Message-ID"] == f"<{posted.message.uid}@helpdesk.example>"
        assert last["References"].split() == [
            root,
            "<theirs-1@example.net>",
            answer["Message-ID"],
            "<theirs-2@example.net>",
        ]
        assert last["In-Reply-To"] == "<theirs-2@example.net>"

    def test_an_answer_is_found_by_the_message_id_it_left_with(
        self, desk: Helpdesk, ticket: str, adam: Actor, composed: Composed
    ) -> None:
        posted = say(desk, adam, ticket)
        (mail,) = composed()
        with desk.read() as session:
            found = conversation.find_by_message_id(session, mail.message_id)
        assert found is not None
        assert found.id == posted.message.id

    def test_the_message_ids_of_notes_are_kept_from_customers(
        self, desk: Helpdesk, ticket: str, adam: Actor, composed: Composed
    ) -> None:
        conversation.note(desk, adam, ticket, NewMessage(text="psst", message_id="<secret@example.com>"))
        say(desk, adam, ticket)
        assert not any("secret" in str(mail.headers) for mail in composed())


class TestFiles:
    def test_small_files_travel_along_and_large_ones_are_linked(
        self, desk: Helpdesk, ticket: str, adam: Actor, composed: Composed, sent: Sent
    ) -> None:
        uploads = (
            Upload(name="Счёт.pdf", content=b"%PDF", content_type="application/pdf"),
            Upload(name="big.bin", content=bytes(11_000_000), content_type="application/octet-stream"),
        )
        say(desk, adam, ticket, "See the files.", uploads=uploads)
        composed()
        mail = sent()[-1]
        assert [part.get_filename() for part in mail.iter_attachments()] == ["Счёт.pdf"]
        text = mail.get_body(("plain",))
        assert text is not None
        assert "* big.bin (11.0 MB)" in text.get_content()
        assert "http://helpdesk.example/" in text.get_content().split("* big.bin (11.0 MB)")[1]

    def test_the_link_to_a_large_file_hands_it_out_as_long_as_its_recipient_may_see_it(
        self, desk: Helpdesk, world: World, carla: Actor, adam: Actor, composed: Composed, clock: TestClock
    ) -> None:
        ticket = world.ticket(carla).ticket.number or ""
        with desk.begin(SYSTEM) as tx:
            tx.session.execute(update(User).values(password_hash=None))
        big = Upload(name="big.bin", content=bytes(11_000_000), content_type="application/octet-stream")
        say(desk, adam, ticket, "See the file.", uploads=(big,))
        link = re.findall(r"http://helpdesk\.example(/f/\S+)", composed()[-1].body_text)[0]
        browser = Browser(create_app(desk))
        assert browser.get(link).status == 200
        assert browser.response is not None
        assert len(browser.response.data) == 11_000_000
        assert browser.response.headers["Content-Disposition"].startswith("attachment")
        assert browser.get(f"{link}x").status == 410
        clock.advance(days=31)
        assert browser.get(link).status == 410
        clock.advance(days=-31)
        with desk.begin(SYSTEM) as tx:
            tx.session.execute(update(User).values(is_active=False))
        assert browser.get(link).status == 410

    def test_a_picture_in_the_text_is_shown_where_it_stands(
        self, desk: Helpdesk, ticket: str, adam: Actor, composed: Composed, sent: Sent
    ) -> None:
        posted = say(desk, adam, ticket, "x", uploads=(Upload(name="a.png", content=b"png", content_type="image/png"),))
        uid = posted.message.attachments[0].uid
        with desk.begin(SYSTEM) as tx:
            html = f'<p>Look: <img src="/attachments/{uid}/a.png" alt="it"></p>'
            tx.session.execute(update(Message).where(Message.id == posted.message.id).values(body_html=html))
        composed()
        mail = sent()[-1]
        inline = next(part for part in mail.walk() if part["Content-ID"])
        shown = mail.get_body(("html",))
        assert shown is not None
        assert f"cid:{inline['Content-ID'].strip('<>')}" in shown.as_string().replace("=\r\n", "").replace("=\n", "")

    @pytest.mark.parametrize("inside", [False, True])
    def test_pictures_in_the_text_travel_where_all_other_files_are_linked(
        self, desk: Helpdesk, ticket: str, adam: Actor, composed: Composed, sent: Sent, inside: bool
    ) -> None:
        with desk.begin(SYSTEM) as tx:
            desk.settings.save(tx.session, "core.mail", {"attach_mb": 0}, None)
        uploads = (
            Upload(name="a.png", content=bytes(6_000_000), content_type="image/png", content_id="one@pictures"),
            Upload(name="notes.txt", content=b"notes", content_type="text/plain"),
            Upload(name="b.png", content=bytes(3_000_000), content_type="image/png"),
            Upload(name="c.png", content=b"png", content_type="image/png"),
        )
        posted = say(desk, adam, ticket, "x", uploads=uploads)
        first, _notes, second, _beside = posted.message.attachments
        source = "cid:one@pictures" if inside else f"/attachments/{first.uid}/a.png"
        with desk.begin(SYSTEM) as tx:
            html = f'<p><img src="{source}" alt=""> and <img src="/attachments/{second.uid}/b.png" alt=""></p>'
            tx.session.execute(update(Message).where(Message.id == posted.message.id).values(body_html=html))
        (mail,) = composed()
        assert mail.attachment_ids == [first.id, second.id]
        assert 'src="/attachments/' not in (mail.body_html or "")
        assert "* notes.txt" in mail.body_text
        assert "* c.png" in mail.body_text
        assert len([part for part in sent()[-1].walk() if part["Content-ID"]]) == 2


class TestLanguage:
    def test_a_customer_gets_the_language_of_the_account_before_that_of_the_ticket(
        self, desk: Helpdesk, world: World, adam: Actor, composed: Composed
    ) -> None:
        world.ticket(world.customer("Karl", locale="de"), locale="uk")
        world.ticket(world.customer("Anna"), locale="ru")
        languages = [(mail.body_html or "").split('lang="')[1][:2] for mail in composed()]
        assert languages == ["de", "ru"]


class TestOnlyOnce:
    def test_an_event_that_is_handled_twice_is_composed_once(
        self, desk: Helpdesk, ticket: str, carla: Actor, composed: Composed
    ) -> None:
        say(desk, carla, ticket)
        assert len(composed()) == 1
        with desk.begin(SYSTEM) as tx:
            for event in tx.session.scalars(select(EventRow).where(EventRow.type == "message.posted")).all():
                tx.session.add(Delivery(event=event, subscriber="core.mail", stream=event.stream, due_at=tx.now))
        assert composed() == []


class Footer:
    @hookimpl(outgoing_mail)
    def add(self, draft: OutgoingDraft) -> OutgoingDraft:
        if draft.template == "ticket_opened":
            return draft.drop("no confirmations here")
        return replace(draft.with_header("X-Ours", "1"), text=draft.text + "Footer\n")


class Smuggling:
    @hookimpl(outgoing_mail)
    def add(self, draft: OutgoingDraft) -> OutgoingDraft:
        return draft.with_header("X-Theirs", "1\r\nBcc: x@example.org")


class Broken:
    @hookimpl(outgoing_mail)
    def fail(self, draft: OutgoingDraft) -> OutgoingDraft:
        raise RuntimeError("no")


class TestPlugins:
    def test_a_plugin_may_change_a_mail_or_drop_it_and_a_broken_one_changes_nothing(
        self, desk: Helpdesk, world: World, carla: Actor, adam: Actor, composed: Composed, sent: Sent
    ) -> None:
        desk.hooks.register(Broken(), "broken")
        desk.hooks.register(Footer(), "footer")
        desk.hooks.register(Smuggling(), "smuggling")
        number = world.ticket(carla).ticket.number or ""
        say(desk, adam, number, "Hello.")
        dropped, reply = composed()
        assert (dropped.state, dropped.error) == ("dropped", "no confirmations here")
        assert reply.body_text == "Hello.\nFooter\n"
        mail = sent()[-1]
        assert mail["X-Ours"] == "1"
        assert mail["X-Theirs"] is None
        assert mail["Bcc"] is None


class TestTemplates:
    def test_the_instance_may_have_its_own_words_and_a_broken_template_stops_no_mail(
        self, desk: Helpdesk, ticket: str, adam: Actor, carla: Actor, composed: Composed
    ) -> None:
        folder = desk.config.instance / "templates" / "mail"
        folder.mkdir(parents=True)
        (folder / "reply.txt").write_text("Dear customer,\n{{ text }}\n")
        (folder / "staff_message.txt").write_text("{{ no_such_thing }}")
        say(desk, adam, ticket, "Hello.")
        say(desk, carla, ticket, "Hi.")
        reply, staff = composed()
        assert reply.body_text == "Dear customer,\nHello.\n"
        assert "> Hi." in staff.body_text
