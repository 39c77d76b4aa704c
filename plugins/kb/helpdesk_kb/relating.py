"""Related articles, as people name them: by addresses, or their ends `language/name`."""

from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api.errors import Invalid

from .models import Article, Text
from .texts import lazy


def uids_of(session: Session, lines: Sequence[str]) -> tuple[str, ...]:
    """Return the uids of the articles at these addresses, in this order; `Invalid` names what is none."""
    ends = {each: unquote(urlsplit(each).path).rstrip("/").split("/")[-2:] for each in lines}
    known = session.execute(
        select(Text.locale, Text.slug, Article.uid).join(Article).where(Text.slug.in_([e[-1] for e in ends.values()]))
    )
    uids: dict[tuple[str, ...], str] = {}
    for locale, slug, uid in known:
        uids[locale, slug] = uid
        uids.setdefault((slug,), uid)
    found = {line: uids.get(tuple(end)) or uids.get((end[-1],)) for line, end in ends.items()}
    if unknown := [line for line in ends if found[line] is None]:
        raise Invalid({"related": [lazy("There is no article “%(address)s”.", address=each[:200]) for each in unknown]})
    return tuple(dict.fromkeys(uid for uid in found.values() if uid is not None))


def addresses_of(session: Session, article: Article) -> list[str]:
    """Return the ends of the addresses of an article's related ones, each in its first language."""
    query = select(Article.uid, Text.locale, Text.slug).join(Text, Text.article_id == Article.id)
    query = query.where(Article.uid.in_(article.related), Text.locale == Article.locale)
    ends = {uid: f"{locale}/{slug}" for uid, locale, slug in session.execute(query)} if article.related else {}
    return [ends[uid] for uid in article.related if uid in ends]
