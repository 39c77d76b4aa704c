"""The tables of the ratings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from helpdesk_core.api import JSONText, UTCDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "ratings_asks",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ratings_asks_ticket_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ratings_asks_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings_asks")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_ratings_asks_ticket_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("ratings_asks", schema=None) as batch_op:
        batch_op.create_index("ix_ratings_asks_state_due_at", ["state", "due_at"], unique=False)
        batch_op.create_index("ix_ratings_asks_user_id_asked_at", ["user_id", "asked_at"], unique=False)

    op.create_table(
        "ratings_ratings",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("target", sa.String(length=40), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("scale", sa.String(length=8), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("reasons", JSONText(), nullable=False),
        sa.Column(
            "comment",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["users.id"], name=op.f("fk_ratings_ratings_agent_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_ratings_ratings_department_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_ratings_ratings_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ratings_ratings_ticket_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_ratings_ratings_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings_ratings")),
        sa.UniqueConstraint("target", "user_id", name=op.f("uq_ratings_ratings_target_user_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_ratings_ratings_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("ratings_ratings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ratings_ratings_agent_id"), ["agent_id"], unique=False)
        batch_op.create_index("ix_ratings_ratings_day_department_id", ["day", "department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ratings_ratings_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ratings_ratings_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ratings_ratings_ticket_id"), ["ticket_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ratings_ratings_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("ratings_ratings")
    op.drop_table("ratings_asks")
