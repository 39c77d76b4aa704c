"""The record of changes in words: what happened, said after the name of who did it."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from sqlalchemy import select

from helpdesk_core.events.models import EventRow
from helpdesk_core.mail.texts import OWNER as MAIL_TEXTS
from helpdesk_core.texts import CORE_DOMAIN
from helpdesk_core.users.models import Organisation, Role, User
from helpdesk_core.web.admin.mail_texts import titles as mail_titles
from helpdesk_core.web.admin.settings import subjects
from helpdesk_core.web.context import current_desk, db, words
from helpdesk_core.web.desk.story import Known, deed
from helpdesk_core.web.localisation import PageTexts, spoken

logger = logging.getLogger(__name__)
_ = PageTexts(CORE_DOMAIN).gettext

AREAS: Mapping[str, Sequence[str]] = {
    "tickets": ("ticket.", "message.", "participant.", "operation."),
    "people": ("user.", "organisation.", "role."),
    "setup": ("department.", "workflow.", "settings.", "plugin."),
    "mail": ("mail.",),
}
"""What the record can be narrowed to: how the types of events begin. Each plugin is one of its own."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the events of a page are told with."""

    people: Mapping[int, str] = field(default_factory=dict)
    organisations: Mapping[int, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    departments: Mapping[int, str] = field(default_factory=dict)
    uids: Mapping[str, str] = field(default_factory=dict)


def areas() -> dict[str, str]:
    """Return what the record can be narrowed to, with names."""
    core = {"tickets": _("Tickets"), "people": _("People"), "setup": _("Settings and workflow"), "mail": _("Mail")}
    desk = current_desk()
    owners = {kind.partition(".")[0] for kind in desk.event_types}
    return core | {state.id: str(spoken(state.title or state.id)) for state in desk.plugins if state.id in owners}


def beginnings(area: str) -> Sequence[str]:
    """Return how the types of an area's events begin."""
    return AREAS.get(area, (f"{area}.",))


def names_for(rows: Iterable[EventRow]) -> Names:
    """Return the names of people and things that the events mention by id."""
    rows = list(rows)
    users = {row.data["user_id"] for row in rows if isinstance(row.data.get("user_id"), int)}
    uids = {
        uid for row in rows if row.type == "ticket.changed" for uid in row.data["changes"].get("assignee", ()) if uid
    }
    firms = {row.data["organisation_id"] for row in rows if "organisation_id" in row.data}
    session = db()
    found = session.execute(select(User.id, User.uid, User.name).where(User.id.in_(users) | User.uid.in_(uids))).all()
    named = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(firms))).all()
    return Names(
        people={each.id: each.name for each in found},
        uids={each.uid: each.name for each in found},
        organisations={each.id: each.name for each in named},
        roles={key: str(spoken(name)) for key, name in session.execute(select(Role.key, Role.name)).all()},
        departments={each.id: str(spoken(each.name)) for each in words().departments.values()},
    )


def told(row: EventRow, names: Names) -> str | Markup:
    """Return what happened, in words; empty for an event that nobody has words for."""
    sentence = SENTENCES.get(row.type)
    if sentence is not None:
        return sentence(_Data(row.data), names)
    if row.type in ("message.posted", "message.redacted"):
        return _message(row)
    if row.type.startswith(tuple(AREAS["tickets"])):
        return deed(row, Known(words(), names.uids, names.people)) or ""
    return _by_plugin(row)


def _by_plugin(row: EventRow) -> str:
    known = current_desk().event_types.get(row.type)
    if known is None:
        return ""
    try:
        return str(spoken(known.load(row).told()))
    except (TypeError, KeyError, ValueError, AttributeError):
        # An event of an earlier version may lack what the present one tells of.
        logger.warning("the event %s of type %s cannot be told", row.id, row.type, exc_info=True)
        return ""


