"""Ways out for mail."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from helpdesk_core.api import UTCDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "email_alerts",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column(
            "text",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_alerts")),
        sa.UniqueConstraint("key", name=op.f("uq_email_alerts_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "email_department_mail",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("security", sa.String(length=16), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column(
            "sealed",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=True,
        ),
        sa.Column("falls_back", sa.Boolean(), nullable=False),
        sa.Column("history", sa.String(length=16), nullable=False),
        sa.Column("reply_token", sa.String(length=16), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["departments.id"],
            name=op.f("fk_email_department_mail_department_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_department_mail")),
        sa.UniqueConstraint("department_id", name=op.f("uq_email_department_mail_department_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_email_department_mail_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "email_dkim_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("selector", sa.String(length=63), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("file", sa.String(length=500), nullable=False),
        sa.Column(
            "sealed",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=True,
        ),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column(
            "last_error",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=True,
        ),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_email_dkim_keys_department_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_dkim_keys")),
        sa.UniqueConstraint("uid", name=op.f("uq_email_dkim_keys_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("email_dkim_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_email_dkim_keys_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_email_dkim_keys_domain"), ["domain"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("email_dkim_keys")
    op.drop_table("email_department_mail")
    op.drop_table("email_alerts")
