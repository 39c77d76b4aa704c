"""Where plugins add to what rules can ask and do."""

from collections.abc import Sequence

from helpdesk_core.automation.actions import AutomaticAction
from helpdesk_core.automation.fields import ConditionField
from helpdesk_core.hooks import hookspec


@hookspec.collect(since="0.1", when="startup")
def condition_fields() -> Sequence[ConditionField]:
    """Return fields that conditions on tickets can ask for: in rules, in service levels, in plugins to come.

    They are known as `<plugin id>.<key>`. Where one cannot be loaded, whatever asks for it does not apply, and says so.
    Derive the event by which facts of a ticket change later from `TicketFactsChanged`: service levels then look again.
    """


@hookspec.collect(since="0.1", when="startup")
def automatic_actions() -> Sequence[AutomaticAction]:
    """Return what can be done to tickets by rules; known as `<plugin id>.<key>`.

    One that fails is undone by itself; the other actions of its rule are done, and the rule's log says what happened.
    """
