"""Which session of a site began a sign-in or a frame."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
TABLES = ("cms_frames", "cms_sessions")


def upgrade() -> None:
    """Go one revision up."""
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("sid", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Go back."""
    for name in TABLES:
        with op.batch_alter_table(name) as table:
            table.drop_column("sid")
