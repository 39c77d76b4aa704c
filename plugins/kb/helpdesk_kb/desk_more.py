"""More pages of the desk: categories, figures, comments, and what the composer inserts."""

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from io import StringIO
from typing import Any, Final

from flask import Response, flash, redirect, render_template, request, url_for

from helpdesk_core.api import STAFF, Helpdesk, Route
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.tickets import find_ticket
from helpdesk_core.api.web import close_session, current_actor, db, rail_context

from . import addresses, categories, charts, inserting, statistics, visits
from .categories import CategoryDraft
from .rights import PUBLISH, WRITE
from .texts import _, language_name

PERIODS: Final = (7, 30, 90, 365)


class DeskMore:
    """Further pages below /desk/x/kb/."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        return [
            Route("/categories", self.categories, PUBLISH, methods=("GET", "POST"), name="categories"),
            Route("/categories/<slug>", self.category, PUBLISH, methods=("GET", "POST"), name="category"),
            Route("/categories/<slug>/delete", self.delete_category, PUBLISH, methods=("POST",), name="drop_category"),
            Route("/figures", self.figures, WRITE, name="figures"),
            Route("/figures.csv", self.figures_csv, WRITE, name="figures_csv"),
            Route("/comments/<int:vote_id>/done", self.settle, WRITE, methods=("POST",), name="settle"),
            Route("/insert/<number>", self.insert, STAFF, name="insert"),
        ]

    def categories(self) -> Any:
        """Show the categories, and make one."""
        return self._category_page("")

    def category(self, slug: str) -> Any:
        """Change a category."""
        categories.find_category(db(), slug)
        return self._category_page(slug)

    def delete_category(self, slug: str) -> Any:
        """Remove a category; its articles go to the one above."""
        actor = current_actor()
        close_session()
        categories.delete_category(self.desk, actor, slug)
        flash(_("The category is removed. What was in it stands one level higher."), "success")
        return redirect(url_for("desk_kb_categories"))

    def figures(self) -> str:
        """Show how the articles do, with the comments that nobody has read yet."""
        actor, days = current_actor(), self._period()
        today = self.desk.now().date()
        since = today - timedelta(days=days - 1)
        rows = statistics.figures(db(), actor, since)
        series = statistics.days(db(), actor, since, today)
        return render_template(
            "kb/desk_figures.html",
            rows=rows[:100],
            days=days,
            periods=[
                {"label": _period(each), "href": url_for("desk_kb_figures", days=each), "current": each == days}
                for each in PERIODS
            ],
            totals={key: sum(getattr(row, key) for row in rows) for key in ("views", "helpful", "asked")}
            | {"deflected": sum(day.deflected for day in series)},
            votes=sum(row.helpful + row.unhelpful for row in rows),
            chart=charts.bars(series),
            comments=statistics.comments(db(), actor),
            **rail_context(),
        )

    def figures_csv(self) -> Response:
        """Return the figures as CSV."""
        since: date = self.desk.now().date() - timedelta(days=self._period() - 1)
        target = StringIO()
        writer = csv.writer(target)
        writer.writerow(("article", "language", "title", "views", "helpful", "unhelpful", "deflected", "ticket_anyway"))
        for row in statistics.figures(db(), current_actor(), since):
            title = row.title if row.title[:1] not in "=+-@\t" else "'" + row.title  # else a spreadsheet computes it
            numbers = (row.views, row.helpful, row.unhelpful, row.deflected, row.asked)
            writer.writerow((row.uid, row.locale, title, *numbers))
        answer = Response("\ufeff" + target.getvalue(), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f"attachment; filename=articles-{since.isoformat()}.csv"
        return answer

    def settle(self, vote_id: int) -> Any:
        """Note that a comment has been read."""
        actor = current_actor()
        close_session()
        visits.settle(self.desk, actor, vote_id)
        return redirect(url_for("desk_kb_figures") + "#comments")

    def insert(self, number: str) -> str:
        """Return the articles that a reply to this ticket may use, for the words of `?kb_q=`."""
        actor = current_actor()
        ticket = find_ticket(db(), actor, number, "desk")
        found = inserting.proposals(self.desk, db(), actor, ticket, request.args.get("kb_q", ""))
        return render_template("kb/insert_results.html", found=found)

    def _period(self) -> int:
        days = request.args.get("days", 30, type=int)
        return days if days in PERIODS else 30

    def _category_page(self, slug: str) -> Any:
        actor, errors = current_actor(), {}
        category = categories.find_category(db(), slug) if slug else None
        path = categories.path_to(db(), category.parent_id) if category is not None else []
        values = {
            "name": category.name if category else "",
            "parent": path[-1].slug if path else "",
            "description": category.description if category else "",
            "position": str(category.position) if category else "0",
            "names": dict(category.names) if category else {},
            "descriptions": dict(category.descriptions) if category else {},
        }
        languages = list(self.desk.catalogues.languages)
        if request.method == "POST":
            names = {each: request.form.get(f"names.{each}", "") for each in languages}
            descriptions = {each: request.form.get(f"descriptions.{each}", "") for each in languages}
            values = {key: request.form.get(key, "") for key in ("name", "parent", "description", "position")}
            values["names"], values["descriptions"] = names, descriptions
            draft = CategoryDraft(
                name=request.form.get("name", ""),
                parent=request.form.get("parent", ""),
                description=request.form.get("description", ""),
                names=names,
                descriptions=descriptions,
                position=request.form.get("position", 0, type=int),
            )
            close_session()
            try:
                categories.save_category(self.desk, actor, draft, slug)
                flash(_("Saved. Readers see it at once."), "success")
                return redirect(url_for("desk_kb_categories"))
            except Invalid as error:
                errors = {key: [str(each) for each in texts] for key, texts in error.problems.items()}
        shelves = [each for top in categories.tree(db(), actor, addresses.reader_locale()) for each in top.walk()]
        page = render_template(
            "kb/desk_categories.html",
            shelves=shelves,
            category=category,
            values=values,
            errors=errors,
            parents=[(e.category.slug, "\u2003" * e.depth + e.name) for e in shelves if e.category.slug != slug],
            locales=[(each, language_name(each)) for each in languages],
            **rail_context(),
        )
        return page, 422 if errors else 200


def _period(days: int) -> str:
    return {7: _("7 days"), 30: _("30 days"), 90: _("90 days"), 365: _("A year")}[days]
