"""People: finding them, making accounts, changing what is written about them and how they are reached."""

from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from helpdesk_core.errors import Invalid, RateLimited
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users import accounts, recovery
from helpdesk_core.users.directory import list_users, read_user
from helpdesk_core.users.inputs import UserDraft
from helpdesk_core.users.models import Grant, User
from helpdesk_core.users.organisations import organisations as find_organisations
from helpdesk_core.users.permissions import require_everywhere
from helpdesk_core.users.roles import all_roles, grant_role, roles_of
from helpdesk_core.users.sessions import sessions_of
from helpdesk_core.users.tokens import tokens_of
from helpdesk_core.web.admin.common import act, attempt, departments_for, everywhere, new_routes, show, ticked, typed
from helpdesk_core.web.context import current_actor, current_desk, db, signed_in, words
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import languages
from helpdesk_core.web.portal.devices import device_name
from helpdesk_core.web.zones import zones

routes = new_routes()

KINDS = {"staff": True, "customers": False}


@routes.get("/people", permission="user.read")
def people() -> Any:
    """Find people by name or address."""
    q, kind, state = (request.args.get(name, "") for name in ("q", "kind", "state"))
    after = request.args.get("after") or None
    found = list_users(
        db(),
        current_actor(),
        query=q,
        staff=KINDS.get(kind),
        active={"active": True, "off": False}.get(state),
        after=after,
    )
    ids = [each.id for each in found.items]
    grants = select(Grant).where(Grant.user_id.in_(ids)).options(joinedload(Grant.role)).order_by(Grant.id)
    roles: dict[int, dict[str, None]] = {}
    for grant in db().scalars(grants):
        roles.setdefault(grant.user_id, {})[grant.role.name] = None
    filters: dict[str, Any] = {"q": q or None, "kind": kind or None, "state": state or None}
    return show(
        "people",
        people=found.items,
        roles={user_id: list(names) for user_id, names in roles.items()},
        q=q,
        kind=kind,
        state=state,
        start=url_for("admin.people", **filters) if after else "",
        older=url_for("admin.people", after=found.next, **filters) if found.next else "",
        may_create=everywhere("user.manage"),
    )


@routes.form("/people/new", permission="user.manage")
def new_person() -> Any:
    """Make an account."""
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        made: list[User] = []
        draft = UserDraft(name=typed("name"), organisation=typed("organisation") or None)

        def create() -> None:
            made.append(
                accounts.create_user(current_desk(), current_actor(), draft, typed("address"), invite=ticked("invite"))
            )

        if not (errors := attempt(create)):
            flash(_("%(name)s has an account now.", name=made[0].name), "success")
            return _with_role(made[0].uid)
    return show(
        "person_new",
        errors,
        name=typed("name"),
        address=typed("address"),
        organisation=typed("organisation"),
        invite=ticked("invite", True),
        organisations=organisation_choices(None),
        role=typed("role"),
        department=typed("department"),
        roles=[(each.key, each.name) for each in all_roles(db())] if current_actor().may("role.manage") else [],
        departments=[(each.key, each.name) for each in departments_for("role.manage")],
        role_everywhere=everywhere("role.manage"),
    )


@routes.form("/people/<uid>", permission="user.read")
def person(uid: str) -> Any:
    """Show what is known of a person, and change it."""
    there = read_user(db(), current_actor(), uid)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        errors = attempt(
            lambda: accounts.change_user(
                current_desk(),
                current_actor(),
                uid,
                name=typed("name"),
                organisation=typed("organisation") or None,
                locale=typed("locale").strip() or None,
                timezone=typed("timezone").strip() or None,
            )
        )
        if not errors:
            flash(_("What is known of %(name)s is saved.", name=typed("name").strip()), "success")
            return redirect(url_for("admin.person", uid=uid))
    return show_person(there, errors)


@routes.post("/people/<uid>/active", permission="user.manage")
def switch_person(uid: str) -> Response:
    """Shut somebody out, or let them in again."""
    on = request.form.get("active") == "1"
    change = accounts.reactivate_user if on else accounts.deactivate_user
    done = _("The account can be used again.") if on else _("The account is shut; all its sessions have ended.")
    return act(lambda: change(current_desk(), current_actor(), uid), done, url_for("admin.person", uid=uid))


