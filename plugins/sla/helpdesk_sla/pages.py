"""The pages of administrators, and the page that says why a ticket's clocks stand as they do."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from helpdesk_core.api import STAFF, Helpdesk, Route
from helpdesk_core.api.automation import choices_of, condition_fields_of, said_values, values_of
from helpdesk_core.api.errors import Conflict, HookFailed, Invalid
from helpdesk_core.api.tickets import find_ticket
from helpdesk_core.api.web import close_session, current_actor, db, rail_context, words

from . import agreeing, choosing, owning, showing, typing_in
from .agreeing import MANAGE, CalendarDraft, PolicyDraft
from .concerning import waiting
from .models import CalendarRow, PolicyRow, Watched
from .policies import FIELDS, TARGETS
from .reading import step_of
from .texts import _
from .wording import TARGET_NAMES, duration, spelled

Errors = dict[str, list[str]]
More = tuple[str, str, Sequence[tuple[str, str]] | None]
Conditions = Mapping[str, Sequence[str]]
WEEK = 7
OFFICE = ["09:00-17:00"] * 5 + ["", ""]


class Pages:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def admin_routes(self) -> Sequence[Route]:
        """Return the pages below /admin/x/sla/."""
        both = ("GET", "POST")
        return [
            Route("/", self.overview, MANAGE, name="overview"),
            Route("/calendars/new", self.calendar, MANAGE, methods=both, name="new_calendar"),
            Route("/calendars/<uid>", self.calendar, MANAGE, methods=both, name="calendar"),
            Route("/calendars/<uid>/delete", self.delete_calendar, MANAGE, methods=("POST",), name="delete_calendar"),
            Route("/policies/new", self.policy, MANAGE, methods=both, name="new_policy"),
            Route("/policies/<uid>", self.policy, MANAGE, methods=both, name="policy"),
            Route("/policies/<uid>/move", self.move_policy, MANAGE, methods=("POST",), name="move_policy"),
        ]

    def desk_routes(self) -> Sequence[Route]:
        """Return the pages below /desk/x/sla/."""
        return [Route("/tickets/<number>", self.why, STAFF, name="why")]

    def overview(self) -> str:
        """Show policies in order, and calendars."""
        rows = agreeing.calendars(db())
        return render_template(
            "sla/overview.html",
            policies=agreeing.all_policies(db()),
            calendars=rows,
            names={row.id: row.name for row in rows},
            owners=owning.owners(db()),
            targets=TARGET_NAMES,
            spelled=spelled,
            waiting=waiting(db()),
        )

    def calendar(self, uid: str | None = None) -> Any:
        """Show a calendar, new or there, and save what was typed."""
        row = agreeing.find_calendar(db(), uid) if uid else None
        draft = kept = _calendar_draft(row, owning.owners(db()))
        if request.method == "POST":
            draft = _typed_calendar(kept)
        chosen = _together(_owners_of(kept), _owners_of(draft))
        choices, offer = self._choices(chosen), choosing.offer(chosen["organisation"])
        errors: Errors = {}
        if request.method == "POST" and not choosing.is_searching():
            errors = _attempt(lambda: agreeing.save_calendar(self.desk, current_actor(), draft, uid))
            if not errors:
                flash(_("Saved. Open tickets follow within a minute."), "success")
                return redirect(url_for("admin_sla_overview"))
        days = [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]
        page = render_template(
            "sla/calendar.html", row=row, draft=draft, days=days, choices=choices, offer=offer, errors=errors
        )
        return page, 422 if errors else 200

    def delete_calendar(self, uid: str) -> Any:
        """Take a calendar away."""
        close_session()
        try:
            agreeing.delete_calendar(self.desk, current_actor(), uid)
        except Conflict as error:
            flash(_(str(error)), "error")
        else:
            flash(_("The calendar is gone."), "success")
        return redirect(url_for("admin_sla_overview"))

    def policy(self, uid: str | None = None) -> Any:
        """Show a policy, new or there, and save what was typed."""
        row = agreeing.find_policy(db(), uid) if uid else None
        calendars = agreeing.calendars(db())
        kept: Conditions = row.conditions if row else {}
        more = self._more(kept)
        draft = _typed_policy(more, kept) if request.method == "POST" else _policy_draft(row, calendars)
        chosen = _together(kept, draft.conditions)
        choices, offer = self._choices(chosen), choosing.offer(chosen.get("organisation", ()))
        errors: Errors = {}
        if request.method == "POST" and not choosing.is_searching():
            errors = _attempt(lambda: agreeing.save_policy(self.desk, current_actor(), draft, uid))
            if not errors:
                flash(_("Saved. Open tickets follow within a minute."), "success")
                return redirect(url_for("admin_sla_overview"))
        page = render_template(
            "sla/policy.html",
            row=row,
            draft=draft,
            calendars=agreeing.calendar_choices(calendars),
            choices=choices,
            offer=offer,
            more=more,
            said=said_values,
            targets=TARGET_NAMES,
            errors=errors,
        )
        return page, 422 if errors else 200

    def move_policy(self, uid: str) -> Any:
        """Put a policy further up or down."""
        close_session()
        agreeing.order_policy(self.desk, current_actor(), uid, -1 if request.form.get("to") == "up" else 1)
        return redirect(url_for("admin_sla_overview"))

    def why(self, number: str) -> str:
        """Show the ledger of a ticket."""
        ticket = find_ticket(db(), current_actor(), number, "desk")
        return render_template(
            "sla/why.html",
            ticket=ticket,
            clocks=showing.panel(self.desk, ticket),
            lines=showing.ledger(db(), ticket),
            is_watched=db().get(Watched, ticket.id) is not None,
            spelled=spelled,
            **rail_context(),
        )

    def _more(self, kept: Conditions) -> Sequence[More]:
        """Return the fields of conditions that other plugins bring and with single words; failing ones are typed.

        What is kept is a choice also where the plugin does not know it any more.
        """
        found: list[More] = []
        for each in condition_fields_of(self.desk).values():
            if each.plugin and each.kind == "choice":
                try:
                    choices = choices_of(self.desk, db(), each)
                except HookFailed:
                    choices = None
                if choices is not None:
                    choices = _with(choices, kept.get(each.key, ()))
                found.append((each.key, each.label, choices))
        return found

    def _choices(self, chosen: Conditions) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Return the choices, with all that is chosen, however many there are and whether it is still there."""
        known = words()
        found = {
            "department": [(each.key, each.name) for each in known.departments.values()],
            "priority": [(each.key, each.name) for each in known.priorities.values()],
            "type": [(each.key, each.name) for each in known.types.values()],
        }
        return {name: _with(listed, chosen.get(name, ())) for name, listed in found.items()}


