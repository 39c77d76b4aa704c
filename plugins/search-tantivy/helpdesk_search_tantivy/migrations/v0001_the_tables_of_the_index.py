"""The tables of the index."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from helpdesk_core.api import JSONText, UTCDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "search_tantivy_stale",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=191), nullable=False),
        sa.Column("mark", sa.String(length=32), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name=op.f("pk_search_tantivy_stale")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("search_tantivy_stale", schema=None) as batch_op:
        batch_op.create_index("ix_search_tantivy_stale_is_done_since", ["is_done", "since"], unique=False)

    op.create_table(
        "search_tantivy_state",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", JSONText(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_search_tantivy_state")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "search_tantivy_texts",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "text",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_search_tantivy_texts")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("search_tantivy_texts")
    op.drop_table("search_tantivy_state")
    op.drop_table("search_tantivy_stale")
