"""What one message may cost: however hostile, it is kept, and soon."""

import time

import pytest

from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import content, conversation, opening
from helpdesk_core.tickets.content import body_of, is_costly_markdown, is_excessive, preview_of
from helpdesk_core.tickets.conversation import note, reply
from helpdesk_core.tickets.inputs import NewMessage

N = 100_000
MARKDOWN = [
    *("[", "[](", "[[]", "![", "](", "*", "*a", "*a **b", "**a_b ", "_", "`", "> ", "- ", "1. ", "<", "<a ", "~~a "),
    *("\\", "&", "# a\n", "a\n", "*_", "a|b\n-|-\n|\n", "```\n", "<div>", "[a](", "(", "<http://"),
]
HTML = [
    *("<div>", "<b>", "<b><p>", "<div></x>", "<div title='</div>'>", "<div><!-- </div> -->", "<a <a ", "<!--><div>"),
    *("<div><table><td></div></td></table>", "<div><style></div></style>", "<blockquote>x", '<i a="', "<", "<table>"),
]


@pytest.mark.parametrize("piece", MARKDOWN)
@pytest.mark.parametrize("length", [N * 10, N, content.MAX_MARKDOWN])
def test_hostile_markdown_is_kept_and_soon(piece: str, length: int) -> None:
    text = (piece * (length // len(piece) + 1))[:length]
    start = time.thread_time()
    made = body_of(text, None, markdown=True)
    assert time.thread_time() - start < 4
    assert made.text.strip() == text.strip()


@pytest.mark.parametrize("piece", HTML)
@pytest.mark.parametrize("tail", ["", "<p>x</p>" * 5000, "<div>" * 300])
def test_hostile_html_is_kept_and_soon(piece: str, tail: str) -> None:
    start = time.thread_time()
    body_of("", piece * (500_000 // len(piece)) + tail, markdown=False)
    body_of("", tail + piece * (500_000 // len(piece)), markdown=False)
    assert time.thread_time() - start < 6


def test_formatting_that_is_never_closed_is_not_repeated_in_every_paragraph() -> None:
    fonts = "".join(f"<p><font title={each} dir='</font>'></p>" for each in range(2000))
    made = body_of("", fonts + "<p>x</p>" * 5000, markdown=False)
    assert made.html is None
    assert made.text.split() == ["x"] * 5000


def test_html_that_is_too_deep_becomes_its_words() -> None:
    html = "<style>p { color: red }</style><!-- <b> -->" + "<div title='>'>" * 300 + "Where is <b>my</b> parcel?"
    made = body_of("", html, markdown=False)
    assert made == content.Body("Where is my parcel?", None)


@pytest.mark.parametrize(
    "html",
    [
        "<p>one<br>" * 3000,
        "<table>" + "<tr><td><b>a</b><td>b" * 2000 + "</table>",
        "<ul>" + "<li>a" * 2000 + "</ul>",
        "<div>" * 150 + "x" + "</div>" * 150,
        "<style>a > b { color: red }</style><!--[if mso]><table><tr><![endif]-->" * 300 + "<p>x</p>",
        "<P>x</p>" * 5000,
    ],
)
def test_html_as_mail_programs_write_it_is_kept(html: str) -> None:
    assert not is_excessive(html)


def test_long_text_is_plain_and_what_people_write_is_rendered() -> None:
    assert body_of("**x** " * 5000, None, markdown=True).html is None
    assert body_of("**x**\n\n" + "-" * 80 + "\n\n- a\n  - b", None, markdown=True).html is not None


@pytest.mark.parametrize("way", ["open", "reply", "note"])
def test_nothing_is_rendered_within_a_unit_of_work(
    desk: Helpdesk, world: World, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    admin = world.agent(role="admin")
    number = world.ticket().ticket.number or ""
    order: list[str] = []
    render = content.render_markdown

    def rendering(text: str) -> str:
        order.append("rendered")
        return render(text)

    monkeypatch.setattr(content, "render_markdown", rendering)
    for module in (opening, conversation):
        write = module.write_message

        def writing(*given: object, _write: object = write, **named: object) -> object:
            order.append("written")
            assert callable(_write)
            return _write(*given, **named)

        monkeypatch.setattr(module, "write_message", writing)
    draft = NewMessage(text="**bold**")
    if way == "open":
        message = world.ticket(message=draft).message
    else:
        message = (reply if way == "reply" else note)(desk, admin, number, draft).message
    assert order == ["rendered", "written"]
    assert message.body_html is not None


def test_markdown_is_costly_for_its_length_or_for_its_runs() -> None:
    assert not is_costly_markdown("A *short* text.")
    assert is_costly_markdown("word " * 5000)
    assert not is_costly_markdown("word " * 5000, most=60_000)
    assert is_costly_markdown("[" * 2000, most=60_000)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "The plan *Harbour* with **four** cores, `ls` and ***more***.",
            "The plan Harbour with four cores, ls and more.",
        ),
        ("2 * 3 * 4, *.php and *.js, a*b*c, snake_case_name", "2 * 3 * 4, *.php and *.js, a*b*c, snake_case_name"),
    ],
)
def test_a_preview_shows_no_marks_of_markdown_and_keeps_other_stars(text: str, shown: str) -> None:
    assert preview_of(text) == shown
