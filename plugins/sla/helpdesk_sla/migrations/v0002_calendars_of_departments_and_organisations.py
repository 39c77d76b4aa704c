"""Calendars of departments and organisations."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "sla_calendar_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["sla_calendars.id"], name=op.f("fk_sla_calendar_uses_calendar_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_sla_calendar_uses_department_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_sla_calendar_uses_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_calendar_uses")),
        sa.UniqueConstraint("department_id", name=op.f("uq_sla_calendar_uses_department_id")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_sla_calendar_uses_organisation_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_sla_calendar_uses_calendar_id"), "sla_calendar_uses", ["calendar_id"])
    with op.batch_alter_table("sla_policies") as policies:
        policies.add_column(sa.Column("follows_ticket", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("sla_policies") as policies:
        policies.drop_column("follows_ticket")
    op.drop_table("sla_calendar_uses")
