"""Texts of mails that admins wrote in the browser; files of the instance folder stand before them, core's behind.

A text is a Jinja template under a name such as `reply.txt`, or `de/reply.txt` for one language only. It runs in a
sandbox, since whoever may change settings need not be an admin of the machine.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from jinja2 import DictLoader, TemplateError, TemplateSyntaxError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.administration.events import SettingsChanged
from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.mail.samples import FRAME, KINDS, sample
from helpdesk_core.mail.templates import TEMPLATES, MailTemplates, Rendered
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.settings.models import StoredSetting
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.permissions import require

OWNER: Final = "core.mail_texts"
"""Under which the texts are kept, among the settings."""
PARTS: Final = ("subject", "txt", "html")
LONGEST: Final = 50_000
_TRANS: Final = re.compile(
    r"{%-?\s*trans(?P<names>[^%]*?)-?%}(?P<body>(?:(?!{%).)*?){%-?\s*endtrans\s*-?%}\n?", re.DOTALL
)
_NAMED: Final = re.compile(r"(\w+)\s*=\s*([^,]+)")
_CALL: Final = re.compile(r"""_\("([^"\\]+)"\)""")


@dataclass(frozen=True)
class Text:
    """One part of a mail as it stands in the editor; `origin` is `core`, `page` or `file`, which cannot be changed."""

    part: str
    source: str
    origin: str


def folder_of(desk: Helpdesk) -> Path:
    """Return where the instance keeps texts of mails as files."""
    return desk.config.instance / "templates" / "mail"


def templates_of(desk: Helpdesk, changed: Mapping[str, str] | None = None) -> MailTemplates:
    """Return the templates in force, with `changed` ones in the place of what the page has stored."""
    stored = DictLoader({**stored_texts(desk), **(changed or {})})
    return MailTemplates([folder_of(desk), stored], translate=lambda locale: desk.texts(locale)())


def stored_texts(desk: Helpdesk) -> dict[str, str]:
    """Return what was written on the page, by name."""
    with desk.read() as session:
        rows = session.execute(select(StoredSetting.key, StoredSetting.value).where(StoredSetting.owner == OWNER))
        return {key: value for key, value in rows if isinstance(value, str)}


def texts_of(desk: Helpdesk, name: str, locale: str = "") -> list[Text]:
    """Return the parts of a mail for the editor; core's own with the language's words in the place of English ones."""
    stored, found = stored_texts(desk), []
    for part in parts_of(name):
        file = f"{name}.{part}"
        names = [f"{locale}/{file}", file] if locale else [file]
        for each in names:
            if (folder_of(desk) / each).is_file():
                found.append(Text(part, (folder_of(desk) / each).read_text("utf-8", "replace"), "file"))
                break
            if each in stored:
                found.append(Text(part, stored[each], "page" if each == names[0] else "core"))
                break
        else:
            found.append(Text(part, _original(desk, file, locale), "core"))
    return found


def changed_in(desk: Helpdesk) -> dict[str, list[str]]:
    """Return for each mail in which languages its text was changed on the page; an empty one stands for all."""
    found: dict[str, list[str]] = {}
    for key in sorted(stored_texts(desk)):
        locale, _, file = key.rpartition("/")
        languages = found.setdefault(file.rpartition(".")[0], [])
        if locale not in languages:
            languages.append(locale)
    return found


def preview(desk: Helpdesk, name: str, locale: str, parts: Mapping[str, str] | None = None) -> Rendered:
    """Return a mail with invented values, in a language, perhaps with parts that are not saved.

    `Invalid` says which part fails, and why. With the parts of one language given, only these are shown differently.
    """
    _known(name)
    try:
        return _rendered(desk, name, locale, parts or {})
    except Exception as error:
        what = (error.message if isinstance(error, TemplateError) else "") or f"{type(error).__name__}: {error}"
        sentence = _l("Line %(line)s does not work: %(what)s", line=_line_of(error), what=what)
        blamed = next((part for part in parts or {} if _fails(desk, name, locale, {part: (parts or {})[part]})), "")
        raise Invalid({blamed: [sentence]}) from error


def _rendered(desk: Helpdesk, name: str, locale: str, parts: Mapping[str, str]) -> Rendered:
    shown, values = sample(desk, name)
    site = desk.settings.site()
    given = {_key(name, part, locale): text for part, text in parts.items()}
    given |= {_key(name, part, locale or site.language): text for part, text in parts.items()}
    templates = templates_of(desk, given)
    return templates.render(shown, values, locale=locale or site.language, timezone=site.timezone, strict=bool(parts))


