"""What the knowledge base keeps about people: what they read and said, and which versions they wrote."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.db import affect
from helpdesk_core.api.users import PersonalData, User

from .models import Text, Version, Visit, Vote
from .visits import visitor_of


def data_of(desk: Helpdesk, user: User) -> Sequence[PersonalData]:
    """Return the person's visits, votes and versions."""
    key = visitor_of(user.id, "")
    with desk.read() as session:
        visits = session.execute(
            select(Text.title, Visit.at, Visit.helped).join(Text, Text.id == Visit.text_id).where(Visit.visitor == key)
        ).all()
        votes = session.execute(
            select(Text.title, Vote.helpful, Vote.comment, Vote.created_at)
            .join(Text, Text.id == Vote.text_id)
            .where(Vote.voter == key)
        ).all()
        versions = session.execute(
            select(Version.title, Version.number, Version.created_at).where(Version.author_id == user.id)
        ).all()
    found = {
        "visits": [{"article": row[0], "at": row[1].isoformat(), "helped": row[2]} for row in visits],
        "votes": [{"article": row[0], "helpful": row[1], "comment": row[2], "at": row[3].isoformat()} for row in votes],
        "versions": [{"title": row[0], "number": row[1], "at": row[2].isoformat()} for row in versions],
    }
    return [PersonalData(name=name, data=rows) for name, rows in found.items() if rows]


def forget(tx: Transaction, user: User) -> None:
    """Delete the person's visits and votes, and take their name from the versions they wrote."""
    key = visitor_of(user.id, "")
    affect(tx.session, delete(Visit).where(Visit.visitor == key))
    affect(tx.session, delete(Vote).where(Vote.voter == key))
    for version in tx.session.scalars(select(Version).where(Version.author_id == user.id)):
        version.author_id = None
