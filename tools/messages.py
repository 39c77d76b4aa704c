"""The catalogues of core and of every plugin: what there is to translate, and what is translated.

    tools/messages.py update                  take up new texts of the code, let go of those that are gone
    tools/messages.py check                   fail if a catalogue is behind, or has what cannot be right
    tools/messages.py stats                   how much of each catalogue is translated
    tools/messages.py missing de              print what is not translated, as JSON (--domain email: only there)
    tools/messages.py merge de german.json    put translations of such a JSON into the catalogues

Core's domain is `helpdesk`, a plugin's is its id. Catalogues are `locales/<language>/LC_MESSAGES/<domain>.po` in the
package; they are read as they are, so nothing has to be compiled. English is what stands in the code.
"""

import argparse
import io
import json
import sys
from dataclasses import dataclass
from gettext import c2py
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from helpdesk_core.i18n.catalogues import LANGUAGES, plural_forms
from helpdesk_core.i18n.checking import as_forms, problems_of, translation_problems
from helpdesk_core.texts import CORE_DOMAIN

ROOT = Path(__file__).parent.parent
TRANSLATED: Final = tuple(each for each in LANGUAGES if each != "en")
JINJA: Final = {"trimmed": "true", "encoding": "utf-8", "silent": "false"}
METHODS: Final = [
    ("**/migrations/**", "ignore"),
    ("**/testing/**", "ignore"),
    ("**/cli/**", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
    ("**/templates/**.subject", "jinja2"),
    ("**/mail/**.html", "jinja2"),
    ("**/mail/**.txt", "jinja2"),
    ("**/mail/**.subject", "jinja2"),
]
KEYWORDS: Final[dict[str, Any]] = {
    "_": None,
    "_l": None,
    "_n": None,
    "gettext": None,
    "lazy": None,
    "lazy_gettext": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "lazy_n": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
WIDTH: Final = 110


@dataclass(frozen=True)
class Domain:
    """What is translated together: the texts of core, or of one plugin."""

    name: str
    package: Path
    further: tuple[Path, ...] = ()
    """Folders outside of the package whose texts belong to it."""

    def file(self, language: str) -> Path:
        """Return the catalogue of a language."""
        return self.package / "locales" / language / "LC_MESSAGES" / f"{self.name}.po"

    def texts(self) -> Catalog:
        """Return what the code has to translate."""
        found = Catalog(domain=self.name, charset="utf-8")
        for folder in (self.package, *self.further):
            options = {pattern: JINJA for pattern, method in METHODS if method == "jinja2"}
            rows = extract_from_dir(str(folder), METHODS, options, keywords=KEYWORDS, comment_tags=("i18n:",))
            for name, line, msgid, comments, context in rows:
                place = (folder / name).relative_to(ROOT).as_posix()
                if msgid and as_forms(msgid)[0].strip():
                    found.add(msgid, None, [(place, line)], auto_comments=comments, context=context)
        return found


def domains(root: Path = ROOT) -> list[Domain]:
    """Return core, then the plugins of this repository."""
    core = root / "helpdesk_core"
    found = [Domain(CORE_DOMAIN, core / "i18n", (core, root / "themes"))]
    packages = [each for each in sorted(root.glob("plugins/*/helpdesk_*")) if each.is_dir()]
    return found + [Domain(each.name.removeprefix("helpdesk_"), each) for each in packages]


def load(file: Path, language: str) -> Catalog:
    """Return the catalogue in a file; an empty one if there is no file yet."""
    if not file.is_file():
        return Catalog(locale=language, charset="utf-8")
    with file.open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def as_text(catalogue: Catalog, domain: str, language: str) -> bytes:
    """Return a catalogue as it is kept: sorted, without dates and line numbers, so that only real changes show."""
    kept = Catalog(locale=language, charset="utf-8", fuzzy=False)
    kept.header_comment = f"# {domain}, {language}: see docs/translating.md"
    for message in catalogue:
        if message.id:
            kept[message.id] = Message(
                message.id,
                message.string,
                sorted({(place, 0) for place, _line in message.locations}),
                auto_comments=message.auto_comments,
                user_comments=message.user_comments,
                flags=[flag for flag in message.flags if flag != "fuzzy"],
                context=message.context,
            )
    file = io.BytesIO()
    write_po(file, kept, width=WIDTH, sort_output=True, include_lineno=False, ignore_obsolete=True)
    dated = (
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Project-Id-Version",
        "Report-Msgid-Bugs-To",
        "Last-Translator",
        "Generated-By",
    )
    lines = file.getvalue().decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(tuple(f'"{each}' for each in dated))).encode()


def updated(old: Catalog, texts: Catalog, language: str) -> Catalog:
    """Return the texts of the code with the translations that there are."""
    new = Catalog(locale=language, charset="utf-8", fuzzy=False)
    for message in texts:
        if not message.id:
            continue
        known = old.get(message.id, message.context)
        fits = known is not None and len(as_forms(known.id)) == len(as_forms(message.id))
        string = known.string if known is not None and fits else None
        new[message.id] = Message(
            message.id,
            string or ("" if isinstance(message.id, str) else ("",) * plural_forms(language)),
            message.locations,
            flags=message.flags,
            auto_comments=message.auto_comments,
            user_comments=known.user_comments if known is not None else (),
            context=message.context,
        )
    return new


def update(chosen: list[Domain]) -> int:
    """Bring every catalogue up to date."""
    for domain in chosen:
        texts = domain.texts()
        if not len(texts):
            continue
        for language in TRANSLATED:
            file = domain.file(language)
            text = as_text(updated(load(file, language), texts, language), domain.name, language)
            if not file.is_file() or file.read_bytes() != text:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text)
                print(f"{file.relative_to(ROOT)} is up to date")
    return 0


