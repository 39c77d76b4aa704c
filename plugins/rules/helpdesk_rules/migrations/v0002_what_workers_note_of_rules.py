"""What workers note of rules."""

import sqlalchemy as sa
from alembic import op

from helpdesk_core.api import LongText, UTCDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go one revision up."""
    with op.batch_alter_table("rules_rules") as rules:
        rules.add_column(sa.Column("looked_at", UTCDateTime(), nullable=True))
        rules.add_column(sa.Column("swept_at", UTCDateTime(), nullable=True))
        rules.add_column(sa.Column("problem", LongText, nullable=True))
        rules.add_column(sa.Column("problem_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("rules_rules") as rules:
        rules.drop_column("problem_at")
        rules.drop_column("problem")
        rules.drop_column("swept_at")
        rules.drop_column("looked_at")
