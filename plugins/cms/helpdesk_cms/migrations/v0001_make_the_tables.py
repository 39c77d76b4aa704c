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
        "cms_sites",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("origins", JSONText(), nullable=False),
        sa.Column(
            "secrets",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("staff", sa.Boolean(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("comment_department_id", sa.Integer(), nullable=True),
        sa.Column("logout_url", sa.String(length=2000), nullable=False),
        sa.Column("answers_url", sa.String(length=2000), nullable=False),
        sa.Column("roles", JSONText(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_department_id"],
            ["departments.id"],
            name=op.f("fk_cms_sites_comment_department_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_cms_sites_department_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cms_sites")),
        sa.UniqueConstraint("key", name=op.f("uq_cms_sites_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "cms_frames",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("visitor", JSONText(), nullable=False),
        sa.Column("data", JSONText(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["cms_sites.id"], name=op.f("fk_cms_frames_site_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_cms_frames_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cms_frames")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_cms_frames_key_hash")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("cms_frames", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cms_frames_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_cms_frames_site_id"), ["site_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cms_frames_user_id"), ["user_id"], unique=False)

    op.create_table(
        "cms_people",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("data", JSONText(), nullable=False),
        sa.Column("roles", JSONText(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["cms_sites.id"], name=op.f("fk_cms_people_site_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_cms_people_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cms_people")),
        sa.UniqueConstraint("site_id", "sub", name=op.f("uq_cms_people_site_id_sub")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("cms_people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cms_people_user_id"), ["user_id"], unique=False)

    op.create_table(
        "cms_refusals",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["cms_sites.id"], name=op.f("fk_cms_refusals_site_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cms_refusals")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("cms_refusals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cms_refusals_at"), ["at"], unique=False)
        batch_op.create_index("ix_cms_refusals_site_id_at", ["site_id", "at"], unique=False)

    op.create_table(
        "cms_sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("session_uid", sa.String(length=22), nullable=False),
        sa.Column("begun_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["cms_sites.id"], name=op.f("fk_cms_sessions_site_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_cms_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cms_sessions")),
        sa.UniqueConstraint("session_uid", name=op.f("uq_cms_sessions_session_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("cms_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cms_sessions_begun_at"), ["begun_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_cms_sessions_site_id"), ["site_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cms_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "cms_tickets",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column("site_name", sa.String(length=120), nullable=False),
        sa.Column("page", sa.String(length=2000), nullable=False),
        sa.Column("data", JSONText(), nullable=False),
        sa.Column("comment", sa.String(length=191), nullable=True),
        sa.Column("page_title", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["cms_sites.id"], name=op.f("fk_cms_tickets_site_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_cms_tickets_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cms_tickets")),
        sa.UniqueConstraint("site_id", "comment", name=op.f("uq_cms_tickets_site_id_comment")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_cms_tickets_ticket_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "cms_used_tokens",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("jti_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["cms_sites.id"], name=op.f("fk_cms_used_tokens_site_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cms_used_tokens")),
        sa.UniqueConstraint("site_id", "jti_hash", name=op.f("uq_cms_used_tokens_site_id_jti_hash")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("cms_used_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cms_used_tokens_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("cms_used_tokens")
    op.drop_table("cms_tickets")
    op.drop_table("cms_sessions")
    op.drop_table("cms_refusals")
    op.drop_table("cms_people")
    op.drop_table("cms_frames")
    op.drop_table("cms_sites")
