"""Keep which plugin lends which role to whom."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

GENERATIONS = sa.table("generations", sa.column("topic"), sa.column("value"))


def upgrade() -> None:
    """Go one revision up; the row of the counter is made now, so that nobody has to make it beside others."""
    op.create_table(
        "lent_roles",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("plugin", sa.String(length=64), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_lent_roles_department_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_lent_roles_role_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_lent_roles_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lent_roles")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("lent_roles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lent_roles_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lent_roles_role_id"), ["role_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lent_roles_user_id"), ["user_id"], unique=False)
    op.bulk_insert(GENERATIONS, [{"topic": "lending", "value": 1}])


def downgrade() -> None:
    """Go back."""
    op.execute(GENERATIONS.delete().where(GENERATIONS.c.topic == "lending"))
    op.drop_table("lent_roles")
