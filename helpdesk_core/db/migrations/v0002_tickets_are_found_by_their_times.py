"""Tickets are found by their times."""

from alembic import op

revision = "0002"
down_revision = "0001"

INDEXES = {
    "ix_tickets_created": "created_at",
    "ix_tickets_last_customer": "last_customer_at",
    "ix_tickets_last_agent": "last_agent_at",
    "ix_tickets_closed": "closed_at",
}


def upgrade() -> None:
    """Go one revision up."""
    for name, column in INDEXES.items():
        op.create_index(name, "tickets", [column, "id"])


def downgrade() -> None:
    """Go back."""
    for name in INDEXES:
        op.drop_index(name, "tickets")
