"""Rules and what came of them."""

import sqlalchemy as sa
from alembic import op

from helpdesk_core.api import JSONText, UTCDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "rules_people",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("skills", JSONText(), nullable=False),
        sa.Column("is_away", sa.Boolean(), nullable=False),
        sa.Column("given_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_rules_people_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_rules_people")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "rules_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_last", sa.Boolean(), nullable=False),
        sa.Column("match", sa.String(length=8), nullable=False),
        sa.Column("triggers", JSONText(), nullable=False),
        sa.Column("conditions", JSONText(), nullable=False),
        sa.Column("actions", JSONText(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_rules")),
        sa.UniqueConstraint("name", name=op.f("uq_rules_rules_name")),
        sa.UniqueConstraint("uid", name=op.f("uq_rules_rules_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("rules_rules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rules_rules_position"), ["position"], unique=False)

    op.create_table(
        "rules_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column("trigger", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("from_seq", sa.Integer(), nullable=False),
        sa.Column("to_seq", sa.Integer(), nullable=False),
        sa.Column("chain", JSONText(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_rules_runs_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_runs")),
        sa.UniqueConstraint("event_id", name=op.f("uq_rules_runs_event_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("rules_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rules_runs_at"), ["at"], unique=False)
        batch_op.create_index("ix_rules_runs_ticket_seq", ["ticket_id", "to_seq"], unique=False)

    op.create_table(
        "rules_timed",
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["rules_rules.id"], name=op.f("fk_rules_timed_rule_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_rules_timed_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rule_id", "ticket_id", name=op.f("pk_rules_timed")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("rules_timed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rules_timed_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "rules_verdicts",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=True),
        sa.Column("rule_name", sa.String(length=100), nullable=False),
        sa.Column("trigger", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("details", JSONText(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["rules_rules.id"], name=op.f("fk_rules_verdicts_rule_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["rules_runs.id"], name=op.f("fk_rules_verdicts_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_rules_verdicts_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_verdicts")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("rules_verdicts", schema=None) as batch_op:
        batch_op.create_index("ix_rules_verdicts_rule", ["rule_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rules_verdicts_run_id"), ["run_id"], unique=False)
        batch_op.create_index("ix_rules_verdicts_ticket", ["ticket_id", "id"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("rules_verdicts")
    op.drop_table("rules_timed")
    op.drop_table("rules_runs")
    op.drop_table("rules_rules")
    op.drop_table("rules_people")
