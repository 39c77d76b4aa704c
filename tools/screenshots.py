"""Take the pictures of the README and the guides: `python tools/screenshots.py [folder]`, docs/images by default.

Makes a demo in a folder of its own, serves it on a free port, and visits it with Debian's Chromium.
"""

import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
SIGNATURE = b"\x89PNG\r\n\x1a\n"
STEP = 8
"""Colours are rounded to multiples of it; the eye sees no difference, and the files are half as large."""
LARGEST = 150_000


@dataclass(frozen=True)
class Shot:
    """One picture: who looks at which page, in a window of which size; `click` is a link to follow first."""

    name: str
    path: str
    who: str = ""
    click: str = ""
    width: int = 1280
    height: int = 800


SHOTS = (
    Shot("portal-home", "/"),
    Shot("portal-ticket", "/tickets?q=slow", "customer@example.com", "main a:has-text('slow')"),
    Shot("desk-list", "/desk/tickets?view=open", "agent@example.com"),
    Shot("desk-ticket", "/desk/tickets?view=mine", "agent@example.com", "[data-row] a:has-text('Moving')"),
    Shot("admin-plugins", "/admin/plugins", "admin@example.com"),
    Shot("phone", "/desk/tickets?view=open", "agent@example.com", width=390, height=800),
)


def main(folder: Path) -> None:
    """Take all pictures into the folder."""
    chromium = which("chromium")
    if chromium is None:
        sys.exit("There is no chromium. On Debian: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as instance, demo(Path(instance) / "demo") as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for shot in SHOTS:
            target = folder / f"{shot.name}.png"
            target.write_bytes(smaller(take(browser, url, shot)))
            size = target.stat().st_size
            print(f"{target}: {size // 1000} kB{'' if size <= LARGEST else ', which is too large'}")
        browser.close()


def take(browser: Browser, url: str, shot: Shot) -> bytes:
    """Return one picture as PNG."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height}, color_scheme="light", locale="en-GB", base_url=url
    )
    page = context.new_page()
    if shot.who:
        sign_in(page, shot.who)
    page.goto(shot.path)
    if shot.click:
        page.locator(shot.click).first.click()
        page.wait_for_load_state("networkidle")
    page.evaluate("window.scrollTo(0, 0)")
    picture = page.screenshot(animations="disabled")
    context.close()
    return picture


def sign_in(page: Page, address: str) -> None:
    """Sign in with the demo's password."""
    page.goto("/login")
    page.locator("input[name=address]").fill(address)
    page.locator("input[name=password]").fill("demo")
    page.locator("form[action$='/login'] button[type=submit]").first.click()
    page.wait_for_load_state("networkidle")


@contextmanager
def demo(instance: Path) -> Iterator[str]:
    """Serve a new demo, and yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    helpdesk = [str(Path(sys.executable).parent / "helpdesk")]
    process = subprocess.Popen(
        [*helpdesk, "demo", "--instance", str(instance), "--port", str(port)], stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/readyz", process)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Return when the address answers."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.exit(f"The demo ended with exit code {process.returncode}.")
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own server
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    sys.exit("The demo does not answer.")


def smaller(png: bytes) -> bytes:
    """Return the picture with its colours rounded; 8-bit RGB or RGBA, not interlaced, as browsers write it."""
    width, height, _depth, kind, *_rest = struct.unpack(">IIBBBBB", png[16:29])
    parts = dict.fromkeys((b"IHDR", b"IDAT"), b"")
    place = len(SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        name = png[place + 4 : place + 8]
        if name in parts:
            parts[name] += png[place + 8 : place + 8 + length]
        place += length + 12
    rows = unfiltered(zlib.decompress(parts[b"IDAT"]), width, height, {2: 3, 6: 4}[kind])
    colours: dict[bytes, int] = {}
    indexed = []
    for row in rows:
        rounded = bytes(min(255, (each + STEP // 2) // STEP * STEP) for each in row)
        pixels = [rounded[at : at + 3] for at in range(0, len(rounded), len(row) // width)]
        indexed.append([colours.setdefault(pixel, len(colours)) for pixel in pixels])
    if len(colours) > 256:
        indexed, palette = few(indexed, list(colours))
    else:
        palette = list(colours)
    data = b"".join(b"\0" + bytes(row) for row in indexed)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return SIGNATURE + b"".join(
        chunk(name, content)
        for name, content in (
            (b"IHDR", header),
            (b"PLTE", b"".join(palette)),
            (b"IDAT", zlib.compress(data, 9)),
            (b"IEND", b""),
        )
    )


def few(rows: list[list[int]], colours: list[bytes]) -> tuple[list[list[int]], list[bytes]]:
    """Return the rows with the 256 most frequent colours, every other one replaced by the nearest of these."""
    counts = [0] * len(colours)
    for row in rows:
        for index in row:
            counts[index] += 1
    kept = sorted(range(len(colours)), key=lambda index: -counts[index])[:256]
    palette = [colours[index] for index in kept]

    def nearest(colour: bytes) -> int:
        return min(
            range(len(palette)), key=lambda at: sum((a - b) ** 2 for a, b in zip(palette[at], colour, strict=True))
        )

    place = [nearest(colour) for colour in colours]
    return [[place[index] for index in row] for row in rows], palette


def unfiltered(data: bytes, width: int, height: int, size: int) -> Iterator[bytes]:
    """Yield the rows of pixels behind PNG's filters (RFC 2083, section 6)."""
    above = bytearray(width * size)
    for number in range(height):
        start = number * (width * size + 1)
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + width * size])
        for at in range(len(row)):
            left = row[at - size] if at >= size else 0
            corner = above[at - size] if at >= size else 0
            guess = (0, left, above[at], (left + above[at]) // 2, 0)[kind]
            if kind == 4:
                guess = min((left, above[at], corner), key=lambda each: abs(left + above[at] - corner - each))
            row[at] = (row[at] + guess) & 255
        above = row
        yield bytes(row)


def chunk(name: bytes, content: bytes) -> bytes:
    """Return one part of a PNG file."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
