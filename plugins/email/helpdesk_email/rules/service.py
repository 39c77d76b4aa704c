"""Rules as administrators see them: making, changing, ordering, removing, and trying one on a mail."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk, Transaction
from helpdesk_core.api.errors import Invalid, NotFound
from helpdesk_core.api.tickets import vocabulary
from helpdesk_core.api.users import require_everywhere

from ..desk.events import MailPolicyChanged
from ..texts import texts
from .models import ENDS, Rule

_l = texts.lazy
MANAGE = "settings.manage"
MOST_RULES = 200
_HEADER = re.compile(r"[!-9;-~]{1,100}")
_TAG = re.compile(r"[^\s,]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDraft:
    """What an administrator says of a rule; see `Rule`."""

    name: str = ""
    is_active: bool = True
    recipient: str = ""
    sender: str = ""
    subject: str = ""
    header: str = ""
    header_value: str = ""
    larger_than_kb: int = 0
    department: str = ""
    priority: str = ""
    type: str = ""
    tags: tuple[str, ...] = ()
    end: str = ""
    is_quiet: bool = False


def draft_of(rule: Rule) -> RuleDraft:
    """Return what is set now."""
    values = {each.name: getattr(rule, each.name) for each in fields(RuleDraft)}
    return RuleDraft(**(values | {"tags": tuple(rule.tags)}))


def all_rules(session: Session) -> Sequence[Rule]:
    """Return all rules in their order."""
    return session.scalars(select(Rule).order_by(Rule.position, Rule.id)).all()


def find_rule(session: Session, uid: str) -> Rule:
    """Return a rule; `NotFound` if there is none."""
    found = session.scalar(select(Rule).where(Rule.uid == uid))
    if found is None:
        raise NotFound(_l("There is no such rule. The list shows those there are."))
    return found


def create_rule(desk: Helpdesk, actor: Actor, draft: RuleDraft) -> Rule:
    """Add a rule at the end."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        check_rule(desk, tx.session, draft)
        count, last = tx.session.execute(select(func.count(), func.max(Rule.position))).one()
        if count >= MOST_RULES:
            raise Invalid({"": [_l("There are %(most)s rules already. Remove one first.", most=MOST_RULES)]})
        rule = Rule(position=(last or 0) + 1, changed_at=tx.now, **_values(draft))
        tx.session.add(rule)
        tx.record(MailPolicyChanged(kind="rule", what="added", name=rule.name))
    return rule


def change_rule(desk: Helpdesk, actor: Actor, uid: str, draft: RuleDraft) -> Rule:
    """Change a rule; it holds for mails from now on."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        rule = _locked(tx, uid)
        check_rule(desk, tx.session, draft)
        for name, value in _values(draft).items():
            setattr(rule, name, value)
        rule.changed_at = tx.now
        tx.record(MailPolicyChanged(kind="rule", what="changed", name=rule.name))
    return rule


def move_rule(desk: Helpdesk, actor: Actor, uid: str, to: str) -> None:
    """Put a rule one place `up` or `down`."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        rules = list(tx.session.scalars(select(Rule).order_by(Rule.position, Rule.id).with_for_update()))
        at = next((place for place, each in enumerate(rules) if each.uid == uid), None)
        if at is None:
            raise NotFound(_l("There is no such rule. The list shows those there are."))
        other = at - 1 if to == "up" else at + 1
        if 0 <= other < len(rules):
            rules[at], rules[other] = rules[other], rules[at]
            tx.record(MailPolicyChanged(kind="rule", what="moved", name=rules[other].name))
        for position, rule in enumerate(rules, 1):
            rule.position = position


def delete_rule(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Remove a rule."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        rule = _locked(tx, uid)
        tx.session.delete(rule)
        tx.record(MailPolicyChanged(kind="rule", what="removed", name=rule.name))


def check_rule(desk: Helpdesk, session: Session, draft: RuleDraft) -> None:
    """Raise `Invalid` with everything that does not fit."""
    problems: dict[str, list[str]] = {}

    def unless(fits: object, field: str, text: str) -> None:
        if not fits:
            problems.setdefault(field, []).append(text)

    unless(0 < len(draft.name.strip()) <= 100, "name", _l("Give it a name of 1 to 100 characters."))
    for name in ("recipient", "sender", "subject", "header_value"):
        pattern = getattr(draft, name).strip()
        unless(len(pattern) <= 320, name, _l("Use at most 320 characters."))
        unless(not pattern or pattern.strip("*"), name, _l("Only “*” fits everything; leave the field empty for that."))
    unless(not draft.header or _HEADER.fullmatch(draft.header), "header", _l("Give a header's name, such as X-Form."))
    unless(draft.header or not draft.header_value, "header", _l("Name the header that the words stand in."))
    unless(0 <= draft.larger_than_kb <= 1_048_576, "larger_than_kb", _l("Give a whole number of kilobytes."))
    words = vocabulary(desk, session)
    conditions = (draft.recipient, draft.sender, draft.subject, draft.header, draft.larger_than_kb)
    unless(any(conditions), "", _l("Give at least one condition; a rule without any would hold for every mail."))
    acts = (draft.department, draft.priority, draft.type, draft.tags, draft.end, draft.is_quiet)
    unless(any(acts), "", _l("Choose what the rule does."))
    known = words.departments.get(draft.department)
    unless(not draft.department or (known and known.is_active), "department", _l("Choose a department in use."))
    unless(not draft.priority or draft.priority in words.priorities, "priority", _l("Choose one of the priorities."))
    unless(not draft.type or draft.type in words.types, "type", _l("Choose one of the types."))
    unless(draft.end in ENDS, "end", _l("Choose one of the options."))
    unless(len(draft.tags) <= 10, "tags", _l("Give at most ten tags."))
    unless(all(_TAG.fullmatch(each) for each in draft.tags), "tags", _l("Tags are single words."))
    if problems:
        raise Invalid(problems)


def _values(draft: RuleDraft) -> dict[str, Any]:
    values = {each.name: getattr(draft, each.name) for each in fields(RuleDraft)}
    return (
        values
        | {key: each.strip() for key, each in values.items() if isinstance(each, str)}
        | {"tags": list(dict.fromkeys(draft.tags))}
    )


def _locked(tx: Transaction, uid: str) -> Rule:
    rule = find_rule(tx.session, uid)
    tx.session.refresh(rule, with_for_update=True)
    return rule
