"""Pictures and other files of articles."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from unicodedata import normalize

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.attachments import Upload, check
from helpdesk_core.api.errors import Invalid, NotFound

from .models import Article, File, Text
from .rights import WRITE, readable, require_for
from .texts import lazy
from .writing import find_article

MAX_FILES: Final = 50
MAX_BYTES: Final = 5 * 1024 * 1024
SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a page may show; SVG and HTML never are."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file without its bytes; `size` counts them."""

    uid: str
    name: str
    content_type: str
    size: int

    @property
    def is_picture(self) -> bool:
        """Whether a page shows it."""
        return self.content_type in SHOWN


def pictures_of(session: Session, article: Article) -> set[str]:
    """Return the names of an article's files that a page shows as pictures."""
    return {each.name for each in files_of(session, article) if each.is_picture}


def files_of(session: Session, article: Article) -> list[Listed]:
    """Return an article's files by name."""
    query = select(File.uid, File.name, File.content_type, File.size).where(File.article_id == article.id)
    return [Listed(*row) for row in session.execute(query.order_by(File.name))]


def checked(desk: Helpdesk, actor: Actor, uploads: Sequence[Upload]) -> list[Upload]:
    """Return the uploads with safe names and types, before a unit of work keeps them.

    Raises what the site's own rules for attachments raise, and `Invalid` for too large ones.
    """
    found = [check(desk, actor, each) for each in uploads]
    for each in found:
        if len(each.content) > MAX_BYTES:
            raise Invalid(
                {"files": [lazy("“%(name)s” is too large: %(most)s MB are allowed.", name=each.name, most=5)]}
            )
    return found


def kept_name(name: str) -> str:
    """Return the name under which a file is kept: one that can stand in Markdown and in addresses as it is."""
    path = PurePosixPath(normalize("NFC", name))
    stem = "".join(each if each.isalnum() or each in "-_." else "-" for each in path.stem).strip("-.") or "file"
    return f"{stem[:100]}{path.suffix.lower()[:20]}"


def keep_files(desk: Helpdesk, actor: Actor, uid: str, uploads: Sequence[Upload]) -> list[str]:
    """Keep checked files with an article, in place of those of the same names; return the names.

    `Invalid` if the article would have too many.
    """
    names: list[str] = []
    with desk.begin(actor) as tx:
        article = find_article(tx.session, actor, uid)
        require_for(actor, WRITE, article)
        there = {row.name: row for row in tx.session.scalars(select(File).where(File.article_id == article.id))}
        for each in uploads:
            name = kept_name(each.name)
            row = there.get(name)
            if row is None:
                row = there[name] = File(article_id=article.id, name=name)
                tx.session.add(row)
            elif (row.content_type, row.size) == (each.content_type, len(each.content)) and row.content == each.content:
                names.append(name)
                continue
            row.content_type, row.size, row.content = each.content_type, len(each.content), each.content
            row.created_at = tx.now
            names.append(name)
        if len(there) > MAX_FILES:
            raise Invalid({"files": [lazy("An article can have %(most)s files at most.", most=MAX_FILES)]})
    return names


def remove_file(desk: Helpdesk, actor: Actor, uid: str, name: str) -> None:
    """Take a file away from an article; nothing happens if it is gone already."""
    with desk.begin(actor) as tx:
        article = find_article(tx.session, actor, uid)
        require_for(actor, WRITE, article)
        row = tx.session.scalar(select(File).where(File.article_id == article.id, File.name == name))
        if row is not None:
            tx.session.delete(row)


def find_file(session: Session, actor: Actor, uid: str, name: str) -> File:
    """Return a file with its bytes; `NotFound` unless its article is for the actor, and live or theirs to write."""
    query = select(File).join(Article, Article.id == File.article_id).options(undefer(File.content))
    query = query.where(Article.uid == uid, File.name == name, readable(actor))
    if not actor.may(WRITE):
        query = query.where(select(Text.id).where(Text.article_id == Article.id, Text.live.is_not(None)).exists())
    file = session.scalar(query)
    if file is None:
        raise NotFound(lazy("There is no such file, or it is not for you."))
    return file
