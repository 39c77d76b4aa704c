"""How the articles do: views, votes, tickets that they prevented, and tickets that came all the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor

from .models import Article, Text, Visit, Vote
from .rights import readable


@dataclass(frozen=True, slots=True)
class Figures:
    """The counts of one article in one language over a period.

    `deflected`: came from a suggestion, said that it helped, opened no ticket within a day. `asked`: opened one.
    """

    uid: str
    locale: str
    title: str
    views: int
    helpful: int
    unhelpful: int
    deflected: int
    asked: int


@dataclass(frozen=True, slots=True)
class Day:
    """The counts of all articles on one day; who was spared a ticket by several articles counts as deflected once."""

    day: date
    views: int
    deflected: int
    asked: int


_DEFLECTED = and_(Visit.suggested.is_(True), Visit.helped.is_(True), Visit.asked_at.is_(None))


def _times(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def figures(session: Session, actor: Actor, since: date) -> list[Figures]:
    """Return the figures of every text that the actor may read and somebody has read since then; most read first."""
    query = (
        select(
            Article.uid,
            Text.locale,
            Text.title,
            func.count(Visit.id).label("views"),
            _times(Visit.helped.is_(True)),
            _times(Visit.helped.is_(False)),
            _times(_DEFLECTED),
            _times(Visit.asked_at.is_not(None)),
        )
        .join(Text, Text.id == Visit.text_id)
        .join(Article, Article.id == Text.article_id)
        .where(Visit.day >= since, readable(actor))
        .group_by(Article.uid, Text.locale, Text.title, Text.id)
        .order_by(func.count(Visit.id).desc(), Text.title, Text.id)
    )
    return [Figures(*row[:3], *(int(each) for each in row[3:])) for row in session.execute(query)]


def days(session: Session, actor: Actor, since: date, until: date) -> list[Day]:
    """Return the figures of every day from the first to the last, those without visits too."""
    query = (
        select(
            Visit.day,
            func.count(Visit.id),
            func.count(case((_DEFLECTED, Visit.visitor)).distinct()),
            _times(Visit.asked_at.is_not(None)),
        )
        .join(Text, Text.id == Visit.text_id)
        .join(Article, Article.id == Text.article_id)
        .where(Visit.day >= since, Visit.day <= until, readable(actor))
        .group_by(Visit.day)
    )
    found = {row[0]: Day(row[0], *(int(each) for each in row[1:])) for row in session.execute(query)}
    count = (until - since).days + 1
    every = [since + timedelta(days=number) for number in range(count)]
    return [found.get(day, Day(day, 0, 0, 0)) for day in every]


def comments(session: Session, actor: Actor, limit: int = 50) -> Sequence[Any]:
    """Return what readers wrote and no editor has read yet, as (vote, text, article); the newest first."""
    query = (
        select(Vote, Text, Article)
        .join(Text, Text.id == Vote.text_id)
        .join(Article, Article.id == Text.article_id)
        .where(Vote.comment != "", Vote.done.is_(False), readable(actor))
        .order_by(Vote.created_at.desc(), Vote.id.desc())
        .limit(limit)
    )
    return session.execute(query).all()
