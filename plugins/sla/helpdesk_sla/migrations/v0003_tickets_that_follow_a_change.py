"""Which tickets are still to follow a changed policy or calendar, apart from what is due on them."""

import sqlalchemy as sa
from alembic import op

from helpdesk_core.api import UTCDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go one revision up."""
    with op.batch_alter_table("sla_watched") as watched:
        watched.add_column(sa.Column("edited_at", UTCDateTime(), nullable=True))
        watched.create_index("ix_sla_watched_edited", ["edited_at", "ticket_id"])


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("sla_watched") as watched:
        watched.drop_index("ix_sla_watched_edited")
        watched.drop_column("edited_at")
