"""Descriptions of categories in other languages."""

import sqlalchemy as sa
from alembic import op

from helpdesk_core.api import JSONText

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go one revision up."""
    with op.batch_alter_table("kb_categories") as categories:
        categories.add_column(sa.Column("descriptions", JSONText(), nullable=True))
    rows = sa.table("kb_categories", sa.column("descriptions", JSONText()))
    op.execute(rows.update().values(descriptions={}))
    with op.batch_alter_table("kb_categories") as categories:
        categories.alter_column("descriptions", existing_type=JSONText(), nullable=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("kb_categories") as categories:
        categories.drop_column("descriptions")
