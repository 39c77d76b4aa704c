"""Articles for the demo, with a month of readers."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.users import all_roles, change_role

from . import transfer
from .models import Article, Category, Text, Visit, Vote
from .rights import PUBLISH, WRITE

FOLDER: Final = Path(__file__).parent / "samples"
_RIGHTS: Final = {"agent": {WRITE}, "manager": {WRITE, PUBLISH}, "admin": {WRITE, PUBLISH}}
_COMMENTS: Final = ("The menu is called Accounts on my phone.", "And for the calendar?")
DAYS: Final = 30
_LANGUAGES: Final = ("de", "ru", "uk", "hr")
_CATEGORIES: Final = {
    "Contract and invoices": ("Vertrag und Rechnungen", "Договор и счета", "Договір і рахунки", "Ugovor i računi"),
    "Domains": ("Domains", "Домены", "Домени", "Domene"),
    "Mail": ("E-Mail", "Почта", "Пошта", "E-pošta"),
    "Mail programs": ("Mailprogramme", "Почтовые программы", "Поштові програми", "Programi za e-poštu"),
    "Websites": ("Websites", "Сайты", "Сайти", "Web-stranice"),
}
"""The names of categories in `_LANGUAGES`."""


def fill(desk: Helpdesk, tx: Transaction) -> None:
    """Write the articles, let the demo's roles edit them, and let people have read them."""
    transfer.import_folder(desk, SYSTEM, FOLDER, publish=True)
    for category in tx.session.scalars(select(Category)).all():
        if category.name in _CATEGORIES:
            category.names = dict(zip(_LANGUAGES, _CATEGORIES[category.name], strict=True))
    for role in all_roles(tx.session):
        wanted = _RIGHTS.get(role.key, set())
        if wanted:
            change_role(desk, SYSTEM, role.key, permissions={each.permission for each in role.permissions} | wanted)
    public = select(Text.id).join(Article, Article.id == Text.article_id).where(Article.visibility == "public")
    for place, text_id in enumerate(tx.session.scalars(public.order_by(Text.id)).all()):
        _read(tx, text_id, place)


def _read(tx: Transaction, text_id: int, place: int) -> None:
    """Let a text be read on each day by some people, of whom some say what they think."""
    for day in range(DAYS):
        at = tx.now - timedelta(days=day, hours=1)
        busy = (day * 7 + place * 5) % 9 + (3 if at.weekday() < 5 else 0)
        for reader in range(busy * (9 - place) // 6):
            kind = (reader + day * (place + 1)) % (7 + 2 * place)
            visit = Visit(text_id=text_id, visitor=f"demo:{day}:{reader}", day=at.date(), at=at, suggested=kind < 4)
            visit.helped = {0: True, 1: True, 5: True, 2: False, 6: False}.get(kind)
            visit.asked_at = at + timedelta(minutes=9) if kind in (2, 3) else None
            tx.session.add(visit)
            if visit.helped is not None and day < DAYS // 2:
                vote = Vote(text_id=text_id, voter=visit.visitor, helpful=visit.helped, created_at=at)
                vote.comment = _COMMENTS[place] if kind == 2 and place < len(_COMMENTS) and day == reader else ""
                vote.done = False
                tx.session.add(vote)
