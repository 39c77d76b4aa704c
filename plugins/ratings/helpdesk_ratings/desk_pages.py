"""What the desk shows: the report with its CSV, and the ratings on a ticket."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from io import StringIO
from typing import Any, Final

from flask import Response, render_template, request, url_for

from helpdesk_core.api import Helpdesk, Panel, Route
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.web import current_actor, db, rail_context, words

from .charts import stacked
from .reading import Rated, comments
from .reporting import REPORT, By, Report, report
from .texts import _
from .texts import lazy as _l

PERIODS: Final = (30, 90, 365)
TABLES: Final[tuple[By, ...]] = ("agent", "department", "period")


class DeskPages:
    """Pages below /desk/x/ratings/."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        return [
            Route("/", self.report, REPORT, name="report"),
            Route("/report.csv", self.report_csv, REPORT, name="csv"),
        ]

    def report(self) -> str:
        """Show the results."""
        found, asked = self._asked()
        departments = words().departments.values()
        where = current_actor().departments(REPORT)
        return render_template(
            "ratings/report.html",
            report=found,
            chart=stacked(found.periods),
            asked=asked,
            periods=[
                {
                    "label": _("%(num)s days", num=days),
                    "href": url_for("desk_ratings_report", **{**asked, "days": days}),
                    "current": days == asked["days"],
                }
                for days in PERIODS
            ],
            departments=[(each.key, each.name) for each in departments if where is None or each.id in where],
            comments=comments(
                db(), current_actor(), found.first, found.last, kind=asked["kind"], department=asked["department"]
            ),
            **rail_context(),
        )

    def report_csv(self) -> Response:
        """Return one of the tables as CSV; shares are parts from 0 to 1."""
        found, _asked = self._asked()
        what = next((each for each in TABLES if each == request.args.get("by", "agent")), None)
        if what is None:
            raise Invalid(_l("Choose agent, department or period for “by”."))
        target = StringIO()
        writer = csv.writer(target)
        writer.writerow((what, "good", "neutral", "bad", "total", "share_good", "low_95", "high_95"))
        for each in found.by(what):
            low, high = each.interval
            name = each.key if what == "period" else each.name
            figures = (f"{value:.4f}" for value in (each.share, low, high))
            writer.writerow((_harmless(name), each.good, each.neutral, each.bad, each.total, *figures))
        name = f"ratings-{what}-{found.first}-{found.last}.csv"
        return Response(
            "\ufeff" + target.getvalue(),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _asked(self) -> tuple[Report, dict[str, Any]]:
        days = request.args.get("days", PERIODS[0], type=int)
        days = days if days in PERIODS else PERIODS[0]
        kind = request.args.get("kind", "")
        kind = kind if kind in ("ticket", "answer") else ""
        department = request.args.get("department", "")
        today: date = self.desk.now().date()
        first = today - timedelta(days=days - 1)
        asked = {"days": days, "kind": kind, "department": department}
        return report(db(), current_actor(), first, today, kind=kind, department=department), asked


def beside_ticket(given: Sequence[Rated]) -> Panel | None:
    """Return the panel beside a ticket; nothing if nobody rated."""
    if not given:
        return None
    whole = [each for each in given if each.message_id is None]
    answers = [each for each in given if each.message_id is not None]
    return Panel(
        title=_("Ratings"),
        template="ratings/panel.html",
        context={"whole": whole, "answers": answers},
        order=60,
        icon="star",
    )


def badges(given: Sequence[Rated]) -> Mapping[int, Panel]:
    """Return what stands below answers that were rated."""
    found: dict[int, list[Rated]] = {}
    for each in given:
        if each.message_id is not None:
            found.setdefault(each.message_id, []).append(each)
    return {key: Panel(template="ratings/badge.html", context={"given": each}) for key, each in found.items()}


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
