"""What is stored about mails can be said in every language: the sentences of the code, and those in the tables."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import text, update

import helpdesk_email
from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.i18n import LazyText, joined
from helpdesk_core.db.revise import differences
from helpdesk_core.plugins import discover
from helpdesk_email.decisions import Ended
from helpdesk_email.models import Base, Received
from helpdesk_email.pipeline import KINDS
from helpdesk_email.reading import Sentence
from helpdesk_email.receiving import Gateway
from helpdesk_email.sentences import as_kept, as_read
from helpdesk_email.storing import Envelope
from helpdesk_email.texts import texts

from .gateways import answer_to, messages, report, tickets, written

LANGUAGES = ("de", "ru", "uk", "hr")
PACKAGE = Path(helpdesk_email.__file__).parent
MAKERS = {"_l", "lazy", "lazy_n"}
"""Who makes a sentence that the catalogues know."""
SAYING = {"note", "drop", "done", "warn", "Ended", "Route", "Match", "Found", "Automatic", "Bounce", "Trouble"}
FAILING = {"MailboxFailed", "NotStored", "Refused", "Forbidden", "Invalid", "Unavailable", "Conflict", "NotFound"}
"""Whose words are stored, or shown on a page."""
STEPS = {"by hand"}
SUPPORT = Envelope(recipients=("support@example.com",))
MAILS = (
    written(),
    written(message_id="<copy@mail.example.net>"),
    written(message_id="<copy@mail.example.net>", Received="from elsewhere"),
    written(sender="Us <support@example.com>"),
    written(sender="Nobody"),
    written(sender=""),
    written(to="Somebody <else@example.org>"),
    written(List_Id="<news.example.org>"),
    written(Auto_Submitted="auto-generated"),
    written(subject="Out of office"),
    written(Precedence="bulk"),
    written(X_Spam_Flag="YES", Authentication_Results="mx.example.com; spf=fail"),
    written(subject="Re: [#1] Printer", sender="Eve <eve@example.org>"),
    written(subject="Re: [#1] Printer"),
    b"From: a@example.org\nno header\nContent-Type: multipart/mixed\n\nHello",
    b"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail Returned to Sender\nReturn-Path: <>\n\n"
    b"I could not deliver your mail to <bob@example.net>: 550 5.1.1 User unknown",
)
"""Mails that take the steps in many ways."""


def calls(*, but: tuple[str, ...] = ()) -> Iterator[tuple[str, str, ast.Call]]:
    """Yield file, name of the function, and the call, for all of the plugin's code."""
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.name in but or "migrations" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                yield str(file.relative_to(PACKAGE)), name, node


def plain(node: ast.expr) -> Iterator[str]:
    """Yield sentences that stand in an expression without a maker around them."""
    match node:
        case ast.Call():
            return
        case ast.JoinedStr() if " " in "".join(
            str(each.value) for each in node.values if isinstance(each, ast.Constant)
        ):
            yield ast.unparse(node)
        case ast.Constant(value=str(said)) if " " in said and said not in STEPS:
            yield said
        case ast.IfExp() | ast.BoolOp() | ast.BinOp():
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    yield from plain(child)


