"""What the site says differently: finding texts, keeping and forgetting overrides."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.errors import Invalid, NotFound
from helpdesk_core.api.i18n import TextOverride, plural_forms, translation_problems

from .models import Override
from .texts import lazy

MAX_TEXT = 5000
CORE = "helpdesk"


@dataclass(frozen=True, slots=True)
class Entry:
    """One text: as it is written in the code (one form or two), as it is translated, and as the site says it."""

    digest: str
    domain: str
    msgids: tuple[str, ...]
    context: str | None
    shipped: tuple[str, ...]
    own: tuple[str, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """What people read: the site's own words, else the translation, else the English text."""
        return self.own or self.shipped or self.msgids


def entries(desk: Helpdesk, locale: str) -> list[Entry]:
    """Return every text of core and of the active plugins, in the order of domains and texts."""
    own = {each.digest: tuple(each.strings) for each in _stored(desk, locale)}
    found = []
    for domain in desk.catalogues.folders:
        for text in desk.catalogues.messages(domain, locale):
            digest = digest_of(domain, locale, text.context, text.msgids[0])
            mine = own.get(digest, ())
            found.append(Entry(digest, domain, text.msgids, text.context, text.strings, mine))
    return sorted(found, key=lambda each: (each.domain != CORE, each.domain, each.msgids[0].casefold()))


def matching(found: Iterable[Entry], words: str, state: str) -> list[Entry]:
    """Return the texts that have all the words in them, in a state: `edited`, `unedited`, `untranslated` or any."""
    wanted = words.casefold().split()
    states: dict[str, Callable[[Entry], bool]] = {
        "edited": lambda each: bool(each.own),
        "unedited": lambda each: not each.own,
        "untranslated": lambda each: not each.own and not each.shipped,
    }
    fits = states.get(state, _any)
    return [each for each in found if fits(each) and all(word in _searched(each) for word in wanted)]


def find(desk: Helpdesk, locale: str, digest: str) -> Entry:
    """Return one text; `NotFound` if the code has it no more."""
    for each in entries(desk, locale):
        if each.digest == digest:
            return each
    raise NotFound(lazy("There is no such text. A plugin may have been switched off, or updated."))


def keep(desk: Helpdesk, actor: Actor, locale: str, entry: Entry, strings: Sequence[str]) -> bool:
    """Say a text differently from now on, in every process; return whether it is: the shipped text is none.

    `Invalid` names what the text has to have, such as its placeholders.
    """
    given = tuple(each.replace("\r\n", "\n") for each in strings)
    if not any(given) or given == (entry.shipped or entry.msgids):
        forget(desk, actor, entry)
        return False
    if any(len(each) > MAX_TEXT for each in given):
        raise Invalid({"strings": [lazy("A text can have %(most)s characters. Shorten it.", most=MAX_TEXT)]})
    wrong = translation_problems(entry.msgids, given, forms(locale))
    if wrong:
        raise Invalid({"strings": wrong})
    with desk.begin(actor) as tx:
        row = tx.session.scalar(select(Override).where(Override.digest == entry.digest))
        if row is None:
            row = Override(digest=entry.digest, domain=entry.domain, locale=locale, context=entry.context)
            row.msgid = entry.msgids[0]
            tx.session.add(row)
        row.strings, row.changed_at = list(given), tx.now
        tx.reference_changed()
    return True


def forget(desk: Helpdesk, actor: Actor, entry: Entry) -> None:
    """Say the text as it is shipped again."""
    with desk.begin(actor) as tx:
        tx.session.execute(delete(Override).where(Override.digest == entry.digest))
        tx.reference_changed()


def overrides(desk: Helpdesk, locale: str) -> list[TextOverride]:
    """Return what the site says differently in a language; for `de_AT` also what it says in `de`."""
    names = list(dict.fromkeys((locale, locale.partition("_")[0])))
    rows = sorted((row for name in names for row in _stored(desk, name)), key=lambda row: names.index(row.locale))
    wanted = forms(locale)
    return [
        TextOverride(row.domain, row.msgid, tuple(row.strings), row.context)
        for row in rows
        if len(row.strings) in (1, wanted)
    ]


def forms(locale: str) -> int:
    """Return how many plural forms a language has."""
    return plural_forms(locale)


def digest_of(domain: str, locale: str, context: str | None, msgid: str) -> str:
    """Return what stands for a text in a language."""
    return hashlib.sha256("\0".join((domain, locale, context or "", msgid)).encode()).hexdigest()


def _any(_entry: Entry) -> bool:
    return True


def _stored(desk: Helpdesk, locale: str) -> Sequence[Override]:
    with desk.read() as session:
        return session.scalars(select(Override).where(Override.locale == locale).order_by(Override.id)).all()


def _searched(entry: Entry) -> str:
    return " ".join((*entry.msgids, *entry.shipped, *entry.own, entry.domain)).casefold()
