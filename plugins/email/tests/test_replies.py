from pathlib import Path

import pytest

from helpdesk_email.reading import html_to_text, strip_reply

REPLY = "Hello,\n\nthe printer works again.\n\nThanks\nAnna"

DATA = Path(__file__).parent / "data"
# How mail programs introduce what they quote, by language and program; the blocks are separated by lines with `%`.
INTRODUCTIONS = (DATA / "introductions.txt").read_text("utf-8").removesuffix("\n").split("\n%\n")
# The same reply, as the HTML of well-known programs.
PAGES = {path.stem: path.read_text("utf-8") for path in sorted((DATA / "pages").glob("*.html"))}

# Texts of people that look a little like quotes.
OWN_WORDS = [
    "I tried it on Monday at 10:30 with bob@example.com:\nit failed.",
    "Please book:\n\nFrom: London\nTo: Paris\nDate: tomorrow\n\nThanks",
    "He wrote:\nno way",
    "Error log:\n\n2024-05-12 10:11:12 user@example.com: login failed\n2024-05-12 10:11:13 retry",
    "Date: 12.05.2024\nTime: 10:00\nplease confirm",
    "Sent from my desk, which is much better than my phone.",
    "To: be or not to be\nthat is the question",
    "On Monday 12 May I wrote:\nan email to you.",
    "Our address:\n\nFrom: Main street 5\nTo: Side street 7",
    "My steps:\n-- first\n-- second\n\nDone",
    "Line\n\n-----\n\nNext part stays",
    "Am Montag um 10:00 Uhr passt es:\nich komme",
    "a | b\n| c | d |\n| e | f |\nend",
    "В понедельник в 10:15 я писал:\nничего не работает",
    "Заказ от 12.05.2024:\nне пришел",
    "The log says\nFrom: noreply@example.com\nSubject: hi\nis that right?",
]


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
def test_a_quote_is_found_by_its_introduction(introduction: str) -> None:
    quote = "> Did you restart it?\n> Regards"
    stripped = strip_reply(f"{REPLY}\n\n{introduction}\n{quote}\n")
    assert stripped.reply == REPLY
    assert "Did you restart it?" in stripped.quoted


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
def test_a_quote_without_marks_is_found_too(introduction: str) -> None:
    stripped = strip_reply(f"{REPLY}\r\n\r\n{introduction}\r\n\r\nDid you restart it?\r\nRegards\r\n")
    assert stripped.reply == REPLY
    assert "Did you restart it?" in stripped.quoted


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_html_of_known_programs_gives_the_reply_alone(page: str) -> None:
    stripped = strip_reply(page)
    assert stripped.reply.split() == ["Hi.", "I", "am", "fine.", "Thanks,", "Alex"]
    assert "Hello!" in stripped.quoted


@pytest.mark.parametrize("text", OWN_WORDS)
def test_own_words_are_never_cut(text: str) -> None:
    assert strip_reply(text).reply == text


def test_answers_between_the_quotes_stay_with_what_they_answer() -> None:
    text = "On 1 May 2024 at 10:00, Bob <bob@example.net> wrote:\n> First?\nYes.\n\n> Second?\nNo."
    stripped = strip_reply(text)
    assert "Yes." in stripped.reply
    assert "> Second?\nNo." in stripped.reply


def test_an_answer_below_the_quote_is_the_reply() -> None:
    stripped = strip_reply("On 1 May 2024 at 10:00, Bob <bob@example.net> wrote:\n> Works?\n\nYes, it does.")
    assert stripped.reply == "Yes, it does."
    assert "Works?" in stripped.quoted


def test_a_forwarded_mail_without_comment_is_the_message() -> None:
    headers = "From: Bob <bob@example.net>\nDate: 1 May 2024\nSubject: Hi\nTo: a@example.org"
    text = f"---------- Forwarded message ----------\n{headers}\n\nThe news."
    assert strip_reply(text).reply == "The news."


def test_a_quote_alone_is_shown_rather_than_nothing() -> None:
    assert strip_reply("> only a quote").reply == "> only a quote"
    assert strip_reply("").reply == ""


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAnna Long\nExample Ltd",
        "--\nAnna",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Отправлено с iPhone",
        "Envoyé de mon iPhone",
        "Get Outlook for iOS<https://example.net/x>",
        "Kind regards,\n\nAnna Long\nHead of Printing\nExample Ltd",
        "_______________________________________________\nusers mailing list\nusers@lists.example.org",
    ],
)
def test_signatures_are_folded_away(signature: str) -> None:
    stripped = strip_reply(f"It works.\n\n{signature}\n")
    assert stripped.reply == "It works."
    assert stripped.signature == signature.replace("-- ", "--")


@pytest.mark.parametrize(
    "ending", ["Thanks,\nAnna", "Best regards\n\nAnna", "—Anna", "Sent from my desk, which is better."]
)
def test_a_greeting_with_a_name_stays(ending: str) -> None:
    assert strip_reply(f"It works.\n\n{ending}").reply == f"It works.\n\n{ending}"


def test_code_is_left_alone() -> None:
    text = "Try:\n\n```\n> prompt\nOn 1 May 2024 a@example.org wrote:\n--\n```\n\nIt fails."
    assert strip_reply(text).reply == text


def test_no_line_is_lost() -> None:
    text = f"{REPLY}\n\n-- \nAnna\n\nOn 1 May 2024 at 10:00, Bob <bob@example.net> wrote:\n> One\n> Two"
    stripped = strip_reply(text)
    kept = f"{stripped.reply}\n{stripped.signature}\n{stripped.quoted}"
    assert [line for line in kept.split("\n") if line] == [line.rstrip() for line in text.split("\n") if line]


def test_what_a_page_quotes_is_marked_in_its_text() -> None:
    assert html_to_text("<p>Hi</p><blockquote><p>old</p></blockquote>") == "Hi\n\n> old"
