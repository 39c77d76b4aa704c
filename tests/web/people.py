"""Signing people in for tests of pages."""

from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.users.models import User

PASSWORD = "a password for tests"


def sign_in(browser: Browser, world: World, role: str = "", *departments: str, owner: bool = False) -> User:
    """Make somebody with a default role in the departments (or everywhere; none without a role), and sign them in."""
    user = world.user(f"{role or 'customer'} here".title(), password=PASSWORD, is_owner=owner)
    if role:
        world.grant(user, role, *departments)
    page = browser.login(user.primary_email or "", PASSWORD)
    assert page.status in (200, 404), page.words
    return user
