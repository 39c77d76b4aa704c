"""Which reader has read a text."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go one revision up."""
    with op.batch_alter_table("search_texts") as texts:
        texts.add_column(sa.Column("reader", sa.Integer(), server_default="1", nullable=False))
        texts.create_index("ix_search_texts_reader", ["reader"])


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("search_texts") as texts:
        texts.drop_index("ix_search_texts_reader")
        texts.drop_column("reader")
