"""A language that marks what is translated: `⟦Ŝávé⟧`. Whatever a page says outside of the brackets is not."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from sqlalchemy import Engine, MetaData, String, select

from helpdesk_core.i18n.checking import as_forms
from tools.messages import domains

LANGUAGE = "eo"
"""A real language, so that dates are known, which nobody has translated the helpdesk to."""
_KEPT = re.compile(r"%\(\w+\)[sd]|%%|\{[^{}]*\}|</?[a-zA-Z][^<>]*>|&\w+;")
_ACCENTS = str.maketrans("aeiouAEIOU", "áéíóúÁÉÍÓÚ")
_SHOWN = ("alt", "title", "aria-label", "placeholder", "data-confirm", "data-shortcut-label")
_MARKS = " ,.:;·()[]“”\"'…–-⟦⟧"
_MARKED = re.compile("⟦[^⟦⟧]*⟧")
_NOT_WORDS = re.compile(
    r"\b\d[\d.,]*\s(?:ms|bytes?|bajtoj?|[kMG]B)\b|/[\d.]+|https?://\S*|[\w.+-]+@[\w.-]+|[\w-]+(?:\.[\w-]+)+|#\S+|\b[a-z0-9]+[_-][a-z0-9_-]+\b|/\S*|\{\w+\}"
    r"|\b\d\S*|\b\w\b"
)


def translated(msgid: str) -> str:
    """Return a text in the marking language."""
    parts, at = [], 0
    for match in _KEPT.finditer(msgid):
        parts += [msgid[at : match.start()].translate(_ACCENTS), match[0]]
        at = match.end()
    text = "".join(parts) + msgid[at:].translate(_ACCENTS)
    inner = text.strip()
    return text.replace(inner, f"⟦{inner}⟧")


def write_catalogues(folder: Path) -> None:
    """Translate all that the code has to translate, into the folder of a site's own catalogues."""
    place = folder / LANGUAGE / "LC_MESSAGES"
    place.mkdir(parents=True)
    for domain in domains():
        catalogue = Catalog(locale=LANGUAGE, fuzzy=False)
        for message in domain.texts():
            if message.id:
                forms = tuple(translated(each) for each in as_forms(message.id))
                catalogue.add(message.id, forms if len(forms) > 1 else forms[0], context=message.context)
        with (place / f"{domain.name}.po").open("wb") as file:
            write_po(file, catalogue)


class _Shown(HTMLParser):
    """Collects what a page shows, or says to those who hear it."""

    silent = ("script", "style", "code", "pre", "svg", "kbd", "textarea", "time", "samp")
    empty = ("br", "hr", "img", "input", "link", "meta")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.found += [values[name] or "" for name in _SHOWN if values.get(name)]
        if tag == "input" and values.get("type") in ("submit", "button"):
            self.found.append(values.get("value") or "")
        if tag not in self.empty and (self._open or tag in self.silent):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._open:
            self.found.append(data)


def shown(html: str) -> Iterator[str]:
    """Return what a page shows: texts, and what attributes say."""
    parser = _Shown()
    parser.feed(html)
    yield from parser.found


def left_over(texts: Iterable[str], data: str) -> list[str]:
    """Return what is neither translated, nor one of the site's own data, nor a name, address or number."""
    found = []
    for text in texts:
        rest = text
        while _MARKED.search(rest):  # values may be translated themselves
            rest = _MARKED.sub("⁂", rest)
        for part in rest.split("⁂"):
            for piece in re.split(r": | · ", part):
                words = " ".join(piece.split()).strip(_MARKS)
                cleaned = " ".join(_NOT_WORDS.sub(" ", words).split()).strip(_MARKS)
                if re.search(r"[^\W\d_]{2,}", cleaned) and not any(
                    each.casefold() in data for each in (words, cleaned)
                ):
                    found.append(words)
    return found


def data_of(engine: Engine) -> str:
    """Return all texts of a database, in small letters: what people wrote is not translated."""
    metadata = MetaData()
    metadata.reflect(engine)
    parts: list[str] = []
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.columns if isinstance(column.type, String)]
            if columns:
                parts += [str(value) for row in connection.execute(select(*columns)) for value in row if value]
    return " ".join(" ".join(parts).split()).casefold()
