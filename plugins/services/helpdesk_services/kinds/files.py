"""A CSV or JSON file in the instance's folder; it is read again when it has changed.

A row has `customer` (an address, or a number if customers are found by one), `id`, `name`, and if wanted `type`,
`state` and `link`; all other columns are facts. JSON is a list of such objects, with facts under `facts` as well.
Rows that cannot be used are left out and named by their line.
"""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from helpdesk_core.api.errors import Unavailable
from helpdesk_core.api.services import Service

from ..texts import lazy
from .base import Entry, Found, Kind, Wanted, Way, text

OWN: Final = ("customer", "id", "name", "type", "state", "link", "facts")
MOST_BYTES: Final = 50_000_000
MOST_PROBLEMS: Final = 50


@dataclass(frozen=True)
class Content:
    """A file as it was read: services by customer, in small letters."""

    services: Mapping[str, list[Service]]
    problems: list[str]


def ask(way: Way, settings: Mapping[str, str], wanted: Wanted) -> Found:
    """Return the customer's rows."""
    content = read(way, settings["path"])
    keys = [wanted.number] if wanted.number else wanted.addresses
    return Found(
        services=[each for key in keys for each in content.services.get(key.casefold(), ())], problems=content.problems
    )


def read(way: Way, given: str) -> Content:
    """Return what the file holds, from memory while it has not changed."""
    path = (way.instance / given).resolve()
    if not path.is_relative_to(way.instance.resolve()):
        raise Unavailable(lazy("The file has to lie in the folder of the instance."))
    try:
        state = path.stat()
        mark = (state.st_mtime_ns, state.st_size, state.st_ino)
        known = way.keep.get(path)
        if known is not None and known[0] == mark:
            found: Content = known[1]
            return found
        if state.st_size > MOST_BYTES:
            raise Unavailable(lazy("The file %(path)s is larger than 50 MB.", path=given))
        content = _content(path, path.read_text("utf-8-sig"))
    except OSError as error:
        raise Unavailable(
            lazy("The file %(path)s cannot be read: %(problem)s.", path=given, problem=error.strerror or "")
        ) from None
    except UnicodeDecodeError:
        raise Unavailable(lazy("The file %(path)s is not UTF-8. Save it as UTF-8.", path=given)) from None
    way.keep[path] = (mark, content)
    return content


def _content(path: Path, written: str) -> Content:
    services: dict[str, list[Service]] = {}
    problems: list[str] = []
    for line, row in _json(written) if path.suffix.lower() == ".json" else _csv(written):
        service, problem = _service(row)
        if service is None:
            if len(problems) < MOST_PROBLEMS:
                problems.append(lazy("Line %(line)s: %(problem)s", line=line, problem=problem))
            continue
        services.setdefault(text(row.get("customer")).casefold(), []).append(service)
    return Content(services, problems)


def _csv(written: str) -> list[tuple[int, Mapping[str, Any]]]:
    first = written.partition("\n")[0]
    between = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(written, newline=""), delimiter=between)
    names = [(name or "").strip() for name in reader.fieldnames or ()]
    if missing := [name for name in ("customer", "id", "name") if name not in names]:
        raise Unavailable(lazy("The first line has to name the columns; missing: %(names)s.", names=", ".join(missing)))
    reader.fieldnames = names
    try:
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise Unavailable(lazy("Line %(line)s: %(problem)s", line=reader.line_num, problem=str(error))) from None


def _json(written: str) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        found = json.loads(written)
    except ValueError as error:
        raise Unavailable(lazy("The file is no JSON: %(problem)s.", problem=str(error))) from None
    if not isinstance(found, list):
        raise Unavailable(lazy("The file has to hold a list of services."))
    return [(place, each if isinstance(each, dict) else {}) for place, each in enumerate(found, 1)]


def _service(row: Mapping[str, Any]) -> tuple[Service | None, str]:
    if row.get(None):  # type: ignore[call-overload]  # where csv puts what is beyond the last column
        return None, lazy("it has more columns than the first line.")
    for name in ("customer", "id", "name"):
        if not text(row.get(name)):
            return None, lazy("“%(name)s” is empty.", name=name)
    more = {str(name): text(value) for name, value in row.items() if name not in OWN and text(value)}
    nested = row.get("facts")
    if isinstance(nested, dict):
        more |= {str(name): text(value) for name, value in nested.items() if text(value)}
    own = {name: text(row.get(name)) for name in ("id", "name", "type", "state", "link")}
    return Service(**own, facts=more), ""


def _inside(given: str) -> None:
    if Path(given).is_absolute() or ".." in Path(given).parts:
        raise ValueError(lazy("Name a file in the folder of the instance, such as services.csv."))


KIND = Kind(
    key="file",
    label=lazy("CSV or JSON file"),
    about=lazy("A file in the folder of the instance, written by hand or by a program; read again when it changes."),
    entries=(
        Entry(
            name="path",
            label=lazy("File"),
            hint=lazy(
                "In the folder of the instance, such as services.csv. Columns: customer, id, name, type, state, link; "
                "others are facts."
            ),
            check=_inside,
        ),
    ),
    ask=ask,
    number=lazy("what stands in the column “customer”"),
)