class _Data(dict[str, Any]):
    """What an event says; what it does not is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def _person(data: Mapping[str, Any], names: Names) -> str:
    return names.people.get(data["user_id"]) or _("somebody")


def _message(row: EventRow) -> str:
    if row.type == "message.redacted":
        return _("removed the content of a message: %(reason)s", reason=row.data["reason"])
    if row.data["kind"] == "internal":
        return _("added a note")
    return _("asked") if row.data.get("first") else _("wrote a message")


def _opened(data: Mapping[str, Any], _names: Names) -> str:
    return _("opened the ticket “%(subject)s”", subject=data["subject"])


def _account_made(data: Mapping[str, Any], names: Names) -> str:
    if data["reason"] == "sign_up":
        return _("signed up: %(person)s", person=_person(data, names))
    return _("made an account for %(person)s", person=_person(data, names))


def _account_changed(data: Mapping[str, Any], names: Names) -> str:
    parts = {
        "name": _("name"),
        "organisation": _("organisation"),
        "addresses": _("addresses"),
        "password": _("password"),
        "locale": _("language"),
        "timezone": _("time zone"),
        "phone": _("phone"),
        "note": _("note"),
    }
    fields = ", ".join(parts.get(each, each) for each in data["changed"])
    return _("changed the account of %(person)s: %(fields)s", person=_person(data, names), fields=fields)


def _link_requested(data: Mapping[str, Any], names: Names) -> str:
    person = _person(data, names)
    if data["reason"] == "invite":
        return _("invited %(person)s", person=person)
    return _("asked for a link to choose a password for %(person)s", person=person)


def _role_given(data: Mapping[str, Any], names: Names) -> str:
    person, role = _person(data, names), names.roles.get(data["role"], data["role"])
    if data["department_id"] is None:
        return _("gave %(person)s the role “%(role)s” in all departments", person=person, role=role)
    where = names.departments.get(data["department_id"], _("a department"))
    return _("gave %(person)s the role “%(role)s” in “%(where)s”", person=person, role=role, where=where)


def _role_taken(data: Mapping[str, Any], names: Names) -> str:
    role = names.roles.get(data["role"], data["role"])
    return _("took the role “%(role)s” from %(person)s", person=_person(data, names), role=role)


def _role_changed(data: Mapping[str, Any], names: Names) -> str:
    role = names.roles.get(data["role"], data["role"])
    return _("deleted the role “%(role)s”", role=role) if data["deleted"] else _("saved the role “%(role)s”", role=role)


def _organisation(data: Mapping[str, Any], names: Names) -> str:
    if data["deleted"]:
        return _("deleted an organisation")
    return _("saved the organisation “%(name)s”", name=names.organisations.get(data["organisation_id"], "–"))


def _department(data: Mapping[str, Any], names: Names) -> str:
    return names.departments.get(data["department_id"], str(data["key"]))


def _settings(data: Mapping[str, Any], _names: Names) -> str:
    if data["owner"] == MAIL_TEXTS:
        return _("changed texts of mails")
    known = {each.owner: str(spoken(each.title)) for each in subjects()}
    return _("changed settings of “%(name)s”", name=known.get(data["owner"], data["owner"]))


def _plugin(data: Mapping[str, Any], _names: Names) -> str:
    state = {each.id: each for each in current_desk().plugins}.get(data["plugin"])
    name = str(spoken(state.title or state.id)) if state else data["plugin"]
    if data["what"] == "enabled":
        return _("switched the plugin “%(name)s” on", name=name)
    if data["what"] == "disabled":
        return _("switched the plugin “%(name)s” off", name=name)
    if data["what"] == "purged":
        return _("deleted all data of the plugin “%(name)s”", name=name)
    return _("let a part of the plugin “%(name)s” run again", name=name)


def _workflow(data: Mapping[str, Any], _names: Names) -> str:
    vocabulary = words()
    things: Mapping[str, tuple[str, Mapping[str, Any]]] = {
        "status": (_("statuses"), vocabulary.statuses),
        "type": (_("types"), vocabulary.types),
        "priority": (_("priorities"), vocabulary.priorities),
    }
    many, known = things.get(data["subject"], (data["subject"], {}))
    if not data["key"]:
        return _("changed the %(things)s of tickets", things=many)
    name = str(spoken(known[data["key"]].name)) if data["key"] in known else data["key"]
    if data["what"] == "created":
        return _("added to the %(things)s of tickets: “%(name)s”", things=many, name=name)
    if data["what"] == "deleted":
        return _("deleted from the %(things)s of tickets: “%(name)s”", things=many, name=name)
    return _("changed in the %(things)s of tickets: “%(name)s”", things=many, name=name)


def _mail(data: Mapping[str, Any]) -> str:
    title = mail_titles().get(data["template"])
    return str(title[0]) if title else str(data["template"])


def _of_person(sentence: Callable[[str], str]) -> Callable[[Mapping[str, Any], Names], str]:
    return lambda data, names: sentence(_person(data, names))


SENTENCES: Mapping[str, Callable[[Mapping[str, Any], Names], str]] = {
    "ticket.opened": _opened,
    "user.created": _account_made,
    "user.changed": _account_changed,
    "user.deactivated": _of_person(lambda person: _("deactivated the account of %(person)s", person=person)),
    "user.reactivated": _of_person(lambda person: _("reactivated the account of %(person)s", person=person)),
    "user.erased": _of_person(lambda _person: _("erased the personal data of somebody")),
    "user.exported": _of_person(lambda person: _("exported the personal data of %(person)s", person=person)),
    "user.signed_in": lambda data, _names: _("signed in (%(method)s)", method=data["method"]),
    "user.password_link_requested": _link_requested,
    "user.address_confirmation_requested": _of_person(
        lambda person: _("asked to confirm an address of %(person)s", person=person)
    ),
    "user.token_created": _of_person(lambda person: _("made an API token for %(person)s", person=person)),
    "user.token_revoked": _of_person(lambda person: _("revoked an API token of %(person)s", person=person)),
    "user.role_granted": _role_given,
    "user.role_revoked": _role_taken,
    "user.owner_changed": lambda data, names: (
        _("made %(person)s an owner", person=_person(data, names))
        if data["is_owner"]
        else _("ended that %(person)s is an owner", person=_person(data, names))
    ),
    "role.changed": _role_changed,
    "organisation.changed": _organisation,
    "department.created": lambda data, names: _("made the department “%(name)s”", name=_department(data, names)),
    "department.changed": lambda data, names: _("changed the department “%(name)s”", name=_department(data, names)),
    "workflow.changed": _workflow,
    "settings.changed": _settings,
    "plugin.switched": _plugin,
    "mail.sent": lambda data, _names: _("sent a mail: %(name)s", name=_mail(data)),
    "mail.failed": lambda data, _names: _("gave up a mail: %(name)s", name=_mail(data)),
}
"""What is said of core's events that are not about a ticket only."""
