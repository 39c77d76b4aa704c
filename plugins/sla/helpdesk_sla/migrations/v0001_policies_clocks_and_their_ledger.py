"""Policies, clocks and their ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from helpdesk_core.api import JSONText, UTCDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "sla_calendars",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("hours", JSONText(), nullable=False),
        sa.Column("days_off", JSONText(), nullable=False),
        sa.Column("countries", JSONText(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_calendars")),
        sa.UniqueConstraint("uid", name=op.f("uq_sla_calendars_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "sla_clocks",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=True),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("microseconds", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=True),
        sa.Column("target", sa.Integer(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("breached_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("steps_done", JSONText(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_sla_clocks_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_clocks")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("sla_clocks", schema=None) as batch_op:
        batch_op.create_index("ix_sla_clocks_ended", ["ended_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sla_clocks_policy_id"), ["policy_id"], unique=False)
        batch_op.create_index("ix_sla_clocks_state_breached", ["state", "breached_at"], unique=False)
        batch_op.create_index("ix_sla_clocks_ticket_current", ["ticket_id", "is_current"], unique=False)

    op.create_table(
        "sla_ledger",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("cause", JSONText(), nullable=False),
        sa.Column("microseconds", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_sla_ledger_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_ledger")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("sla_ledger", schema=None) as batch_op:
        batch_op.create_index("ix_sla_ledger_ticket", ["ticket_id", "id"], unique=False)

    op.create_table(
        "sla_watched",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=True),
        sa.Column("calendar_id", sa.Integer(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("has_reply", sa.Boolean(), nullable=False),
        sa.Column("watched_from", UTCDateTime(), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_sla_watched_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_sla_watched")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("sla_watched", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sla_watched_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sla_watched_next_at"), ["next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sla_watched_policy_id"), ["policy_id"], unique=False)

    op.create_table(
        "sla_firings",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("step", sa.String(length=22), nullable=False),
        sa.Column("action", JSONText(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column(
            "error",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["clock_id"], ["sla_clocks.id"], name=op.f("fk_sla_firings_clock_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_sla_firings_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_firings")),
        sa.UniqueConstraint("clock_id", "step", name=op.f("uq_sla_firings_clock_id_step")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("sla_firings", schema=None) as batch_op:
        batch_op.create_index("ix_sla_firings_ticket_state", ["ticket_id", "state"], unique=False)

    op.create_table(
        "sla_policies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_promised", sa.Boolean(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=True),
        sa.Column("conditions", JSONText(), nullable=False),
        sa.Column("targets", JSONText(), nullable=False),
        sa.Column("steps", JSONText(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.ForeignKeyConstraint(["calendar_id"], ["sla_calendars.id"], name=op.f("fk_sla_policies_calendar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_policies")),
        sa.UniqueConstraint("uid", name=op.f("uq_sla_policies_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("sla_policies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sla_policies_calendar_id"), ["calendar_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("sla_policies")
    op.drop_table("sla_firings")
    op.drop_table("sla_watched")
    op.drop_table("sla_ledger")
    op.drop_table("sla_clocks")
    op.drop_table("sla_calendars")
