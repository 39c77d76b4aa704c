"""Make the tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from helpdesk_core.api import JSONText, UTCDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "services_sources",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("found_by", sa.String(length=120), nullable=False),
        sa.Column("settings", JSONText(), nullable=False),
        sa.Column(
            "secrets",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services_sources")),
        sa.UniqueConstraint("key", name=op.f("uq_services_sources_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_services_sources_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "services_tickets",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column(
            "link",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("facts", JSONText(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("taken_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_services_tickets_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services_tickets")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("services_tickets", schema=None) as batch_op:
        batch_op.create_index("ix_services_tickets_current_name", ["is_current", "name"], unique=False)
        batch_op.create_index("ix_services_tickets_current_type", ["is_current", "type"], unique=False)
        batch_op.create_index(batch_op.f("ix_services_tickets_ticket_id"), ["ticket_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("services_tickets")
    op.drop_table("services_sources")
