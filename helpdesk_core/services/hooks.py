"""Where plugins say what customers have."""

from collections.abc import Sequence

from helpdesk_core.hooks import hookspec
from helpdesk_core.services.values import Customer, ServiceSource


@hookspec.collect(since="0.1")
def customer_services(customer: Customer) -> Sequence[ServiceSource]:
    """Return the sources that may know services of this customer: a billing system, a panel, a list.

    Only name them here, quickly; core calls each source's `fetch` on a thread of its own, outside of transactions,
    waits for a short time and else goes on with the last answer, whose age is shown. A source that fails three times in
    a row is left alone for half a minute. Nobody waits for a ticket because of a source.
    """


@hookspec.collect(since="0.1")
def customer_facts(user_id: int) -> Sequence[tuple[str, str]]:
    """Return what the plugin knows of the person with the row id `user_id`, as pairs of a name and a value.

    Sources find a customer by it, as `<plugin id>.<name>` (`cms.customer_number`): return only what is proved to be
    that person's.
    """
