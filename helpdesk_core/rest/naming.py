"""Errors of services in the words of the request."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from helpdesk_core.errors import Invalid


@contextmanager
def named(names: Mapping[str, str]) -> Iterator[None]:
    """Let `Invalid` raised in here name the fields as the request does: `names` maps the service's names to those."""
    try:
        yield
    except Invalid as error:
        raise Invalid({names.get(field, field): problems for field, problems in error.problems.items()}) from error
