"""A page as a test sees it: its words, links and forms, read from the HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

_HIDDEN = ("script", "style", "template", "head")


@dataclass
class Control:
    """A field of a form, or a button. `options` are the values of a select; `on` says that a box is ticked."""

    name: str
    kind: str
    value: str = ""
    on: bool = False
    label: str = ""
    options: list[str] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    action: str = ""
    """Where a button sends the form instead of the form's own address."""


@dataclass
class Form:
    """A form with its fields, in order."""

    action: str
    method: str
    id: str = ""
    controls: list[Control] = field(default_factory=list)

    @property
    def buttons(self) -> list[Control]:
        """The buttons that send the form."""
        return [each for each in self.controls if each.kind in ("submit", "image")]

    @property
    def names(self) -> list[str]:
        """The names of the fields, each once."""
        return list(dict.fromkeys(each.name for each in self.controls if each.name))

    def value(self, name: str) -> str:
        """Return what a field holds; of several with one name the first that would be sent, else an empty text."""
        return next((value for sent, value in self.values() if sent == name), "")

    def values(self) -> list[tuple[str, str]]:
        """Return what would be sent if nobody changed anything, without any button."""
        found: list[tuple[str, str]] = []
        for each in self.controls:
            if not each.name or each.kind in ("submit", "button", "image", "reset", "file"):
                continue
            if each.kind == "select":
                found += [(each.name, value) for value in each.chosen]
            elif each.kind not in ("checkbox", "radio") or each.on:
                found.append((each.name, each.value))
        return found


@dataclass(frozen=True)
class Page:
    """What came back: `path` is where one ended up, after redirects, with its query."""

    status: int
    path: str
    text: str
    """The HTML as it was sent."""
    title: str
    forms: Sequence[Form]
    links: Sequence[tuple[str, str]]
    """(words, address) of every link."""
    words: str
    """What a person can read, white space folded; hidden quotes included."""

    def form(self, which: str = "") -> Form:
        """Return a form by its id, its address or the end of it, or by a field or button that it has."""
        for fits in (
            lambda form: which in (form.id, form.action),
            lambda form: form.action.split("?")[0].endswith(which),
            lambda form: which in form.names,
            lambda form: any(which == button.label for button in form.buttons),
        ):
            for form in self.forms:
                if fits(form):
                    return form
        there = [form.id or form.action or "/".join(form.names) for form in self.forms]
        raise AssertionError(f"No form {which!r} on {self.path} ({self.status}); there are: {there}")

    def has_form(self, which: str) -> bool:
        """Tell whether there is such a form."""
        try:
            self.form(which)
        except AssertionError:
            return False
        return True

    def link(self, words: str) -> str:
        """Return the address of the first link with these words in it."""
        for text, href in self.links:
            if words in text:
                return href
        raise AssertionError(f"No link {words!r} on {self.path} ({self.status}); there are: {self.links}")

    def link_words(self, href: str) -> str:
        """Return the words of all links to an address, such as those of an error summary to a field."""
        return " ".join(text for text, target in self.links if target == href)


def read_page(status: int, path: str, text: str) -> Page:
    """Return the page that an answer shows."""
    reader = _Reader(path)
    reader.feed(text)
    reader.close()
    for form_id, control in reader.strays:
        for form in reader.forms:
            if form.id == form_id:
                form.controls.append(control)
    words = " ".join("".join(reader.words).split())
    return Page(status, path, text, reader.title.strip(), reader.forms, reader.links, words)


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path.split("?")[0]
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.title = ""
        self.strays: list[tuple[str, Control]] = []
        self._form: Form | None = None
        self._control: Control | None = None
        self._href: str | None = None
        self._said = 0
        self._hidden = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in_title = tag == "title" and bool(self._hidden)  # not the title of a drawing
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "form":
            action = given.get("action", "") or self.path
            self._form = Form(action, given.get("method", "get").lower(), given.get("id", ""))
            self.forms.append(self._form)
        elif tag == "a" and "href" in given:
            self._href, self._said = given["href"], len(self.words)
        elif tag in ("input", "select", "textarea", "button"):
            self._begin(tag, given)
        elif tag == "option" and self._control is not None:
            self._option(given)
        if not re.fullmatch("a|b|i|em|strong|code|time|kbd|small", tag):
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False
        if tag in _HIDDEN:
            self._hidden -= 1
        elif tag == "form":
            self._form = None
        elif tag == "a" and self._href is not None:
            self.links.append((" ".join("".join(self.words[self._said :]).split()), self._href))
            self._href = None
        elif tag in ("select", "textarea", "button") and self._control is not None:
            self._end(tag, self._control)
            self._control = None
        if not re.fullmatch("a|b|i|em|strong|code|time|kbd|small", tag):
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if self._control is not None and self._control.kind == "textarea":
            self._control.value += data
        if self._in_title:
            self.title += data
        if not self._hidden:
            self.words.append(data)

    def _begin(self, tag: str, given: dict[str, str]) -> None:
        kind = tag if tag in ("select", "textarea") else given.get("type", "text" if tag == "input" else "submit")
        box = kind in ("checkbox", "radio")
        control = Control(
            name=given.get("name", ""),
            kind=kind,
            value=given.get("value", "on" if box else ""),
            on="checked" in given,
            label=given.get("aria-label", ""),
            action=given.get("formaction", ""),
        )
        if "disabled" in given:
            control.name = ""
        if given.get("form"):
            self.strays.append((given["form"], control))
        elif self._form is not None:
            self._form.controls.append(control)
        if tag != "input":
            self._control, self._said = control, len(self.words)

    def _option(self, given: dict[str, str]) -> None:
        assert self._control is not None
        value = given.get("value", "")
        self._control.options.append(value)
        if "selected" in given:
            self._control.chosen.append(value)

    def _end(self, tag: str, control: Control) -> None:
        if tag == "textarea":
            control.value = control.value.removeprefix("\n")
        elif tag == "button":
            control.label = " ".join("".join(self.words[self._said :]).split()) or control.label
        elif not control.chosen:
            control.chosen = control.options[:1]
