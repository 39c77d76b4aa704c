"""Servers that let us in and take no mail."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go one revision up."""
    with op.batch_alter_table("email_department_mail") as mail:
        mail.add_column(sa.Column("failed_sending", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("email_department_mail") as mail:
        mail.drop_column("failed_sending")
