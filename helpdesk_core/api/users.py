"""People: accounts, organisations, roles and permissions."""

from helpdesk_core.users.accounts import (
    change_user,
    create_user,
    deactivate_user,
    find_by_address,
    find_or_create_by_address,
    find_user,
    reactivate_user,
)
from helpdesk_core.users.actors import SignedIn, all_permissions, load_actor_by_user, load_actors_by_users
from helpdesk_core.users.addresses import clean_name, domain_of, name_from_address, normalise, readable
from helpdesk_core.users.directory import UserPage, list_users, read_user
from helpdesk_core.users.explain import Explanation, Rule, explain
from helpdesk_core.users.inputs import Credentials, Identity, PersonalData, RolePair, UserDraft
from helpdesk_core.users.lending import Borrows, Lending, LendsRoles
from helpdesk_core.users.links import guest_token
from helpdesk_core.users.models import EmailAddress, Grant, Organisation, Role, User
from helpdesk_core.users.organisations import (
    OrganisationDraft,
    change_organisation,
    create_organisation,
    find_organisation,
    members,
    organisations,
)
from helpdesk_core.users.permissions import CORE_PERMISSIONS, Permission, require, require_everywhere
from helpdesk_core.users.profiles import owners_of
from helpdesk_core.users.roles import all_roles, change_role, find_role, grant_role, revoke_role, roles_of
from helpdesk_core.users.sessions import NewSession, revoke_session
from helpdesk_core.users.signin import open_session
from helpdesk_core.users.staff import (
    Colleague,
    colleague_problem,
    colleagues,
    is_staff,
    may_work,
    people_who_may,
    people_with_role,
)
from helpdesk_core.users.visitors import check_visitor

__all__ = [
    "CORE_PERMISSIONS",
    "Borrows",
    "Colleague",
    "Credentials",
    "EmailAddress",
    "Explanation",
    "Grant",
    "Identity",
    "Lending",
    "LendsRoles",
    "NewSession",
    "Organisation",
    "OrganisationDraft",
    "Permission",
    "PersonalData",
    "Role",
    "RolePair",
    "Rule",
    "SignedIn",
    "User",
    "UserDraft",
    "UserPage",
    "all_permissions",
    "all_roles",
    "change_organisation",
    "change_role",
    "change_user",
    "check_visitor",
    "clean_name",
    "colleague_problem",
    "colleagues",
    "create_organisation",
    "create_user",
    "deactivate_user",
    "domain_of",
    "explain",
    "find_by_address",
    "find_or_create_by_address",
    "find_organisation",
    "find_role",
    "find_user",
    "grant_role",
    "guest_token",
    "is_staff",
    "list_users",
    "load_actor_by_user",
    "load_actors_by_users",
    "may_work",
    "members",
    "name_from_address",
    "normalise",
    "open_session",
    "organisations",
    "owners_of",
    "people_who_may",
    "people_with_role",
    "reactivate_user",
    "read_user",
    "readable",
    "require",
    "require_everywhere",
    "revoke_role",
    "revoke_session",
    "roles_of",
]
