"""Departments: finding them, and what is written about them."""

from helpdesk_core.departments.inputs import DepartmentDraft
from helpdesk_core.departments.models import Department, Signature
from helpdesk_core.departments.queries import (
    all_departments,
    department_by_address,
    find_department,
    is_open_to,
    signature_for,
    visible_departments,
)
from helpdesk_core.departments.service import change_department, create_department, set_signature

__all__ = [
    "Department",
    "DepartmentDraft",
    "Signature",
    "all_departments",
    "change_department",
    "create_department",
    "department_by_address",
    "find_department",
    "is_open_to",
    "set_signature",
    "signature_for",
    "visible_departments",
]