def check(chosen: list[Domain]) -> int:
    """Print what is behind or wrong; return 1 if anything is."""
    found: list[str] = []
    for domain in chosen:
        texts = domain.texts()
        for language in TRANSLATED if len(texts) else ():
            file = domain.file(language)
            name = file.relative_to(ROOT)
            if not file.is_file():
                found.append(f"{name}: there is none. Run: tools/messages.py update")
                continue
            catalogue = load(file, language)
            if file.read_bytes() != as_text(updated(catalogue, texts, language), domain.name, language):
                found.append(f"{name}: behind the code. Run: tools/messages.py update")
            for message in catalogue:
                if message.id:
                    wrong = problems_of(message, plural_forms(language))
                    found += [f"{name}: “{as_forms(message.id)[0]}”: {each}" for each in wrong]
    for line in found:
        print(line)
    print(f"{len(chosen)} domains looked through, {len(found)} problems.")
    return bool(found)


def stats(chosen: list[Domain]) -> int:
    """Print how much is translated."""
    for domain in chosen:
        for language in TRANSLATED:
            messages = [each for each in load(domain.file(language), language) if each.id]
            done = sum(all(as_forms(each.string)) for each in messages)
            print(f"{domain.name:12} {language}  {done:5} of {len(messages)}")
    return 0


def missing(chosen: list[Domain], language: str, *, whole: bool = False) -> list[dict[str, Any]]:
    """Return what is not translated, each with a place for its translation.

    `strings` has one place for each plural form of the language; `forms` gives numbers that each stands for.
    """
    found = []
    for domain in chosen:
        for message in load(domain.file(language), language):
            strings = as_forms(message.string)
            if message.id and (whole or not all(strings)):
                several = len(as_forms(message.id)) > 1
                entry: dict[str, Any] = {"domain": domain.name, "msgid": list(as_forms(message.id))}
                entry |= {"context": message.context} if message.context else {}
                entry["places"] = sorted({place for place, _line in message.locations})[:3]
                entry |= {"forms": numbers_of(language)} if several else {}
                entry["strings"] = list(strings) if any(strings) else [""] * (plural_forms(language) if several else 1)
                found.append(entry)
    return found


def numbers_of(language: str) -> list[list[int]]:
    """Return some numbers for each plural form of a language, in the order of its forms."""
    catalogue = Catalog(locale=language)
    form = c2py(catalogue.plural_expr)
    return [[n for n in range(30) if form(n) == index][:6] for index in range(catalogue.num_plurals)]


def merge(chosen: list[Domain], language: str, entries: list[dict[str, Any]]) -> int:
    """Put translations into the catalogues; what is wrong is named and left out. Return 1 if anything was."""
    wrong = []
    by_name = {domain.name: (domain, load(domain.file(language), language)) for domain in chosen}
    taken = 0
    for entry in entries:
        msgids = [entry["msgid"]] if isinstance(entry["msgid"], str) else list(entry["msgid"])
        strings = [entry["strings"]] if isinstance(entry["strings"], str) else list(entry["strings"])
        if not any(strings):
            continue
        _domain, catalogue = by_name.get(entry.get("domain", CORE_DOMAIN), (None, Catalog()))
        message = catalogue.get(msgids[0], entry.get("context"))
        found = translation_problems(msgids, strings, plural_forms(language)) if message else ["There is no such text."]
        if message is None or found:
            wrong.append(f"{entry.get('domain', CORE_DOMAIN)}: “{msgids[0]}”: {' '.join(found)}")
            continue
        message.string = tuple(strings) if len(msgids) > 1 else strings[0]
        taken += 1
    for domain, catalogue in by_name.values():
        if len(catalogue):
            domain.file(language).write_bytes(as_text(catalogue, domain.name, language))
    for line in wrong:
        print(line)
    print(f"{taken} translations taken, {len(wrong)} left out.")
    return bool(wrong)


def main(words: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("update", "check", "stats", "missing", "merge"))
    parser.add_argument("language", nargs="?", choices=TRANSLATED)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--domain", help="only this one: helpdesk, or a plugin's id")
    parser.add_argument("--all", action="store_true", help="with missing: also what is translated")
    given = parser.parse_args(words)
    chosen = [each for each in domains() if given.domain in (None, each.name)]
    if not chosen:
        parser.error(f"there is no domain {given.domain}")
    if given.command in ("missing", "merge") and not given.language:
        parser.error("name the language")
    if given.command == "missing":
        json.dump(missing(chosen, given.language, whole=given.all), sys.stdout, ensure_ascii=False, indent=1)
        print()
        return 0
    if given.command == "merge":
        if given.file is None:
            parser.error("name the file with the translations")
        return merge(chosen, given.language, json.loads(given.file.read_text("utf-8")))
    return {"update": update, "check": check, "stats": stats}[given.command](chosen)


if __name__ == "__main__":
    sys.exit(main())
