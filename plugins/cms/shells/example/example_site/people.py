"""The people and groups of the example."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission

AGENT_MAY = ["see_dashboard", "access_admin", "can_moderate", "change_comment", "view_comment"]


def make_people(people: "Mapping[str, Mapping[str, Any]]", password: str) -> None:
    """Make accounts: `agent` may moderate comments and see what waits, `admin` may do everything."""
    model = get_user_model()
    agents, _ = Group.objects.get_or_create(name="agents")
    agents.permissions.set(Permission.objects.filter(codename__in=AGENT_MAY))
    for key, person in people.items():
        first, _, last = person["name"].partition(" ")
        user = model.objects.create_user(key, person["email"], password, first_name=first, last_name=last)
        user.is_staff, user.is_superuser = key in ("agent", "admin"), key == "admin"
        user.save()
        if key == "agent":
            user.groups.add(agents)
