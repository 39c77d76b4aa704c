"""What is read of attached files, whatever they are."""

import zipfile
import zlib
from io import BytesIO

import pytest

from helpdesk_search.files import MAX_INSIDE, read_file

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"


def packed(xml: str, name: str) -> bytes:
    """Return an office file."""
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, xml)
    return written.getvalue()


def pdf(*pages: bytes) -> bytes:
    """Return a PDF file whose pages have these contents, compressed."""
    first = 4
    numbers = [first + 2 * place for place in range(len(pages))]
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(b"%d 0 R" % each for each in numbers), len(pages)),
        3: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    }
    for number, page in zip(numbers, pages, strict=True):
        inside = zlib.compress(page, 9)
        objects[number] = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
            % (number + 1)
        )
        objects[number + 1] = b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(inside), inside)
    written, places = b"%PDF-1.4\n", []
    for number, content in sorted(objects.items()):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, start = len(objects) + 1, len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return written + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, start)


def said(text: str) -> bytes:
    """Return a page's content that says a text."""
    return f"BT /F1 12 Tf ({text}) Tj ET".encode()


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ("Zähler 4711".encode(), "text/plain; charset=utf-8", "Zähler 4711"),
        ("Счёт".encode("cp1251") * 200, "text/csv", "Счёт" * 200),
        (b"<p>Hello <b>there</b></p>", "text/html", "Hello there"),
        (b"<title>T</title><style>p{}</style><p>Hi</p><script>a = 1 < 2</script>you", "text/html", "Hi you"),
        ("<p>Счёт</p>".encode("cp1251") * 200, "text/html", " ".join(["Счёт"] * 200)),
        (packed("<w:p><w:t>One</w:t></w:p><w:p><w:t>two &amp; three</w:t></w:p>", "word/document.xml"), DOCX,
         "One two & three"),
        (packed("<text:p>Offen</text:p>", "content.xml"), ODT, "Offen"),
        (pdf(said("Invoice 4711"), said("Page two")), PDF, "Invoice 4711 Page two"),
        (b"\x89PNG", "image/png", ""),
    ],
)  # fmt: skip
def test_what_files_say(content: bytes, kind: str, text: str) -> None:
    assert read_file(BytesIO(content), kind) == text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4 rubbish", PDF),
        (b"", PDF),
        (pdf(said("Invoice"))[:-60], PDF),
        (pdf(b" " * 300_000_000), PDF),
        (b"PK no archive", DOCX),
        (packed("", "elsewhere.xml"), DOCX),
    ],
    ids=["rubbish", "empty", "cut", "bomb", "no archive", "nothing inside"],
)
def test_what_cannot_be_read_says_nothing_and_harms_nothing(content: bytes, kind: str) -> None:
    assert read_file(BytesIO(content), kind) in ("", "Invoice")


def test_bombs_end() -> None:
    assert len(read_file(BytesIO(packed("a" * 100_000_000, "word/document.xml")), DOCX)) == MAX_INSIDE
    # With a pattern that goes back at every bracket, these would take days.
    assert "<" in read_file(BytesIO(packed("<" * 10_000_000, "word/document.xml")), DOCX)


def test_of_a_file_that_takes_too_long_the_first_pages_are_kept() -> None:
    endless = b"BT /F1 12 Tf " + b"(x) Tj " * 3_000_000 + b"ET"
    assert read_file(BytesIO(pdf(said("Invoice 4711"), endless)), PDF).startswith("Invoice 4711")
