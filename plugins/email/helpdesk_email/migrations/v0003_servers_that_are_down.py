"""Servers that are down."""

import sqlalchemy as sa
from alembic import op

from helpdesk_core.api import UTCDateTime
from helpdesk_core.api.db import LongText

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go one revision up."""
    with op.batch_alter_table("email_department_mail") as mail:
        mail.add_column(sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
        mail.add_column(sa.Column("failed_since", UTCDateTime(), nullable=True))
        mail.add_column(sa.Column("last_error", LongText, nullable=True))
        mail.add_column(sa.Column("try_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("email_department_mail") as mail:
        for column in ("try_at", "last_error", "failed_since", "failures"):
            mail.drop_column(column)
