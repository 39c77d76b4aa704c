"""Keep what sources of services have said."""

import sqlalchemy as sa
from alembic import op

from helpdesk_core.db.base import JSONText, UTCDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "known_services",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("is_proved", sa.Boolean(), nullable=False),
        sa.Column("services", JSONText(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_known_services_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "source", "is_proved", name=op.f("pk_known_services")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("known_services")
