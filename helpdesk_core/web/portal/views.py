"""The routes of this area."""

from helpdesk_core.web.portal import account, asking, conversation, data, home, keys, lists, signing

ROUTES = (
    home.routes,
    asking.routes,
    lists.routes,
    conversation.routes,
    account.routes,
    keys.routes,
    data.routes,
    signing.routes,
)
