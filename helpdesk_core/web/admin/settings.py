"""Settings: all of them on one page for each subject, with where each value comes from, and a search over all."""

from dataclasses import dataclass, replace
from typing import Any

from flask import flash, redirect, request, url_for

from helpdesk_core.administration.service import save_settings
from helpdesk_core.errors import NotFound
from helpdesk_core.settings.effective import Change
from helpdesk_core.texts import CORE_DOMAIN
from helpdesk_core.web.admin.common import attempt, new_routes, show
from helpdesk_core.web.admin.look import theme_cards, theming
from helpdesk_core.web.admin.settings_fields import Setting, read_form, settings_of, value_text
from helpdesk_core.web.context import current_actor, current_desk
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import in_domain, languages

routes = new_routes()


@dataclass(frozen=True)
class Subject:
    """The settings of one owner: a section of core, or a plugin."""

    owner: str
    title: str
    summary: str
    icon: str


def subjects() -> list[Subject]:
    """Return what has settings: core's sections, then plugins."""
    core = {
        "core.site": (_("Site"), _("Its name and address, ticket numbers, attachments, who may register."), "globe"),
        "core.mail": (_("Mail"), _("How mail leaves, and from which address."), "mail"),
        "core.theme": (_("Look"), _("Theme, logo and footer of all pages."), "palette"),
        "core.worker": (_("Background work"), _("What is done behind the scenes, and how much at once."), "server"),
    }
    desk = current_desk()
    found = [Subject(owner, *core[owner]) for owner in core if owner in desk.settings.owners]
    for owner in desk.settings.owners:
        if not owner.startswith("core."):
            state = desk.plugins.get(owner)
            found.append(Subject(owner, state.title or owner, state.summary, "puzzle"))
    return [each for each in found if desk.settings.effective(each.owner).schema.fields]


@routes.get("/settings", permission="settings.manage")
def settings() -> Any:
    """Show what can be set, or the settings that have the words of `?q=` in them."""
    q = request.args.get("q", "").strip()
    desk, found = current_desk(), subjects()
    hits = [(subject, settings_found(subject, q)) for subject in found] if q else []
    return show(
        "settings",
        subjects=found,
        changed={
            each.owner: sum(source != "default" for source in desk.settings.effective(each.owner).sources.values())
            for each in found
        },
        problems={each.owner: list(desk.settings.effective(each.owner).problems.values()) for each in found},
        find=q,
        hits=[(subject, rows) for subject, rows in hits if rows],
        warnings=desk.config.warnings,
    )


@routes.form("/settings/<owner>", permission="settings.manage")
def subject(owner: str) -> Any:
    """Show the settings of one subject, and save them."""
    desk = current_desk()
    chosen = next((each for each in subjects() if each.owner == owner), None)
    if chosen is None:
        raise NotFound(_("There are no such settings. If they are a plugin’s, it may be switched off."))
    effective = desk.settings.effective(owner)
    rows = settings_of(effective, _site_options(owner))
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        saved: list[Change] = []
        given = read_form(effective, request.form)
        errors = attempt(lambda: saved.extend(save_settings(desk, current_actor(), owner, given)))
        if not errors:
            _tell(rows, saved)
            return redirect(url_for("admin.subject", owner=owner))
        domain = CORE_DOMAIN if owner.startswith("core.") else owner
        errors = {key: [in_domain(domain, text) for text in texts] for key, texts in errors.items()}
        rows = [_as_typed(each) for each in rows]
    return show(
        "settings_subject",
        errors,
        subject=chosen,
        rows=rows,
        labels={each.key: each.label for each in rows},
        cleared=[each.key for each in rows if f"clear.{each.key}" in request.form],
        other_problems=[text for key, text in effective.problems.items() if key not in effective.schema.fields],
        themes=theme_cards() if owner == "core.theme" else None,
        is_plugin=not owner.startswith("core."),
    )


def settings_found(subject: Subject, q: str) -> list[Setting]:
    """Return the settings of a subject that have every word of the search in what is said about them."""
    rows = settings_of(current_desk().settings.effective(subject.owner))
    words = q.casefold().split()
    return [row for row in rows if all(word in f"{row.words} {subject.title.casefold()}" for word in words)]


def _tell(rows: list[Setting], saved: list[Change]) -> None:
    if not saved:
        flash(_("Nothing was changed."), "info")
    labels = {each.key: each for each in rows}
    for change in saved:
        row = labels[change.key]
        names = dict(row.options)
        if row.kind == "secret":
            text = _("%(label)s is saved.", label=row.label)
        else:
            old, new = (names.get(str(each)) or value_text(each) for each in (change.old, change.new))
            text = _("%(label)s: %(new)s (was %(old)s).", label=row.label, new=new, old=old)
        flash(text, "success")


def _as_typed(row: Setting) -> Setting:
    if row.locked or row.kind == "secret":
        return row
    if row.kind == "switch":
        return replace(row, value="1" if row.key in request.form else "")
    return replace(row, value=request.form.get(row.key, row.value))


def _site_options(owner: str) -> dict[str, tuple[tuple[str, str], ...]]:
    if owner == "core.site":
        return {"language": tuple(languages())}
    if owner != "core.theme":
        return {}
    return {"active": tuple((theme.name, theme.title) for theme in theming().themes.values())}
