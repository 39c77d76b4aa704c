"""The files that are attached in the demo, made here: pictures, documents, logs."""

import struct
import zlib

from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.cli.demo.plan import Story
from helpdesk_core.cli.demo.script import file_texts

WIDTH, HEIGHT = 480, 300
PALETTE = (
    (250, 250, 248),
    (214, 219, 224),
    (84, 92, 102),
    (226, 229, 233),
    (192, 57, 43),
    (211, 140, 30),
    (41, 98, 155),
)
PAPER, BAR, INK, FAINT, *SIGNALS = range(len(PALETTE))


def upload(name: str, story: Story) -> Upload:
    """Return the file of that name for a story."""
    if name.endswith(".png"):
        return Upload(
            name=name, content=picture(sum(map(ord, name + story.customer["site"]))), content_type="image/png"
        )
    if name.endswith(".pdf"):
        lines = ["Bluefinch Hosting", "", name.removesuffix(".pdf").capitalize(), story.facts["invoice"], ""]
        lines += [story.customer["site"], f"Amount: EUR {story.facts['amount'].removeprefix('€ ')}", "Thank you."]
        return Upload(name=name, content=document(lines), content_type="application/pdf")
    return Upload(name=name, content=story.say(file_texts()[name]).lstrip().encode(), content_type="text/plain")


def picture(seed: int) -> bytes:
    """Return a PNG that looks like a browser window with a message in it, seen from afar."""
    rows = [bytearray([PAPER]) * WIDTH for _ in range(HEIGHT)]

    def fill(left: int, top: int, width: int, height: int, colour: int) -> None:
        for row in rows[top : top + height]:
            row[left : left + width] = bytes([colour]) * width

    signal = SIGNALS[seed % len(SIGNALS)]
    fill(0, 0, WIDTH, 34, BAR)
    fill(90, 9, 300, 16, PAPER)
    for place in range(3):
        fill(12 + 20 * place, 12, 10, 10, SIGNALS[place])
    fill(60, 80, 360, 120, FAINT)
    fill(60, 80, 6, 120, signal)
    for place in range(4):
        fill(90, 100 + 22 * place, 120 + (seed * (place + 3)) % 180, 8, INK if place else signal)
    fill(90, 216, 90, 22, signal)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    colours = bytes(part for colour in PALETTE for part in colour)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", pixels), (b"IEND", b""))
    )


def document(lines: list[str]) -> bytes:
    """Return a PDF of one page with the lines of text."""
    text = "".join(f"({line.encode('latin-1', 'replace').decode('latin-1')}) Tj T*\n" for line in lines)
    content = f"BT /F1 14 Tf 20 TL 72 760 Td\n{text}ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + end % (len(objects) + 1, table, len(objects) + 1, len(out))