def _attempt(act: Callable[[], object]) -> Errors:
    close_session()
    try:
        act()
    except Invalid as error:
        return {name: [_(text) for text in texts] for name, texts in error.problems.items()}
    return {}


def _together(*those: Conditions) -> Conditions:
    """Return the values of all, by field."""
    names = {name for each in those for name in each}
    return {name: [value for each in those for value in each.get(name, ())] for name in names}


def _with(choices: Sequence[tuple[str, str]], more: Sequence[str]) -> Sequence[tuple[str, str]]:
    """Return choices with more values behind them, which are called as they are."""
    known = {value for value, _name in choices}
    return [*choices, *((each, each) for each in dict.fromkeys(more) if each and each not in known)]


def _owners_of(draft: CalendarDraft) -> Conditions:
    return {"department": draft.departments, "organisation": draft.organisations}


def _typed_calendar(kept: CalendarDraft) -> CalendarDraft:
    """Return what was typed; organisations stay for those who do not see them."""
    form = request.form
    return CalendarDraft(
        name=form.get("name", ""),
        zone=form.get("zone", "").strip(),
        hours=[form.get(f"hours.{day}", "") for day in range(WEEK)],
        days_off=form.get("days_off", ""),
        countries=form.get("countries", ""),
        departments=form.getlist("department"),
        organisations=form.getlist("organisation") if choosing.sees_organisations() else kept.organisations,
    )


def _calendar_draft(row: CalendarRow | None, owners: owning.Owners) -> CalendarDraft:
    if row is None:
        return CalendarDraft(name="", zone="UTC", hours=OFFICE)
    departments, organisations = owners.get(row.id, ((), ()))
    return CalendarDraft(
        name=row.name,
        zone=row.zone,
        hours=[typing_in.said_hours(day) for day in row.hours],
        days_off="\n".join(f"{day} {name}".rstrip() for day, name in row.days_off.items()),
        countries=", ".join(row.countries),
        departments=[key for key, _name in departments],
        organisations=[uid for uid, _name in organisations],
    )


def _typed_policy(more: Sequence[More], kept: Conditions) -> PolicyDraft:
    """Return what was typed; conditions on fields that the page does not show stay as they are kept."""
    form = request.form
    conditions: dict[str, Sequence[str]] = {**kept}
    conditions |= {
        name: form.getlist(name) for name in FIELDS if name != "organisation" or choosing.sees_organisations()
    }
    conditions["tag"] = [tag.strip().lower() for tag in form.get("tag", "").split(",") if tag.strip()]
    for name, _label, choices in more:
        conditions[name] = form.getlist(name) if choices is not None else list(values_of(form.get(name, "")))
    return PolicyDraft(
        name=form.get("name", ""),
        calendar=form.get("calendar", ""),
        is_active="is_active" in form,
        is_promised="is_promised" in form,
        conditions=conditions,
        targets={kind: form.get(f"targets.{kind}", "") for kind in TARGETS},
        steps=form.get("steps", ""),
    )


def _policy_draft(row: PolicyRow | None, calendars: Sequence[CalendarRow]) -> PolicyDraft:
    if row is None:
        return PolicyDraft(name="", calendar=calendars[0].uid if calendars else "")
    return PolicyDraft(
        name=row.name,
        calendar=agreeing.chosen_calendar(row, calendars),
        is_active=row.is_active,
        is_promised=row.is_promised,
        conditions=row.conditions,
        targets={kind: duration(minutes) for kind, minutes in row.targets.items()},
        steps=typing_in.said_steps([step_of(step) for step in row.steps]),
    )
