"""Pages that say why: what a rule would match, what rules would do to a ticket, what they did; and asking for one."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from helpdesk_core.api import STAFF, Forbidden, Helpdesk, NotFound, Route
from helpdesk_core.api.automation import NAMES, AutomaticAction, ConditionField, condition_fields_of, said_values
from helpdesk_core.api.tickets import find_ticket, lock_ticket
from helpdesk_core.api.web import close_session, current_actor, db, rail_context

from .actions import all_actions
from .keeping import MANAGE, find_rule
from .looking import dry_run, preview, verdicts_of_rule, verdicts_of_ticket
from .rules import CLICK, OPENED, TRIGGERS, rules_for
from .running import FIRED, Judged, details_of, run
from .texts import _, lazy

OUTCOMES = {
    "fired": lazy("Applied"),
    "not": lazy("Did not apply"),
    "cycle": lazy("Left out: it led here itself"),
    "failed": lazy("Could not be asked"),
}
MOST_LISTED = 50


class Trying:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def admin_routes(self) -> Sequence[Route]:
        """Return the pages below /admin/x/rules/."""
        return [
            Route("/rules/<uid>/matches", self.matches, MANAGE, name="matches"),
            Route("/rules/<uid>/log", self.rule_log, MANAGE, name="rule_log"),
            Route("/try", self.trial, MANAGE, name="try"),
        ]

    def desk_routes(self) -> Sequence[Route]:
        """Return the pages below /desk/x/rules/."""
        return [
            Route("/tickets/<number>", self.ticket_log, STAFF, name="log"),
            Route("/tickets/<number>/ask/<uid>", self.ask_for, STAFF, methods=("POST",), name="ask"),
        ]

    def matches(self, uid: str) -> str:
        """Show to which tickets a rule would apply now."""
        rule = find_rule(self.desk, db(), uid)
        found = preview(self.desk, current_actor(), rule)
        return render_template("rules/matches.html", rule=rule, found=found, most=MOST_LISTED)

    def rule_log(self, uid: str) -> str:
        """Show what came of a rule."""
        rule = find_rule(self.desk, db(), uid)
        rows = verdicts_of_rule(db(), current_actor(), rule)
        lines = [(each, self._said(each.details), number) for each, number in rows]
        return render_template("rules/rule_log.html", rule=rule, lines=lines, outcomes=OUTCOMES, triggers=TRIGGERS)

    def trial(self) -> Any:
        """Show what rules would do to a ticket, and undo it."""
        number, trigger = request.args.get("number", "").strip().lstrip("#"), request.args.get("on", OPENED)
        problem, judged = "", None
        if number and trigger in TRIGGERS:
            close_session()
            try:
                judged = dry_run(self.desk, current_actor(), number, trigger)
            except (NotFound, Forbidden) as error:
                problem = _(str(error))
        lines = [self._line(each) for each in judged] if judged is not None else None
        return render_template(
            "rules/try.html",
            number=number,
            trigger=trigger,
            triggers=[(key, _(name)) for key, name in TRIGGERS.items()],
            lines=lines,
            outcomes=OUTCOMES,
            problem=problem,
        )

    def ticket_log(self, number: str) -> str:
        """Show what rules did to a ticket, and why."""
        ticket = find_ticket(db(), current_actor(), number, "desk")
        lines = [(each, self._said(each.details)) for each in verdicts_of_ticket(db(), ticket)]
        return render_template(
            "rules/ticket_log.html",
            ticket=ticket,
            lines=lines,
            outcomes=OUTCOMES,
            triggers=TRIGGERS,
            **rail_context(),
        )

    def ask_for(self, number: str, uid: str) -> Any:
        """Carry out a rule that agents ask for, with the agent's own rights."""
        actor = current_actor()
        rule = next((each for each in rules_for(self.desk, db(), CLICK) if each.uid == uid), None)
        if rule is None:
            raise NotFound(lazy("There is no such rule; somebody may have taken it away."))
        close_session()
        with self.desk.begin(actor) as tx:
            ticket = lock_ticket(tx.session, actor, number, "desk")
            judged = run(tx, ticket, [rule], CLICK, actor=actor)[0]
        errors = [_(each.error) for each in judged.done if each.error]
        if judged.outcome != FIRED:
            flash(_("“%(rule)s” does not apply to this ticket. “What rules did” says why.", rule=rule.name), "warning")
        elif errors:
            flash(" ".join(errors), "error")
        else:
            flash(_("“%(rule)s” is done.", rule=rule.name), "success")
        return redirect(url_for("desk.ticket", number=number))

    def _line(self, judged: Judged) -> tuple[str, str, list[str]]:
        return judged.rule.name, judged.outcome, self._said(details_of(self.desk, judged))

    def _said(self, details: Any) -> list[str]:
        """Return findings and actions as sentences."""
        fields, actions = condition_fields_of(self.desk), all_actions(self.desk)
        said = []
        for each in details["findings"]:
            label = _label(fields, each["field"])
            asked = " ".join([label, _(NAMES.get(each["operator"], each["operator"])), said_values(each["values"])])
            values = {"asked": asked.strip(), "found": ", ".join(each["found"])}
            if each["problem"]:
                said.append(_("Cannot be asked: %(asked)s (%(why)s)", **values, why=each["problem"]))
            elif each["holds"]:
                said.append(_("Holds: %(asked)s", **values))
            elif each["found"]:
                said.append(_("Does not hold: %(asked)s; it is %(found)s", **values))
            else:
                said.append(_("Does not hold: %(asked)s", **values))
        for each in details["actions"]:
            label = _label(actions, each["action"])
            done = f"{label}: {each['value']}".removesuffix(": ")
            failed = _("Not done: %(what)s (%(why)s)", what=done, why=each["error"])
            said.append(failed if each["error"] else _("Done: %(what)s", what=done))
        return said


def _label(known: Mapping[str, ConditionField | AutomaticAction], key: str) -> str:
    """Return what a field or an action is called; the key of one that is gone."""
    return _(known[key].label) if key in known else key
