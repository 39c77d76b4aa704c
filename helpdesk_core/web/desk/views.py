"""All routes of the desk."""

from helpdesk_core.web.desk import (
    actions,
    bulk,
    composing,
    finding,
    lists,
    live,
    opening,
    presence,
    rearranging,
    searching,
    ticket,
    workspaces,
)

ROUTES = (
    lists.routes,
    bulk.routes,
    finding.routes,
    searching.routes,
    live.routes,
    workspaces.routes,
    ticket.routes,
    composing.routes,
    presence.routes,
    actions.routes,
    rearranging.routes,
    opening.routes,
)
