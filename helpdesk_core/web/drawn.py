"""Parts of pages that look the same for the same arguments are drawn once, and kept for the pages that follow.

A page has a hundred icons and buttons, and a list's rows are mostly those of a moment ago. Two things decide how such a
part looks: what goes into it, and how the reader's pages are written (see `setting`). Nothing is kept that depends on
anything else: who asks, the session's token, the clock. Which macros are such parts, a template says itself by
`{% set drawn_once = ("icon", "pill") %}`; other parts name a key of their own with `drawn`.
"""

from collections.abc import Hashable, Iterable, Mapping
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final
from weakref import WeakKeyDictionary, WeakValueDictionary

from flask import current_app, has_request_context, request
from markupsafe import Markup

from helpdesk_core.i18n.catalogues import Texts
from helpdesk_core.web.context import state
from helpdesk_core.web.localisation import manner

if TYPE_CHECKING:
    from helpdesk_core.web.theme_trying import Looks

MOST: Final = 16_000_000
"""How many bytes of parts a process keeps, about; a row of a list takes some three thousand."""
OF_A_KEY: Final = 1000
"""How many of them each part takes besides its characters, about."""
LONGEST: Final = 3600
"""After so many seconds all is forgotten: what was erased or is long gone is not to stay."""
SETTINGS: Final = 1000
EXTENSION: Final = "helpdesk_drawn"
_NONE: Final = object()


class Setting:
    """How pages of one kind of reader are written; there is one object for all pages that are written alike."""


class Settings:
    """The settings there are, of one application."""

    def __init__(self, looks: "Looks") -> None:
        self._looks = looks
        # Changing a text makes the texts of a language anew; settings go with those that nobody uses any more.
        self._known: WeakKeyDictionary[Texts, dict[Hashable, Setting]] = WeakKeyDictionary()
        self._lock = Lock()

    def of_page(self) -> Setting | None:
        """Return the setting of the page at hand; None where every part is drawn anew.

        That is so outside of requests, and for whoever tries a theme, whose author sees what was just changed.
        """
        look = self._looks.current()
        if not has_request_context() or look is not self._looks.active or look.assets.watch:
            return None
        mine = manner()
        key = (str(mine.zone), request.script_root)
        with self._lock:
            of_texts = self._known.setdefault(mine.texts, {})
            if key not in of_texts:
                if len(of_texts) >= SETTINGS:
                    of_texts.clear()
                of_texts[key] = Setting()
            return of_texts[key]


class Drawn(dict[Hashable, str]):
    """What a macro has drawn, by what went into it. All forget everything when they are full together, or old."""

    _all: ClassVar[WeakValueDictionary[int, "Drawn"]] = WeakValueDictionary()
    _size: ClassVar[int] = 0
    _since: ClassVar[float] = 0.0
    _lock: ClassVar[Lock] = Lock()

    def __init__(self) -> None:
        super().__init__()
        with Drawn._lock:
            Drawn._all[id(self)] = self

    def keep(self, key: Hashable, part: str) -> str:
        """Keep a part, and return it."""
        with Drawn._lock:
            now = monotonic()
            if Drawn._size > MOST or now - Drawn._since > LONGEST:
                for each in Drawn._all.values():
                    each.clear()
                Drawn._size, Drawn._since = 0, now
            Drawn._size += len(part) + OF_A_KEY
            self[key] = part
        return part


def drawn(key: Hashable, macro: Any, *args: Any) -> Any:
    """Return what a macro makes of its arguments; `key` is all of what goes into it, None to draw it anew.

    A key has to hold what texts say as it is shown, and whether they are safe: times in words, and texts of plugins.
    """
    now, memory = setting(), getattr(macro, "memory", None)
    if key is None or now is None or memory is None:
        return macro(*args)
    whole = (now, key)
    try:
        part = memory.get(whole)
    except TypeError:  # something in the key that cannot be compared
        return macro(*args)
    return memory.keep(whole, macro(*args)) if part is None else part


def drawn_all(keys: Mapping[Any, Hashable], macro: Any, items: Iterable[Any], *args: Any) -> Markup:
    """Return what a macro makes of each item and the arguments, a line each; `keys` are those of `drawn`, by id."""
    now, memory = setting(), getattr(macro, "memory", None)
    if now is None or memory is None:
        return Markup("\n").join(macro(each, *args) for each in items)
    parts = []
    for each in items:
        whole = (now, keys[each.id])
        try:
            part = memory.get(whole)
        except TypeError:
            part = macro(each, *args)
        parts.append(memory.keep(whole, macro(each, *args)) if part is None else part)
    return Markup("\n".join(parts))  # noqa: S704 - macros made them, and escaped what they were given


def setting() -> Any:
    """Return what decides how parts of this page look, besides what goes into them; None where nothing is kept."""
    mine = state()
    if mine.setting is None:
        settings: Settings | None = current_app.extensions.get(EXTENSION)
        found = settings.of_page() if settings is not None else None
        mine.setting = _NONE if found is None else found
    return None if mine.setting is _NONE else mine.setting
