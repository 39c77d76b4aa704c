"""Which comments become tickets; and core is told what roles people have because of a site."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

PEOPLE = sa.table("cms_people", sa.column("user_id"), sa.column("roles"))
ROLES = sa.table("roles", sa.column("id"), sa.column("key"))
DEPARTMENTS = sa.table("departments", sa.column("id"), sa.column("key"))
LENT = sa.table("lent_roles", *(sa.column(name) for name in ("user_id", "plugin", "role_id", "department_id")))


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "cms_comments",
        sa.Column("id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), nullable=False),
        sa.Column("comment", sa.String(length=191), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"], ["cms_sites.id"], name=op.f("fk_cms_comments_site_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_cms_comments_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cms_comments")),
        sa.UniqueConstraint("site_id", "comment", name=op.f("uq_cms_comments_site_id_comment")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("cms_comments", schema=None) as table:
        table.create_index(table.f("ix_cms_comments_ticket_id"), ["ticket_id"], unique=False)
    _note_what_is_lent()


def _note_what_is_lent() -> None:
    db = op.get_bind()
    db.execute(sa.delete(LENT).where(LENT.c.plugin == "cms"))
    roles = {key: id_ for id_, key in db.execute(sa.select(ROLES))}
    departments = {"": None, **{key: id_ for id_, key in db.execute(sa.select(DEPARTMENTS))}}
    given = {
        (user_id, role, at)
        for user_id, listed in db.execute(sa.select(PEOPLE).where(PEOPLE.c.roles != "[]"))
        for role, at in json.loads(listed)
        if role in roles and at in departments
    }
    for user_id, role, at in sorted(given):
        ids = {"role_id": roles[role], "department_id": departments[at]}
        db.execute(sa.insert(LENT).values(user_id=user_id, plugin="cms", **ids))


def downgrade() -> None:
    """Go back."""
    op.drop_table("cms_comments")
