"""The texts that a site changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from helpdesk_core.api import JSONText, UTCDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "translate_overrides",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("domain", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("context", sa.String(length=255), nullable=True),
        sa.Column(
            "msgid",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("strings", JSONText(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_translate_overrides")),
        sa.UniqueConstraint("digest", name=op.f("uq_translate_overrides_digest")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("translate_overrides", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_translate_overrides_locale"), ["locale"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("translate_overrides")
