"""Core is told what roles people have because of a provider."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

PEOPLE = sa.table("oidc_people", sa.column("user_id"), sa.column("roles"))
ROLES = sa.table("roles", sa.column("id"), sa.column("key"))
DEPARTMENTS = sa.table("departments", sa.column("id"), sa.column("key"))
LENT = sa.table("lent_roles", *(sa.column(name) for name in ("user_id", "plugin", "role_id", "department_id")))


def upgrade() -> None:
    """Go one revision up."""
    db = op.get_bind()
    db.execute(sa.delete(LENT).where(LENT.c.plugin == "oidc"))
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
        db.execute(sa.insert(LENT).values(user_id=user_id, plugin="oidc", **ids))


def downgrade() -> None:
    """Go back; rows of core are as good for the revision before, which does not read them."""