def msgids() -> set[str]:
    """Return what all makers of sentences are given."""
    return {
        each.value
        for _file, name, call in calls()
        if name in MAKERS
        for each in call.args[: 2 if name == "lazy_n" else 1]
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def all_msgids(said: str) -> Iterator[str]:
    """Yield the text of a sentence, and of those within it."""
    if isinstance(said, LazyText):
        if said.domain == texts.domain:
            yield said.msgid
        for each in said.values.values():
            yield from all_msgids(each)


def test_no_step_and_no_trouble_is_said_in_english_alone() -> None:
    found = {
        f"{file}:{call.lineno}: {said}"
        for file, name, call in calls(but=("commands.py", "api.py"))
        if name in SAYING | FAILING
        for each in (*call.args, *(keyword.value for keyword in call.keywords if keyword.arg != "by"))
        for said in plain(each)
    }
    assert found == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogues_have_everything_that_a_step_can_say(desk: Helpdesk, language: str) -> None:
    catalogue = desk.catalogues.catalogue("email", language)
    wanted = msgids()
    assert len(wanted) > 250
    forms = {each: getattr(catalogue.get(each), "string", "") for each in wanted}
    plurals = {each for _file, name, call in calls() if name == "lazy_n" for each in [ast.literal_eval(call.args[1])]}
    assert sorted(each for each, said in forms.items() if not said and each not in plurals) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_really_comes_of_mails_is_in_the_catalogues(desk: Helpdesk, gateway: Gateway, language: str) -> None:
    rows = gateway.receive_many([(raw, SUPPORT) for raw in MAILS])
    said = [row.reason or "" for row in rows]
    said += [step.get(each, "") for row in rows for step in row.decisions for each in ("result", "why")]
    used = {msgid for each in said for msgid in all_msgids(each)}
    catalogue = desk.catalogues.catalogue("email", language)
    assert len(used) > 10
    assert {each for each in used if not getattr(catalogue.get(each), "string", "")} == set()


def test_every_kind_of_automatic_mail_has_a_word() -> None:
    kinds = {
        ast.literal_eval(call.args[0])
        for file, name, call in calls()
        if name == "Automatic" and isinstance(call.args[0], ast.Constant)
    }
    assert kinds <= set(KINDS)
    assert {key: str(said) for key, said in KINDS.items()} == {key: key for key in KINDS}


@pytest.mark.parametrize(
    "said",
    [
        texts.lazy("Nobody could be answered."),
        texts.lazy("“%(written)s” is not an address.", written="100 % “me”, Ünï"),
        texts.lazy_n("%(num)s file", "%(num)s files", 3),
        joined((texts.lazy("Dropped by %(name)s.", name="Ada"), texts.lazy("The mail names no sender."), "plain")),
        texts.lazy("%(points)s points", points=7.5),
        LazyText("Cancel"),
    ],
)
def test_a_sentence_is_the_same_after_it_was_stored(desk: Helpdesk, said: LazyText) -> None:
    again = as_read(as_kept(said))
    assert isinstance(again, LazyText)
    assert (again, again.domain, again.said(desk.texts("de"))) == (said, said.domain, said.said(desk.texts("de")))


@pytest.mark.parametrize(
    "said", ["", "It was dropped.", "100 % sure", '{"msgid": "x"', '{"msgid": "%(a)s"}', '{"msgid":', "{}", "null"]
)
def test_plain_words_are_the_same_after_they_were_stored(said: str) -> None:
    assert as_read(as_kept(said)) == said


@pytest.mark.parametrize(
    "said", ['{"msgid": 7}', '{"msgid": "%(a)s", "values": {"b": 1}}', '{"msgid": "a", "values": 1}']
)
def test_what_is_damaged_in_the_table_is_shown_as_it_is(said: str) -> None:
    assert as_read(said) == said


def test_sentences_about_a_mail_are_plain_english_with_what_they_are_made_of() -> None:
    said = Sentence("It has the header %(name)s.", {"name": "X-Away"})
    assert (said, said.msgid, said.values) == (
        "It has the header X-Away.",
        "It has the header %(name)s.",
        {"name": "X-Away"},
    )


def test_what_another_plugin_says_is_kept_as_it_says_it(desk: Helpdesk, gateway: Gateway) -> None:
    gateway.steps.add("match", lambda taken: Ended(state="quarantined", reason="100 % virus"))
    row = gateway.receive(written(), SUPPORT)
    assert (type(row.reason), row.reason) == (str, "100 % virus")
    assert (row.decisions[-1]["why"], row.decisions[-1]["result"].said(desk.texts("de"))) == (
        "100 % virus",
        "angehalten",
    )


def test_a_plugin_may_say_it_in_its_own_words_for_every_language(desk: Helpdesk, gateway: Gateway) -> None:
    gateway.steps.add("match", lambda taken: Ended(state="dropped", reason=LazyText("Cancel")))
    row = gateway.receive(written(), SUPPORT)
    assert isinstance(row.reason, LazyText)
    assert (row.reason, row.reason.said(desk.texts("de"))) == ("Cancel", "Abbrechen")


def test_rows_from_before_are_read_as_they_are(desk: Helpdesk, gateway: Gateway) -> None:
    row = gateway.receive(written(), SUPPORT)
    path = '[{"result":"read","step":"decode","why":"24 characters, 0 files"},{"result":"no","step":"loop?"}]'
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(Received).values(reason="It was so."))
        tx.session.execute(text("UPDATE email_received SET decisions = :path"), {"path": path})
    found = gateway.find(row.uid)
    assert (found.reason, found.decisions[0]["why"]) == ("It was so.", "24 characters, 0 files")
    assert found.decisions[1] == {"step": "loop?", "result": "no"}


def test_notes_on_tickets_are_in_the_sites_language(
    desk: Helpdesk, gateway: Gateway, sent: Callable[[], list[EmailMessage]]
) -> None:
    with desk.begin(SYSTEM) as tx:
        desk.settings.save(tx.session, "core.site", {"language": "de"}, None)
    gateway.receive(written(), SUPPORT)
    [confirmation] = sent()
    ticket = tickets(desk)[0]
    gateway.receive(report("carla@example.net", confirmation), SUPPORT)
    gateway.receive(answer_to(confirmation, "Me too.", sender="Eve <eve@example.org>"), SUPPORT)
    said = [each.body_text for each in messages(desk, ticket)]
    assert said[1].startswith("Eine Mail konnte nicht an carla@example.net zugestellt werden: unbekannter Empfänger.")
    assert said[-1].startswith("eve@example.org ist an diesem Ticket nicht beteiligt, hat aber auf eine seiner Mails")


def test_the_columns_are_those_that_held_plain_sentences(desk: Helpdesk) -> None:
    mine = replace(discover()["email"].owner(), metadata=Base.metadata)
    with desk.engine.connect() as connection:
        found = [
            change for each in differences(connection, mine) for change in (each if isinstance(each, list) else [each])
        ]
    # MariaDB writes the default `false` as 0, which Alembic takes for another one.
    assert {kind for kind, *_rest in found} <= {"modify_default"}