def _fails(desk: Helpdesk, name: str, locale: str, parts: Mapping[str, str]) -> bool:
    try:
        _rendered(desk, name, locale, parts)
    except Exception:  # noqa: BLE001 - a text may do anything
        return True
    return False


def save(desk: Helpdesk, actor: Actor, name: str, locale: str, parts: Mapping[str, str]) -> list[str]:
    """Keep the texts that differ from the original, and return which parts changed; `Invalid` if one would fail.

    `locale` is a language such as `de`, or empty for all. Needs `settings.manage`.
    """
    require(actor, "settings.manage")
    _check(desk, name, locale, parts)
    before = {text.part: text for text in texts_of(desk, name, locale)}
    tidy = {part: text.replace("\r\n", "\n").rstrip("\n") for part, text in parts.items()}
    changed = [
        part
        for part, text in tidy.items()
        if before[part].origin != "file" and text != before[part].source.rstrip("\n")
    ]
    if not changed:
        return []
    preview(desk, name, locale, {part: tidy[part] for part in changed})
    with desk.begin(actor) as tx:
        for part in changed:
            original = _original(desk, f"{name}.{part}", locale).rstrip("\n")
            _write(tx.session, _key(name, part, locale), None if tidy[part] == original else tidy[part], tx.now, actor)
        tx.record(SettingsChanged(owner=OWNER, keys=[_key(name, part, locale) for part in changed]))
        tx.reference_changed()
    return changed


def reset(desk: Helpdesk, actor: Actor, name: str, locale: str) -> None:
    """Go back to the original texts of a mail, in one language or (empty) where no language has its own."""
    require(actor, "settings.manage")
    _known(name)
    keys = [_key(name, part, locale) for part in parts_of(name)]
    with desk.begin(actor) as tx:
        tx.session.execute(delete(StoredSetting).where(StoredSetting.owner == OWNER, StoredSetting.key.in_(keys)))
        tx.record(SettingsChanged(owner=OWNER, keys=keys))
        tx.reference_changed()


def parts_of(name: str) -> tuple[str, ...]:
    """Return the parts that a mail has; the frame has no subject."""
    _known(name)
    return PARTS[1:] if name == FRAME else PARTS


def _write(session: Session, key: str, text: str | None, now: datetime, actor: Actor) -> None:
    row = session.get(StoredSetting, (OWNER, key))
    if text is None:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        row = StoredSetting(owner=OWNER, key=key, sealed=False)
        session.add(row)
    row.value, row.updated_at, row.updated_by = text, now, actor.user_id


def _check(desk: Helpdesk, name: str, locale: str, parts: Mapping[str, str]) -> None:
    problems: dict[str, list[str]] = {}
    if locale:
        try:
            Locale.parse(locale)
        except (UnknownLocaleError, ValueError):
            problems["language"] = [_l("This is not a language. Choose one of the list.")]
    for part, text in parts.items():
        if part not in parts_of(name):
            problems[part] = [_l("This mail has no such part.")]
        elif not text.strip():
            problems[part] = [_l("Write something, or go back to the original text.")]
        elif len(text) > LONGEST:
            problems[part] = [_l("This is too long. The limit is %(most)s characters.", most=LONGEST)]
        elif part == "subject" and "\n" in text.strip():
            problems[part] = [_l("A subject is one line.")]
    if problems:
        raise Invalid(problems)


def _line_of(error: Exception) -> int:
    """Return the line of a text that does not work; Jinja puts it into the traceback."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    line, step = 1, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return line


def _original(desk: Helpdesk, file: str, locale: str) -> str:
    source = (TEMPLATES / file).read_text("utf-8")
    return _in_words(source, desk, locale) if locale else source


def _in_words(source: str, desk: Helpdesk, locale: str) -> str:
    """Return core's template with what it says in that language written out, except for forms of one and many."""
    texts = desk.texts(locale)()

    def said(match: re.Match[str]) -> str:
        names = dict(_NAMED.findall(match["names"]))
        msgid = re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", " ".join(match["body"].split()))
        text = texts.gettext(msgid)
        return re.sub(r"%\((\w+)\)s", lambda one: f"{{{{ {str(names.get(one[1], one[1])).strip()} }}}}", text)

    return _CALL.sub(lambda one: '"' + texts.gettext(one[1]).replace('"', "”") + '"', _TRANS.sub(said, source))


def _key(name: str, part: str, locale: str) -> str:
    return f"{locale}/{name}.{part}" if locale else f"{name}.{part}"


def _known(name: str) -> None:
    if name not in KINDS:
        raise NotFound(_l("There is no such mail."))
