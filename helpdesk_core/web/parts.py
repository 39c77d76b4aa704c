"""What plugins give to pages: values that core renders, so that themes can restyle them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel.speaklater import LazyString


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A part of a page: a template of the plugin with its context, or ready-made safe text.

    With a `title` it stands in a box of its own; without, as it is. Lower `order` comes first.
    """

    template: str
    title: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    order: int = 100
    icon: str = ""
    open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry of a navigation; `count` is shown beside it, `loud` makes it stand out.

    `text` says in a sentence what is there. The first of the portal's entries that has one is also a way on from the
    portal's home, beside asking and one's own tickets.
    """

    label: str
    href: str
    text: str = ""
    icon: str = ""
    count: int = 0
    loud: bool = False
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A page that may answer a question, as the portal suggests it; `text` is a line of it.

    `body` is its plain text, if it is at hand: the page of results shows the place that fits the search. `slug` is how
    `portal_article` finds it, for pages of other sites that show it in place; without one they lead to `href`.
    """

    title: str
    href: str
    text: str = ""
    body: str = ""
    icon: str = "book-open"
    slug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An answer in full, to be shown in another place; `html` is safe: the plugin has cleaned it."""

    title: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something the desk's command palette offers on every page: a page to go to, or with `post` an act.

    `keys` is an optional shortcut in the manner of core's (`g k`, `b`): letters that follow each other; core's own win.
    """

    label: str
    href: str
    keys: str = ""
    post: bool = False
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAction:
    """An entry of a ticket's menu. With `post` it is a button that posts to `href`, else a link."""

    label: str
    href: str
    icon: str = ""
    post: bool = False
    danger: bool = False
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of ticket lists; `key` is unique within the plugin.

    Columns are asked for at the start, so a label that is to be translated has to be lazy. `sort` is the key of the
    plugin's `ListOrder` by which the head of the column sorts.
    """

    key: str
    label: str | LazyString
    sort: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """A field of the new-ticket form.

    `kind` is one of text, email, url, tel, number, date, textarea, select, radios, checkbox, checkboxes (the values are
    lines), note (its hint is shown, nothing is entered). `load` checks and converts what was entered, and raises
    `ValueError` with a sentence for the person. With `asks_again` the plugin is asked for
    its fields once more as soon as another choice is made here: for questions that depend on an answer.
    """

    name: str
    label: str
    kind: str = "text"
    hint: str = ""
    required: bool = False
    options: tuple[tuple[str, str], ...] = ()
    load: Callable[[str], Any] = str
    value: str = ""
    """What the field holds at first."""
    asks_again: bool = False
    order: int = 100
    """Lower comes first; fields of the same order stand as their plugins gave them."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something the Content-Security-Policy is to allow: `Source("frame-ancestors", "https://www.example.com")`."""

    directive: str
    source: str
