"""The plugin's tables: rules, what they did and why, and whom tickets can be given to."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from helpdesk_core.api import BigId, JSONText, LongText, PluginTables
from helpdesk_core.api.db import HasUid
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import User


class Base(PluginTables, DeclarativeBase):
    """The parent of the plugin's tables."""

    plugin = "rules"


class RuleRow(HasUid, Base):
    """One rule. `triggers` say when it is asked, `conditions` whether it applies, `actions` what it does, in order.

    `match` is `all` or `any` of the conditions. After a rule that `is_last`, no other is asked for that event.

    The rest is what workers note of it: until when tickets that changed or came of age have been looked at for a rule
    on time, when all were, and why it could not be asked the last time, if so.
    """

    __tablename__ = "rules_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_last: Mapped[bool] = mapped_column(default=False)
    match: Mapped[str] = mapped_column(String(8), default="all")
    triggers: Mapped[list[str]] = mapped_column(JSONText)
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(JSONText, default=list)
    actions: Mapped[list[dict[str, str]]] = mapped_column(JSONText, default=list)
    looked_at: Mapped[datetime | None]
    swept_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(LongText)
    problem_at: Mapped[datetime | None]


class Run(Base):
    """The rules were asked once for a ticket; the unique `event_id` lets each event have them asked once.

    `from_seq` to `to_seq` are the ticket's events that came of it. `chain` are the rules (uids) that led here, this
    run's own included: none of them is asked again for what they brought about.
    """

    __tablename__ = "rules_runs"
    __table_args__ = (
        UniqueConstraint("event_id"),
        Index("ix_rules_runs_ticket_seq", "ticket_id", "to_seq"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"))
    event_id: Mapped[int | None] = mapped_column(BigId)
    trigger: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(index=True)
    from_seq: Mapped[int]
    to_seq: Mapped[int]
    chain: Mapped[list[str]] = mapped_column(JSONText, default=list)


class Verdict(Base):
    """What came of one rule in one run: `fired`, `not`, `cycle` (it led here itself), `failed` (could not be asked).

    `details` hold the findings of its conditions and what became of its actions.
    """

    __tablename__ = "rules_verdicts"
    __table_args__ = (
        Index("ix_rules_verdicts_ticket", "ticket_id", "id"),
        Index("ix_rules_verdicts_rule", "rule_id", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("rules_runs.id", ondelete="CASCADE"), index=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"))
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("rules_rules.id", ondelete="SET NULL"))
    rule_name: Mapped[str] = mapped_column(String(100))
    trigger: Mapped[str] = mapped_column(String(32))
    outcome: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    details: Mapped[dict[str, Any]] = mapped_column(JSONText)


class Timed(Base):
    """A rule on time has been carried out on a ticket; again only after somebody wrote: `mark` is the last message."""

    __tablename__ = "rules_timed"

    rule_id: Mapped[int] = mapped_column(ForeignKey("rules_rules.id", ondelete="CASCADE"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"), primary_key=True, index=True)
    mark: Mapped[int] = mapped_column(BigId)


class Person(Base):
    """Somebody to whom tickets can be given: what they know, and whether they take none just now."""

    __tablename__ = "rules_people"

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    skills: Mapped[list[str]] = mapped_column(JSONText, default=list)
    is_away: Mapped[bool] = mapped_column(default=False)
    given_at: Mapped[datetime | None]
