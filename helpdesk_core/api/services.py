"""What customers have: sources that plugins supply (hook `customer_services`), and asking them.

`ask_services(desk, find_customer(desk, session, user_id))` returns an answer for each source. It takes a short time at
most: what has not answered by then is returned as it was last known, with the moment of that answer and the problem.
A plugin whose source was changed or removed calls `forget_source`.
"""

from helpdesk_core.services.asking import ask_services, find_customer, forget_source
from helpdesk_core.services.values import Customer, Service, ServiceAnswer, ServiceSource

__all__ = ["Customer", "Service", "ServiceAnswer", "ServiceSource", "ask_services", "find_customer", "forget_source"]
