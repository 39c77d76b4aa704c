"""The tables of the gateway."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from helpdesk_core.api import JSONText, UTCDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "email_blocked",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("value", sa.String(length=320), nullable=False),
        sa.Column("blocked_by", sa.String(length=255), nullable=False),
        sa.Column("blocked_at", UTCDateTime(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_blocked")),
        sa.UniqueConstraint("uid", name=op.f("uq_email_blocked_uid")),
        sa.UniqueConstraint("value", name=op.f("uq_email_blocked_value")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "email_doors",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "sealed",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("topic", sa.String(length=255), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("mail_at", UTCDateTime(), nullable=True),
        sa.Column(
            "last_error",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=True,
        ),
        sa.Column("error_at", UTCDateTime(), nullable=True),
        sa.Column("taken_count", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_doors")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_email_doors_key_hash")),
        sa.UniqueConstraint("uid", name=op.f("uq_email_doors_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "email_mailboxes",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("protocol", sa.String(length=8), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("security", sa.String(length=16), nullable=False),
        sa.Column("login", sa.String(length=16), nullable=False),
        sa.Column("username", sa.String(length=320), nullable=False),
        sa.Column(
            "sealed",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=True,
        ),
        sa.Column("folder", sa.String(length=255), nullable=False),
        sa.Column("afterwards", sa.String(length=16), nullable=False),
        sa.Column("move_to", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("idle", sa.Boolean(), nullable=False),
        sa.Column("only_new", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=True),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("looked", sa.Boolean(), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=True),
        sa.Column("lease", sa.String(length=64), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("tried_at", UTCDateTime(), nullable=True),
        sa.Column("succeeded_at", UTCDateTime(), nullable=True),
        sa.Column("mail_at", UTCDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column(
            "last_error",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=True,
        ),
        sa.Column("taken_count", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_mailboxes")),
        sa.UniqueConstraint("name", name=op.f("uq_email_mailboxes_name")),
        sa.UniqueConstraint("uid", name=op.f("uq_email_mailboxes_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("email_mailboxes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_email_mailboxes_next_at"), ["next_at"], unique=False)

    op.create_table(
        "email_received",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("envelope_sender", sa.String(length=320), nullable=True),
        sa.Column("envelope_recipients", JSONText(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column(
            "reason",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=True,
        ),
        sa.Column("sender", sa.String(length=320), nullable=True),
        sa.Column("domain", sa.String(length=255), nullable=True),
        sa.Column("subject", sa.String(length=500), nullable=True),
        sa.Column(
            "message_id",
            sa.String(length=998)
            .with_variant(sa.String(length=700), "mariadb")
            .with_variant(sa.String(length=700), "mysql"),
            nullable=True,
        ),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("decisions", JSONText(), nullable=False),
        sa.Column("processed_at", UTCDateTime(), nullable=True),
        sa.Column("forgotten_at", UTCDateTime(), nullable=True),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_email_received_department_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_email_received_ticket_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_received")),
        sa.UniqueConstraint("key", name=op.f("uq_email_received_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_email_received_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("email_received", schema=None) as batch_op:
        batch_op.create_index(
            "ix_email_received_department_id_received_at", ["department_id", "received_at"], unique=False
        )
        batch_op.create_index("ix_email_received_domain_received_at", ["domain", "received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_email_received_forgotten_at"), ["forgotten_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_email_received_message_id"), ["message_id"], unique=False)
        batch_op.create_index("ix_email_received_sender_received_at", ["sender", "received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_email_received_sha256"), ["sha256"], unique=False)
        batch_op.create_index("ix_email_received_state_received_at", ["state", "received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_email_received_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "email_rules",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("sender", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.String(length=320), nullable=False),
        sa.Column("header", sa.String(length=100), nullable=False),
        sa.Column("header_value", sa.String(length=320), nullable=False),
        sa.Column("larger_than_kb", sa.Integer(), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("tags", JSONText(), nullable=False),
        sa.Column("end", sa.String(length=16), nullable=False),
        sa.Column("is_quiet", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_rules")),
        sa.UniqueConstraint("uid", name=op.f("uq_email_rules_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("email_rules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_email_rules_position"), ["position"], unique=False)

    op.create_table(
        "email_suppressed",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column(
            "reason",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("suppressed_at", UTCDateTime(), nullable=False),
        sa.Column("uid", sa.String(length=22), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_suppressed")),
        sa.UniqueConstraint("address", name=op.f("uq_email_suppressed_address")),
        sa.UniqueConstraint("uid", name=op.f("uq_email_suppressed_uid")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "email_filings",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("mail_key", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("received_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["received_id"], ["email_received.id"], name=op.f("fk_email_filings_received_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_email_filings_ticket_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_filings")),
        sa.UniqueConstraint("mail_key", "place", name=op.f("uq_email_filings_mail_key_place")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("email_filings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_email_filings_received_id"), ["received_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_email_filings_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "email_taken",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["email_mailboxes.id"], name=op.f("fk_email_taken_mailbox_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_taken")),
        sa.UniqueConstraint("mailbox_id", "key", name=op.f("uq_email_taken_mailbox_id_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "email_undelivered",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column(
            "reason",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("permanent", sa.Boolean(), nullable=False),
        sa.Column("received_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=True),
        sa.Column("reported_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_email_undelivered_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["received_id"], ["email_received.id"], name=op.f("fk_email_undelivered_received_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_undelivered")),
        sa.UniqueConstraint("message_id", "address", name=op.f("uq_email_undelivered_message_id_address")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("email_undelivered", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_email_undelivered_received_id"), ["received_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("email_undelivered")
    op.drop_table("email_taken")
    op.drop_table("email_filings")
    op.drop_table("email_suppressed")
    op.drop_table("email_rules")
    op.drop_table("email_received")
    op.drop_table("email_mailboxes")
    op.drop_table("email_doors")
    op.drop_table("email_blocked")
