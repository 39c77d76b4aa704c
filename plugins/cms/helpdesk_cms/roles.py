"""Roles that people have because a site says so."""

from typing import Final

from helpdesk_core.api.users import Lending

from .models import Person
from .texts import ID

LENDING: Final = Lending(ID, Person)
