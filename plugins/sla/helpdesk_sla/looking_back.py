"""The pages that look back: the report, and the trial of changed policies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template, request

from helpdesk_core.api import STAFF, Actor, Helpdesk, Route
from helpdesk_core.api.web import current_actor, db, rail_context

from . import agreeing, reports, typing_in, whatif
from .agreeing import MANAGE
from .calendars import ALWAYS
from .policies import TARGETS
from .reading import calendar_of, policies
from .texts import _, lazy
from .wording import TARGET_NAMES, duration

DAYS = 90
SHOWN = 8
"""Tickets that a trial lists for each target."""
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2200, 1, 1)
GROUP_NAMES = {
    "policy": lazy("Policy"),
    "department": lazy("Department"),
    "agent": lazy("Agent"),
    "month": lazy("Month"),
    "target": lazy("Target"),
}


class LookingBack:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def desk_routes(self) -> Sequence[Route]:
        """Return the report, for everybody who works tickets; it counts those that one may see."""
        return [Route("/report", self.report, STAFF, name="report"), Route("/report.csv", self.csv, STAFF, name="csv")]

    def admin_routes(self) -> Sequence[Route]:
        """Return the trial of policies."""
        return [Route("/policies/<uid>/what-if", self.what_if, MANAGE, name="what_if")]

    def report(self) -> str:
        """Show how often targets were met, as a chart with its table."""
        rows, asked, names = self._rows()
        return render_template(
            "sla/report.html",
            rows=rows,
            total=reports.total(rows),
            names=names,
            asked=asked,
            groups=GROUP_NAMES,
            targets=TARGET_NAMES,
            **rail_context(),
        )

    def csv(self) -> Response:
        """Hand the table out as CSV."""
        rows, asked, names = self._rows()
        heads = (_(GROUP_NAMES[asked["group"]]), _("Met"), _("Missed"), _("Percent met"))
        answer = Response(reports.as_csv(rows, heads, names), mimetype="text/csv")
        answer.headers["Content-Disposition"] = "attachment; filename=service-levels.csv"
        return answer

    def what_if(self, uid: str) -> Any:
        """Show what a policy with other targets would have made of past tickets; nothing is saved."""
        row = agreeing.find_policy(db(), uid)
        calendars = agreeing.calendars(db())
        errors: dict[str, list[str]] = {}
        typed = {
            kind: request.args.get(kind, duration(row.targets[kind]) if kind in row.targets else "") for kind in TARGETS
        }
        chosen = request.args.get("calendar", agreeing.chosen_calendar(row, calendars))
        targets: dict[str, timedelta] = {}
        for kind, text in typed.items():
            try:
                minutes = typing_in.target(text)
            except typing_in.Mistake as error:
                errors[kind] = [_(error.args[0])]
            else:
                if minutes:
                    targets[kind] = timedelta(minutes=minutes)
        begin, end = self._period(current_actor())
        now = policies(self.desk, db())
        outcomes = None
        if "run" in request.args and not errors:
            calendar = next((calendar_of(each) for each in calendars if each.uid == chosen), None)
            changed = [
                replace(
                    each,
                    is_active=True,
                    targets=targets,
                    calendar=calendar or ALWAYS,
                    follows_ticket=chosen == agreeing.OF_TICKET,
                )
                if each.id == row.id
                else each
                for each in now.policies
            ]
            outcomes = whatif.run(self.desk, [now, replace(now, policies=changed)], begin, end, current_actor())
        page = render_template(
            "sla/what_if.html",
            row=row,
            typed=typed,
            chosen=chosen,
            calendars=agreeing.calendar_choices(calendars),
            asked={"begin": begin.date().isoformat(), "end": (end - timedelta(days=1)).date().isoformat()},
            outcomes=outcomes,
            targets=TARGET_NAMES,
            most=whatif.MOST,
            shown=SHOWN,
            errors=errors,
        )
        return page, 422 if errors else 200

    def _rows(self) -> tuple[list[reports.Row], dict[str, str], Mapping[str, str]]:
        actor = current_actor()
        group, target = request.args.get("group", ""), request.args.get("target", "")
        group = group if group in reports.GROUPS else "policy"
        target = target if target in TARGETS else ""
        begin, end = self._period(actor)
        rows = reports.attainment(db(), actor, group, begin, end, target=target, zone=self._zone(actor))
        asked = {
            "group": group,
            "target": target,
            "begin": begin.date().isoformat(),
            "end": (end - timedelta(days=1)).date().isoformat(),
        }
        return rows, asked, {kind: _(name) for kind, name in TARGET_NAMES.items()} if group == "target" else {}

    def _zone(self, actor: Actor) -> str:
        return actor.timezone or self.desk.settings.site().timezone

    def _period(self, actor: Actor) -> tuple[datetime, datetime]:
        """Return the days that were asked for, from the first moment to behind the last, in the person's zone."""
        zone = ZoneInfo(self._zone(actor))
        today = self.desk.now().astimezone(zone).date()
        try:
            begin = datetime.fromisoformat(request.args.get("begin", "")).date()
        except ValueError:
            begin = today - timedelta(days=DAYS)
        try:
            end = datetime.fromisoformat(request.args.get("end", "")).date()
        except ValueError:
            end = today
        begin = min(max(begin, FIRST_DAY), LAST_DAY)
        end = min(max(begin, end), LAST_DAY)
        return datetime.combine(begin, time(), zone), datetime.combine(end + timedelta(days=1), time(), zone)
