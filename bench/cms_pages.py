"""Measure what a server-rendered part of the helpdesk adds to a page of another site, asked for anew and kept.

    python bench/cms_pages.py [wordpress|wagtail|djangocms ...] [--times 40]

Sets up the real site by its driver in plugins/cms/tests/shells, with a helpdesk of its own that `helpdesk serve` runs;
signs a member in, and asks for three pages: one without the helpdesk, one with a form that the shell has never
seen (it asks the helpdesk), one that it keeps. Prints a Markdown table: medians in milliseconds, and the CPU time that
the site and the helpdesk together spend on a page (without a database server), which a busy machine changes least.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

# Instead of this folder, whose plugins.py would be taken for the folder of the plugins.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import sync_playwright

from bench.cms_cpu import spent
from plugins.cms.tests.shells import Person, Shell
from plugins.cms.tests.shells.desks import Desk
from plugins.cms.tests.shells.djangocms import DjangoCms
from plugins.cms.tests.shells.wagtail import Wagtail
from plugins.cms.tests.shells.wordpress import WordPress
from tests.browsers import ARGUMENTS

SHELLS: dict[str, type[Shell]] = {"wordpress": WordPress, "wagtail": Wagtail, "djangocms": DjangoCms}
CHROMIUM = "/usr/bin/chromium"
WITHOUT, ANEW, KEPT = "without", "anew", "kept"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shells", nargs="*", choices=[*SHELLS, []], help="all if none is named")
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked for")
    options = parser.parse_args()
    print(
        "| site | page without | asked for anew | kept | CPU without | CPU anew | CPU kept |\n"
        "|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "desk")
        desk.make()
        desk.start()
        try:
            for name in options.shells or SHELLS:
                print(row(name, measured(SHELLS[name], desk, Path(folder) / name, options.times)), flush=True)
        finally:
            desk.stop()


def measured(kind: type[Shell], desk: Desk, folder: Path, times: int) -> dict[str, tuple[float, float]]:
    """Return for each page the median and the CPU time, in milliseconds."""
    folder.mkdir()
    shell = kind(folder)
    try:
        shell.start(desk.link(shell, kind.name))
        cookies = signed_in(shell)
        return {name: timed(shell, name, cookies, times) for name in (WITHOUT, ANEW, KEPT)}
    finally:
        shell.stop()


def timed(shell: Shell, name: str, cookies: str, times: int) -> tuple[float, float]:
    """Ask for a page again and again."""
    took: list[float] = []
    before = 0.0
    for number in range(-3, times):  # the first ones warm everything up
        if number == 0:
            before = spent()
        url = {
            WITHOUT: shell.url_of("account"),
            ANEW: f"{shell.url_of('support')}?helpdesk={quote(f'new?subject=Number {number}', safe='')}",
            KEPT: shell.url_of("support"),
        }[name]
        begun = time.perf_counter()
        text = ask(url, cookies)
        took.append((time.perf_counter() - begun) * 1000)
        if name != WITHOUT and "hd-form" not in text:
            sys.exit(f"{url} shows no form.")
    return statistics.median(took[3:]), (spent() - before) / times


def signed_in(shell: Shell) -> str:
    """Sign a member in with a browser, and return the cookies."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = browser.new_page(locale="en-GB")
        shell.sign_in(page, Person.MEMBER)
        cookies = page.context.cookies(shell.url)
        browser.close()
    return "; ".join(f"{each['name']}={each['value']}" for each in cookies)


def ask(url: str, cookies: str) -> str:
    """Return a page."""
    request = urllib.request.Request(url, headers={"Cookie": cookies})
    with urllib.request.urlopen(request, timeout=60) as answer:
        text: str = answer.read().decode()
        return text


def row(name: str, took: dict[str, tuple[float, float]]) -> str:
    """Return a row of the table."""
    (base, cpu), anew, kept = took[WITHOUT], took[ANEW], took[KEPT]
    walls = " | ".join(f"{each[0]:.0f} ({each[0] / base:.1f}×)" for each in (anew, kept))
    cpus = " | ".join(f"{each[1]:.0f} ({each[1] / cpu:.1f}×)" for each in (anew, kept))
    return f"| {name} | {base:.0f} | {walls} | {cpu:.0f} | {cpus} |"


if __name__ == "__main__":
    main()
