"""Articles as Markdown files with front matter, to take elsewhere, to keep in a repository, and to bring back.

A folder for each article, named by its address in its first language: `reset-password-…/en.md`, `…/de.md`, and its
files beside them; files that are Markdown themselves lie in `attachments/`, else they would be pages. The front matter
is lines of `name: value` between two lines of `---`, with JSON where it is needed.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.attachments import Upload
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import Conflict, HelpdeskError, Invalid
from helpdesk_core.api.i18n import known_locale

from . import categories, files, relating, writing
from .models import Article, File, Text, Version
from .rights import readable
from .texts import lazy
from .writing import Placing, TextDraft

_FRONT: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LINE: Final = re.compile(r"([a-z_]+):[ \t]*(.*)")
_OWN_FILE: Final = re.compile(r"\]\(cid:([^()\s]+)(?=[)\s])")
_BESIDE: Final = re.compile(r"\]\((?:\./)?([^()<>\s:/\\]+\.\w+)(?=[)\s])")
MARKDOWN: Final = ".md"
ATTACHMENTS: Final = "attachments"
"""The folder in that of an article for its files that are Markdown."""


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file: its front matter and its text."""

    fields: Mapping[str, Any]
    body: str


@dataclass
class Outcome:
    """What an import did: how many texts were made or changed, and what could not be read, by file."""

    made: int = 0
    changed: int = 0
    same: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)


def written(fields: Mapping[str, Any], body: str) -> str:
    """Return a Markdown file with front matter."""
    lines = [f"{name}: {_value(value)}" for name, value in fields.items() if value not in ("", None, [])]
    return "---\n" + "\n".join(lines) + "\n---\n\n" + body.strip("\n") + "\n"


def read(content: str) -> Page:
    """Return what a Markdown file says; without front matter, its first heading is the title.

    `Invalid` names the line of the front matter that cannot be read.
    """
    found = _FRONT.match(content)
    fields: dict[str, Any] = {}
    body = content[found.end() :] if found else content.lstrip("\ufeff")
    for line in (found[1] if found else "").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        named = _LINE.fullmatch(line.rstrip())
        if named is None:
            raise Invalid({"": [lazy("The line “%(line)s” is not “name: value”.", line=line.strip()[:80])]})
        fields[named[1]] = _read_value(named[2])
    if "title" not in fields and (heading := re.match(r"\s*#[ \t]+(.+?)[ \t]*(?:\n|\Z)", body)):
        fields["title"], body = heading[1], body[heading.end() :]
    return Page(fields, body.strip("\n"))


def export(desk: Helpdesk, actor: Actor, folder: Path) -> int:
    """Write every text that the actor may read into a folder, with its newest version; return how many."""
    count = 0
    with desk.read() as session:
        names: dict[int, set[str]] = {}
        of_files = select(File.article_id, File.name).join(Article, Article.id == File.article_id)
        for article_id, name in session.execute(of_files.where(readable(actor))):
            if not name.endswith(MARKDOWN):
                names.setdefault(article_id, set()).add(name)
        for article, text, version in _all(session, actor):
            place = folder / _folder_of(session, article)
            place.mkdir(parents=True, exist_ok=True)
            body = _taken_out(version.body, names.get(article.id, set()))
            (place / f"{text.locale}{MARKDOWN}").write_text(
                written(_fields(session, actor, article, text, version), body), encoding="utf-8"
            )
            count += 1
        query = select(File, Article).join(Article, Article.id == File.article_id).options(undefer(File.content))
        for file, article in session.execute(query.where(readable(actor)).order_by(File.id)):
            place = folder / _folder_of(session, article)
            if place.is_dir():
                place = place / ATTACHMENTS if file.name.endswith(MARKDOWN) else place
                place.mkdir(exist_ok=True)
                (place / file.name).write_bytes(file.content)
    return count


def import_folder(desk: Helpdesk, actor: Actor, folder: Path, *, publish: bool = False) -> Outcome:
    """Bring back what `export` has written, or Markdown files from elsewhere; what cannot be read is passed over.

    An article is known again by `uid`; one without it is new, and of one folder all languages are one article, to which
    all other files there belong; beside pages in `folder` itself only the files that their texts name.
    With `publish`, what is marked as published goes live at once; else all are drafts.
    """
    done = Outcome()
    firsts: list[tuple[Path, Page, str]] = []
    for place, pages in _found(folder):
        uid, uids = "", set[str]()
        for path in pages:
            try:
                page = read(path.read_text(encoding="utf-8"))
                uid, is_first = _take(desk, actor, path, page, uid if place != folder else "", done, publish=publish)
            except UnicodeDecodeError:
                done.problems.append((str(path.relative_to(folder)), "It is not UTF-8 text."))
            except HelpdeskError as error:
                done.problems.append((str(path.relative_to(folder)), _words(error)))
            else:
                firsts += [(path, page, uid)] if is_first else []
                uids.add(uid)
        if len(uids) == 1 and place != folder:
            done.problems += [
                (str(path.relative_to(folder)), words) for path, words in _keep_all(desk, actor, uid, place)
            ]
    for path, page, uid in firsts:  # when all are there, for they name each other
        try:
            _place(desk, actor, uid, page, publish=publish)
        except HelpdeskError as error:
            done.problems.append((str(path.relative_to(folder)), _words(error)))
    return done


