"""The navigation of the admin area: what the person may do, in groups, and the entries of plugins."""

from collections.abc import Iterable
from typing import Any

from flask import g, request, url_for
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from helpdesk_core.actor import Actor
from helpdesk_core.events.models import Delivery
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.web import hooks
from helpdesk_core.web.context import current_actor, current_desk, db
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.parts import Link

Group = dict[str, Any]


def admin_nav() -> list[Group]:
    """Return the groups of the navigation for whoever asks; made once in a request, empty outside the admin area."""
    if not request.path.startswith("/admin"):
        return []
    if "admin_nav" not in g:
        g.admin_nav = []  # while it is made, a plugin's link that renders a page gets none
        g.admin_nav = _groups(current_actor())
    made: list[Group] = g.admin_nav
    return made


def undelivered() -> tuple[int, int]:
    """Return how many events are parked and how many mails have failed; asked once in a request."""
    if "undelivered" not in g:
        parked = select(func.count()).select_from(Delivery).where(Delivery.state == "parked")
        failed = select(func.count()).select_from(OutgoingMail).where(OutgoingMail.state == "failed")
        row = db().execute(select(parked.scalar_subquery(), failed.scalar_subquery())).one()
        g.undelivered = (int(row[0]), int(row[1]))
    counted: tuple[int, int] = g.undelivered
    return counted


def _groups(actor: Actor) -> list[Group]:
    parked, failed = _counted(actor)
    broken = len(current_desk().plugins.problems) if actor.may("plugin.manage") else 0
    wanted = (
        ("start", "", (("", _("Overview"), "admin.home", "home", 0),)),
        (
            "people",
            _("People"),
            (
                ("user.read", _("People"), "admin.people", "users", 0),
                ("user.read", _("Organisations"), "admin.organisations", "building-2", 0),
                ("role.manage", _("Roles"), "admin.roles", "shield", 0),
                ("role.manage", _("Who may do what"), "admin.rights", "key", 0),
            ),
        ),
        (
            "work",
            _("How tickets work"),
            (
                ("department.manage", _("Departments"), "admin.departments", "inbox", 0),
                ("settings.manage", _("Statuses"), "admin.statuses", "circle-dot", 0),
                ("settings.manage", _("Types"), "admin.types", "tag", 0),
                ("settings.manage", _("Priorities"), "admin.priorities", "flag", 0),
            ),
        ),
        (
            "site",
            _("This helpdesk"),
            (
                ("settings.manage", _("Settings"), "admin.settings", "settings", 0),
                ("settings.manage", _("Texts of mails"), "admin.mail_texts", "pencil", 0),
                ("plugin.manage", _("Plugins"), "admin.plugins", "puzzle", broken),
            ),
        ),
        (
            "running",
            _("Behind the scenes"),
            (
                ("event.manage", _("Outgoing mail"), "admin.outbox", "mail", failed),
                ("event.manage", _("Stuck events"), "admin.parked", "webhook", parked),
                ("audit.read", _("Record of changes"), "admin.audit", "scroll-text", 0),
                ("settings.manage", _("Health"), "admin.health", "server", 0),
            ),
        ),
    )
    groups = []
    for key, title, entries in wanted:
        items = [
            _item(label, url_for(endpoint), icon, count, loud=True)
            for permission, label, endpoint, icon, count in entries
            if not permission or actor.may(permission)
        ]
        if items:
            groups.append({"key": key, "title": title, "items": items})
    if links := _of_plugins(current_desk().hooks.collect(hooks.admin_links, actor=actor)):
        groups.append({"key": "plugins", "title": _("Added by plugins"), "items": links})
    return _with_one_current(groups)


def _with_one_current(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave only the nearest entry marked: a plugin's page may lie below another page of it that has an entry too."""
    current = [item for group in groups for item in group["items"] if item["current"]]
    for item in sorted(current, key=lambda item: len(item["href"]))[:-1]:
        item["current"] = False
    return groups


def _of_plugins(links: Iterable[Link]) -> list[dict[str, Any]]:
    ordered = sorted(links, key=lambda link: link.order)
    return [_item(link.label, link.href, link.icon or "puzzle", link.count, loud=link.loud) for link in ordered]


def _item(label: str, href: str, icon: str, count: int, *, loud: bool) -> dict[str, Any]:
    path, here = href.removeprefix(request.script_root).split("?")[0], request.path
    home = path == "/admin/"
    current = here.rstrip("/") == path.rstrip("/") or (not home and here.startswith(path.rstrip("/") + "/"))
    return {"label": label, "href": href, "icon": icon, "count": count, "loud": loud, "current": current}


def _counted(actor: Actor) -> tuple[int, int]:
    if not actor.may("event.manage"):
        return 0, 0
    try:
        return undelivered()
    except DBAPIError:  # the page that says that the database is away has a navigation too
        return 0, 0