@routes.post("/people/<uid>/addresses", permission="user.manage")
def change_addresses(uid: str) -> Response:
    """Add an address to an account, take one away, or choose the one that mail goes to."""
    address, what = request.form.get("address", ""), request.form.get("do", "add")
    services: dict[str, Any] = {
        "add": (recovery.add_address, _("%(address)s is added.", address=address.strip())),
        "remove": (recovery.remove_address, _("%(address)s is taken away.", address=address)),
        "primary": (recovery.set_primary_address, _("Mail goes to %(address)s from now on.", address=address)),
    }
    change, done = services.get(what, services["add"])
    there = url_for("admin.person", uid=uid)
    return act(lambda: change(current_desk(), current_actor(), uid, address), done, there)


@routes.post("/people/<uid>/link", permission="user.manage")
def send_link(uid: str) -> Response:
    """Send somebody a link to choose a password."""
    require_everywhere(current_actor(), "user.manage")
    there = read_user(db(), current_actor(), uid)
    address = there.primary_email or ""

    def ask() -> None:
        if not there.is_active:
            raise Invalid(_l("The account is deactivated. Reactivate it first."))
        try:
            recovery.request_password_link(current_desk(), address, ip=None)
        except RateLimited as error:
            raise Invalid(error.args[0]) from error

    return act(ask, _("A link is on its way to %(address)s.", address=address), url_for("admin.person", uid=uid))


def _with_role(uid: str) -> Response:
    """Give a new account the role that was chosen with it, if any, and go on to its page."""
    role, department = typed("role"), typed("department") or None
    there = url_for("admin.person", uid=uid)
    if not role:
        return redirect(there)
    return act(
        lambda: grant_role(current_desk(), current_actor(), uid, role, department), _("The role is given."), there
    )


def show_person(there: User, errors: dict[str, list[str]]) -> Any:
    """Return the page of a person; `errors` are of the form with what is written about them."""
    actor, signed = current_actor(), signed_in()
    return show(
        "person",
        errors,
        person=there,
        form={name: typed(name, value) for name, value in _written(there).items()},
        organisations=organisation_choices(there),
        languages=_languages(there),
        zones=zones(there.timezone or ""),
        site_zone=current_desk().settings.site().timezone,
        browsers=[
            (each, device_name(each.device), signed is not None and each == signed.session)
            for each in sessions_of(current_desk(), db(), actor, there.uid)
        ],
        tokens=tokens_of(db(), actor, there.uid),
        now=current_desk().now(),
        grants=roles_of(db(), there.id),
        departments={each.id: each for each in words().departments.values()},
        roles=all_roles(db()) if actor.may("role.manage") else [],
        role_departments=departments_for("role.manage"),
        role_everywhere=everywhere("role.manage"),
        may_manage=everywhere("user.manage") and there.erased_at is None,
        may_grant=actor.may("role.manage") and there.is_active,
        may_own=acting_owner(),
        may_private=actor.may("privacy.manage"),
        is_self=there.id == actor.user_id,
    )


def acting_owner() -> bool:
    """Tell whether whoever asks is an owner."""
    signed = signed_in()
    return signed is not None and signed.user.is_owner and not signed.actor.limited


def organisation_choices(there: User | None) -> list[tuple[str, str]]:
    """Return the organisations to choose from: uid and name; the person's own is always among them."""
    found = {each.uid: each.name for each in find_organisations(db(), current_actor())}
    if there is not None and there.organisation is not None:
        found.setdefault(there.organisation.uid, there.organisation.name)
    return sorted(found.items(), key=lambda item: item[1].casefold())


def _languages(there: User) -> list[tuple[str, str]]:
    """Return the languages to choose from; the person's own is among them, also if no catalogue has it."""
    found = languages()
    if there.locale and there.locale not in dict(found):
        found.append((there.locale, there.locale))
    return found


def _written(there: User) -> dict[str, str]:
    return {
        "name": there.name,
        "organisation": there.organisation.uid if there.organisation else "",
        "locale": there.locale or "",
        "timezone": there.timezone or "",
    }
