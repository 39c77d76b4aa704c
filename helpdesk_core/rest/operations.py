"""All of core's operations, in the order in which a reader wants to meet them."""

from collections.abc import Iterable

from helpdesk_core.rest import (
    accounts,
    acts,
    attachments,
    deliveries,
    departments,
    events,
    held,
    kinds,
    me,
    messages,
    organisations,
    plugins,
    privacy,
    relations,
    roles,
    search,
    settings,
    statuses,
    tickets,
    users,
    workspaces,
)
from helpdesk_core.rest.routing import Endpoints


def core_operations() -> Iterable[Endpoints]:
    """Return the tables of operations, one per subject."""
    modules = (
        tickets,
        search,
        messages,
        held,
        acts,
        relations,
        workspaces,
        attachments,
        departments,
        statuses,
        kinds,
        users,
        accounts,
        privacy,
        organisations,
        roles,
        events,
        deliveries,
        settings,
        plugins,
        me,
    )
    return tuple(module.endpoints for module in modules)