def _take(
    desk: Helpdesk, actor: Actor, path: Path, page: Page, uid: str, done: Outcome, *, publish: bool
) -> tuple[str, bool]:
    """Take up a file; return its article's uid, and whether its language is the article's first one."""
    locale = str(page.fields.get("language") or (path.stem if str(known_locale(path.stem)) == path.stem else "en"))
    body, beside = _taken_in(page.body, path.parent)
    title = str(page.fields.get("title") or path.stem.replace("-", " ").capitalize())
    summary = str(page.fields.get("summary") or page.fields.get("description") or "")
    draft = TextDraft(title=title, summary=summary, body=body, note=path.name)
    taken = files.checked(desk, actor, [_upload(each) for each in beside])
    with desk.begin(actor) as tx:
        own = [each for each in (str(page.fields.get("uid") or ""), uid) if each]
        there = {each.uid: each for each in tx.session.scalars(select(Article).where(Article.uid.in_(own)))}
        article = next((there[each] for each in own if each in there), None)
        if article is None:
            article, text = writing.create_article(desk, actor, locale, draft, _placing(desk, actor, page))
            done.made += 1
        else:
            before = tx.session.scalar(select(Text.newest).where(Text.article_id == article.id, Text.locale == locale))
            text = writing.save_text(desk, actor, article.uid, locale, draft, follows=None)
            changed = before is None or text.newest != before
            done.made, done.changed, done.same = (
                done.made + (before is None),
                done.changed + (before is not None and changed),
                done.same + (not changed),
            )
        files.keep_files(desk, actor, article.uid, taken)
        if publish and page.fields.get("state") == "published" and text.live != text.newest:
            writing.publish(desk, actor, article.uid, locale)
    return article.uid, article.locale == locale


def _place(desk: Helpdesk, actor: Actor, uid: str, page: Page, *, publish: bool) -> None:
    """Let an article stand where its file says, and be for whom it says; what the file does not say stays.

    Who reads it comes before what is beside it, so that an address of no article holds nothing else up.
    """
    with desk.read() as session:
        article = writing.find_article(session, actor, uid)
        is_live = any(each.live for each in writing.texts_of(session, article))
        path = [each.name for each in categories.path_to(session, article.category_id)]
        now = writing.placing_of(session, actor, article)
        found = relating.find(desk, session, actor, _listed(page.fields.get("related")))
    said = {name: value for name, value in _said(page).items() if name in page.fields}
    moves = "category" in page.fields and categories.cleaned_path(_listed(page.fields["category"])) != path
    placed = replace(now, **said)
    relates = "related" in page.fields and found.uids != now.related
    if is_live and not publish and (moves or relates or placed != now):
        raise Conflict(
            lazy("Readers see this article: who reads it, and where it stands, changes with --publish only.")
        )
    if moves or placed != now:
        with desk.begin(actor):
            placed = replace(placed, category=_category(desk, actor, page)) if moves else placed
            writing.place_article(desk, actor, uid, placed)
    if relates:
        writing.place_article(desk, actor, uid, replace(placed, related=found.uids))
    if found.problems:
        raise Invalid({"related": list(found.problems)})


def _keep_all(desk: Helpdesk, actor: Actor, uid: str, place: Path) -> list[tuple[Path, str]]:
    """Keep all files of an article's folder with it, named by a text or not; return those that are refused."""
    refused = []
    for path in _beside(place):
        try:
            files.keep_files(desk, actor, uid, files.checked(desk, actor, [_upload(path)]))
        except HelpdeskError as error:
            refused.append((path, _words(error)))
    return refused


def _beside(place: Path) -> list[Path]:
    """Return the files of an article that lie in its folder: all but its pages, and what systems hide there."""
    own = [each for each in place.iterdir() if each.suffix != MARKDOWN] + [*(place / ATTACHMENTS).glob("*")]
    return sorted(each for each in own if _is_own(each) and not each.name.startswith("."))


