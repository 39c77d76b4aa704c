"""Counters that tell every process, in one cheap read, that what it keeps in memory is out of date."""

from sqlalchemy import BigInteger, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from helpdesk_core.db.base import Base

REFERENCE = "reference"
"""Statuses, priorities, types, departments, roles, staff: small, read on every page, rarely changed."""
LENDING = "lending"
"""Roles that people have because a plugin says so: who changes them bumps this first, and so is alone at it."""


class Generation(Base):
    """How often the things of one topic have changed."""

    __tablename__ = "generations"

    topic: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, default=0)


def bump(session: Session, topic: str) -> None:
    """Note that something of the topic changes with this transaction."""
    session.execute(
        update(Generation)
        .where(Generation.topic == topic)
        .values(value=Generation.value + 1)
        .execution_options(synchronize_session=False)
    )
    if not current(session, topic):
        session.add(Generation(topic=topic, value=1))
        session.flush()


def current(session: Session, topic: str) -> int:
    """Return the topic's counter; 0 when nothing has changed yet."""
    return session.scalar(select(Generation.value).where(Generation.topic == topic)) or 0
