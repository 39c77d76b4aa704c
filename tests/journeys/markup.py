"""What is wrong with the HTML of a page: parse errors of the standard's algorithm, and what may not stand in what."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from justhtml import JustHTML

PHRASING_ONLY: Final = frozenset(
    ("p", "span", "button", "h1", "h2", "h3", "h4", "h5", "h6", "label", "summary", "strong", "em", "small", "time")
)
FLOW: Final = frozenset(
    (
        "div",
        "p",
        "ul",
        "ol",
        "dl",
        "table",
        "section",
        "article",
        "aside",
        "header",
        "footer",
        "nav",
        "form",
        "fieldset",
    )
) | {"details", "blockquote", "pre", "main", "figure", "hr", "h1", "h2", "h3", "h4", "h5", "h6"}
INTERACTIVE: Final = frozenset(("a", "button", "select", "textarea", "summary"))
LIST_PARTS: Final = {
    "ul": {"li"},
    "ol": {"li"},
    "dl": {"dt", "dd", "div"},
    "tr": {"td", "th"},
    "select": {"option", "optgroup", "hr"},
}
POINTERS: Final = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "popovertarget", "form", "list")
HEADINGS: Final = frozenset(f"h{level}" for level in range(1, 7))
"""They may stand in a summary."""


def problems(html: str) -> list[str]:
    """Return what is wrong with a whole page, as sentences; nothing for a valid one."""
    page = JustHTML(html, collect_errors=True, sanitize=False)
    found = [f"line {each.line}: {each.code}" for each in page.errors]
    elements = list(_elements(page.root))
    ids = Counter(attrs["id"] for _, attrs, _ in elements if attrs.get("id"))
    found += [f"the id {name} stands {often} times" for name, often in ids.items() if often > 1]
    for name, attrs, above in elements:
        found += [
            f"{pointer}={each} of <{name}> points nowhere" for pointer, each in _targets(attrs) if each not in ids
        ]
        found += _misplaced(name, above)
        if name == "img" and "alt" not in attrs:
            found.append(f"<img src={attrs.get('src')}> has no alt")
    return found


def _misplaced(name: str, above: tuple[str, ...]) -> Iterator[str]:
    parent = above[-1] if above else ""
    holders = [each for each in above if each in PHRASING_ONLY and not (each == "summary" and name in HEADINGS)]
    if name in FLOW and holders:
        yield f"<{name}> stands in <{holders[0]}>"
    if name in INTERACTIVE and (holder := next((each for each in above if each in INTERACTIVE - {"select"}), "")):
        yield f"<{name}> stands in <{holder}>"
    if parent in LIST_PARTS and name not in LIST_PARTS[parent] | {"script", "template"}:
        yield f"<{name}> stands directly in <{parent}>"
    if name == "form" and "form" in above:
        yield "a form stands in a form"
    if name in ("li", "option", "dt") and not parent:
        yield f"<{name}> stands alone"


def _targets(attrs: dict[str, str]) -> Iterator[tuple[str, str]]:
    for pointer in POINTERS:
        for each in (attrs.get(pointer) or "").split():
            yield pointer, each


def _elements(node: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, str], tuple[str, ...]]]:
    for child in node.children or ():
        if child.name.startswith(("#", "!")):
            continue
        yield child.name, {key: value or "" for key, value in (child.attrs or {}).items()}, above
        if child.name not in ("svg", "template", "noscript"):
            yield from _elements(child, (*above, child.name))