def _taken_out(body: str, names: Collection[str]) -> str:
    """Return Markdown that names an article's files as those beside it; names of files that it has not stay."""

    def beside(found: re.Match[str]) -> str:
        plain = f"]({found[1]}"
        return plain if unquote(found[1]) in names and _BESIDE.match(plain + ")") else found[0]

    return _OWN_FILE.sub(beside, body)


def _taken_in(body: str, folder: Path) -> tuple[str, list[Path]]:
    """Return Markdown that names the files beside it as the article's own, and these files."""
    there = {files.kept_name(each.name): each for each in _beside(folder)}
    wanted: dict[str, Path] = {}

    def own(found: re.Match[str]) -> str:
        name = files.kept_name(unquote(found[1]))
        if name not in there:
            return found[0]
        wanted[name] = there[name]
        return f"](cid:{found[1] if unquote(found[1]) == name else name}"

    return _OWN_FILE.sub(own, _BESIDE.sub(own, body)), [wanted[name] for name in sorted(wanted)]


def _upload(path: Path) -> Upload:
    return Upload(name=path.name, content=path.read_bytes(), content_type=guess_type(path.name)[0] or "")


def _placing(desk: Helpdesk, actor: Actor, page: Page) -> Placing:
    return Placing(category=_category(desk, actor, page), **_said(page))


def _said(page: Page) -> dict[str, Any]:
    return {
        "visibility": str(page.fields.get("visibility") or "public"),
        "department": str(page.fields.get("department") or ""),
    }


def _category(desk: Helpdesk, actor: Actor, page: Page) -> str:
    """Return the slug of the category that a file names, made if there is none."""
    category = categories.ensure_path(desk, actor, _listed(page.fields.get("category")))
    return category.slug if category is not None else ""


def _listed(value: Any) -> list[str]:
    """Return what the front matter lists; one thing may stand there without brackets."""
    return [str(each) for each in (value if isinstance(value, list) else [value] if value else [])]


def _all(session: Session, actor: Actor) -> Iterator[tuple[Article, Text, Version]]:
    query = (
        select(Article, Text, Version)
        .join(Text, Text.article_id == Article.id)
        .join(Version, (Version.text_id == Text.id) & (Version.number == Text.newest))
        .where(readable(actor))
        .order_by(Article.id, Text.locale)
    )
    for row in session.execute(query):
        yield row[0], row[1], row[2]


def _folder_of(session: Session, article: Article) -> str:
    query = select(Text.slug).where(Text.article_id == article.id).order_by(Text.locale != article.locale, Text.locale)
    slug = session.scalar(query.limit(1)) or "article"
    return f"{slug}-{article.uid[:6]}"


def _fields(session: Session, actor: Actor, article: Article, text: Text, version: Version) -> dict[str, Any]:
    department = session.get(Department, article.department_id) if article.department_id is not None else None
    return {
        "title": version.title,
        "summary": version.summary,
        "uid": article.uid,
        "language": text.locale,
        "state": text.state,
        "visibility": article.visibility,
        "department": department.key if department is not None else "",
        "category": [each.name for each in categories.path_to(session, article.category_id)],
        "related": relating.addresses_of(session, actor, article),
        "updated": text.updated_at.isoformat(),
    }


def _found(folder: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Yield each folder that has Markdown files, with these; the first language of the article comes first."""
    for place in [folder, *sorted(each for each in folder.rglob("*") if each.is_dir() and not each.is_symlink())]:
        pages = _pages(place)
        if pages and not (place.name == ATTACHMENTS and place != folder and _pages(place.parent)):
            yield place, sorted(pages, key=lambda each: (each.stem != "en", each.name))


def _pages(place: Path) -> list[Path]:
    return sorted(each for each in place.glob(f"*{MARKDOWN}") if _is_own(each))


def _is_own(path: Path) -> bool:
    """Tell whether something is a file of the folder; what a link names may be any file of this machine."""
    return path.is_file() and not path.is_symlink()


def _value(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[^\s\"'\[{\\#].*[^\s]|[^\s\"'\[{\\#]", value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _read_value(text: str) -> Any:
    text = text.strip()
    if text[:1] in ('"', "["):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise Invalid({"": [lazy("“%(text)s” in the front matter is not JSON.", text=text[:80])]}) from error
    quoted = re.fullmatch(r"'(.*)'", text)
    return quoted[1].replace("''", "'") if quoted else text


def _words(error: HelpdeskError) -> str:
    if isinstance(error, Invalid):
        return " ".join(str(text) for texts in error.problems.values() for text in texts)
    return str(error)
