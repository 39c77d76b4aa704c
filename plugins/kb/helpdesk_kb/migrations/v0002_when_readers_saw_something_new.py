"""When readers last saw something new."""

import sqlalchemy as sa
from alembic import op

from helpdesk_core.api import UTCDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go one revision up."""
    with op.batch_alter_table("kb_texts") as texts:
        texts.add_column(sa.Column("live_at", UTCDateTime(), nullable=True))
    rows = sa.table("kb_texts", sa.column("live_at"), sa.column("live"), sa.column("updated_at"))
    op.execute(rows.update().where(rows.c.live.is_not(None)).values(live_at=rows.c.updated_at))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("kb_texts") as texts:
        texts.drop_column("live_at")
