"""Where plugins take part in departments."""

from collections.abc import Sequence

from helpdesk_core.actor import Actor
from helpdesk_core.departments.events import DepartmentChanged, DepartmentCreated
from helpdesk_core.departments.inputs import DepartmentDraft
from helpdesk_core.departments.models import Department
from helpdesk_core.hooks import hookspec
from helpdesk_core.runtime import Transaction


@hookspec.refine(since="0.1", refines="draft")
def department_draft(draft: DepartmentDraft, department: Department | None, actor: Actor) -> DepartmentDraft:
    """Change what is about to be written about a department; `department` is None for a new one."""


@hookspec.veto(since="0.1")
def department_check(draft: DepartmentDraft, department: Department | None, actor: Actor) -> Sequence[str]:
    """Say why a department must not be created or changed like this; nothing means go."""


@hookspec.within(since="0.1")
def department_changing(tx: Transaction, department: Department, changed: Sequence[str]) -> None:
    """Write a plugin's own rows along with a department; `changed` names the fields, none for a new department."""


@hookspec.after(since="0.1", event=DepartmentCreated)
def department_created(event: DepartmentCreated) -> None:
    """React to a new department, after commit, in the worker."""


@hookspec.after(since="0.1", event=DepartmentChanged)
def department_changed(event: DepartmentChanged) -> None:
    """React to a changed, deactivated or reactivated department."""


@hookspec.refine(since="0.1", refines="choices")
def department_choices(choices: Sequence[Department], actor: Actor) -> Sequence[Department]:
    """Leave out or put in another order the departments that somebody may open a ticket in.

    Departments that were not among the choices are ignored: a plugin cannot open a hidden one.
    """
