"""The pages below /admin/x/questions/."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from helpdesk_core.api import FormField, Helpdesk, Route
from helpdesk_core.api.departments import all_departments
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.web import close_session, current_actor, db, language, said

from . import asking, sets, transfer, typing_in
from .asked import KINDS, WITH_OPTIONS, Asked, Set, say
from .sets import MANAGE
from .texts import _


@dataclass(frozen=True, slots=True)
class Shown:
    """A field as the form's templates take it."""

    name: str
    kind: str
    field: FormField
    value: str


class Pages:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        both, post = ("GET", "POST"), ("POST",)
        return [
            Route("/", self.overview, MANAGE, name="overview"),
            Route("/new", self.one, MANAGE, methods=both, name="new"),
            Route("/import", self.take_in, MANAGE, methods=both, name="take_in"),
            Route("/questions.<form>", self.export, MANAGE, name="export"),
            Route("/sets/<key>", self.one, MANAGE, methods=both, name="one"),
            Route("/sets/<key>/delete", self.delete, MANAGE, methods=post, name="delete"),
            Route("/sets/<key>/move", self.move, MANAGE, methods=post, name="move"),
            Route("/sets/<key>/preview", self.preview, MANAGE, name="preview"),
            Route("/sets/<key>/add", self.question, MANAGE, methods=both, name="add"),
            Route("/sets/<key>/q/<name>", self.question, MANAGE, methods=both, name="question"),
            Route("/sets/<key>/q/<name>/move", self.move_question, MANAGE, methods=post, name="move_question"),
            Route("/sets/<key>/q/<name>/delete", self.delete_question, MANAGE, methods=post, name="delete_question"),
        ]

    def overview(self) -> str:
        """Show the sets."""
        return render_template(
            "questions/overview.html", sets=sets.all_sets(self.desk, db()), say=_say, departments=self._departments()
        )

    def one(self, key: str | None = None) -> Any:
        """Show a set with its questions, or the form for a new one, and save what was entered."""
        before = sets.find_set(self.desk, db(), key) if key else None
        taken = [each.key for each in sets.all_sets(self.desk, db())]
        errors: dict[str, list[str]] = {}
        if request.method == "POST":
            close_session()

            def act() -> Any:
                wanted = typing_in.read_set(request.form, before)
                if before is None:
                    typing_in.unique(wanted.key, taken)
                return sets.save(self.desk, current_actor(), wanted)

            saved, errors = _tried(act)
            if saved is not None:
                flash(_("Saved."), "success")
                return redirect(url_for("admin_questions_one", key=saved.key))
        page = render_template(
            "questions/set.html",
            one=before,
            given=request.form if errors else _set_form(before),
            departments=self._departments(before.departments if before else ()),
            languages=typing_in.LANGUAGES,
            errors=errors,
            say=_say,
            kinds=_kinds(),
        )
        return page, 422 if errors else 200

    def question(self, key: str, name: str = "") -> Any:
        """Show one question, or the form for a new one, and save what was entered."""
        one = sets.find_set(self.desk, db(), key)
        asked = next((each for each in one.questions if each.key == name), None)
        if name and asked is None:
            return redirect(url_for("admin_questions_one", key=key))
        errors: dict[str, list[str]] = {}
        if request.method == "POST":
            close_session()

            def act() -> Any:
                if not name:
                    typing_in.unique(request.form.get("key", "").strip(), [each.key for each in one.questions])
                return sets.change(
                    self.desk, current_actor(), key, lambda now: typing_in.with_question(now, request.form, name)
                )

            saved, errors = _tried(act)
            if saved is not None:
                flash(_("Saved."), "success")
                return redirect(url_for("admin_questions_one", key=key))
        page = render_template(
            "questions/question.html",
            one=one,
            asked=asked,
            given=request.form if errors else _question_form(asked),
            before=[each for each in one.questions if asked is None or each.key != asked.key],
            with_options=WITH_OPTIONS,
            languages=typing_in.LANGUAGES,
            kinds=_kinds(),
            errors=errors,
            say=_say,
        )
        return page, 422 if errors else 200

    def preview(self, key: str) -> str:
        """Show a set as customers are asked it; what follows from an answer comes when the form is sent."""
        one = sets.find_set(self.desk, db(), key)
        given = {name.removeprefix("p-"): "\n".join(request.args.getlist(name)) for name in request.args}
        fields = asking.fields(asking.wanted(one, given), language(), is_staff=False)
        shown = [Shown(f"p-{each.name}", each.kind, each, given.get(each.name, "")) for each in fields]
        return render_template("questions/preview.html", one=one, asked=shown, say=_say)

    def move(self, key: str) -> Any:
        """Put a set further up or down."""
        close_session()
        sets.move(self.desk, current_actor(), key, -1 if request.form.get("to") == "up" else 1)
        return redirect(url_for("admin_questions_overview"))

    def delete(self, key: str) -> Any:
        """Remove a set."""
        close_session()
        sets.remove(self.desk, current_actor(), key)
        flash(_("The questions are gone. Answers stay with their tickets."), "success")
        return redirect(url_for("admin_questions_overview"))

    def move_question(self, key: str, name: str) -> Any:
        """Put a question further up or down."""
        by = -1 if request.form.get("to") == "up" else 1
        return self._changed(key, lambda now: typing_in.moved(now, name, by))

    def delete_question(self, key: str, name: str) -> Any:
        """Remove a question."""
        return self._changed(key, lambda now: typing_in.without(now, name))

    def export(self, form: str) -> Response:
        """Return all sets as a file."""
        found = sets.all_sets(self.desk, db())
        text = transfer.as_json_text(found) if form == "json" else transfer.as_toml(found)
        headers = {"Content-Disposition": f"attachment; filename=questions.{'json' if form == 'json' else 'toml'}"}
        return Response(text, mimetype="application/json" if form == "json" else "application/toml", headers=headers)

    def take_in(self) -> Any:
        """Take in a file, or what was pasted."""
        errors: dict[str, list[str]] = {}
        if request.method == "POST":
            file = request.files.get("file")
            written = (file.read().decode("utf-8-sig", "replace") if file else "") or request.form.get("text", "")
            close_session()
            found, errors = _tried(lambda: transfer.take_in(self.desk, current_actor(), written))
            if found is not None:
                flash(_("Taken in: %(names)s.", names=", ".join(each.key for each in found)), "success")
                return redirect(url_for("admin_questions_overview"))
        return render_template("questions/import.html", errors=errors), 422 if errors else 200

    def _changed(self, key: str, act: Callable[[Set], Set]) -> Any:
        close_session()
        try:
            sets.change(self.desk, current_actor(), key, act)
        except Invalid as error:
            flash(said(error), "error")
        return redirect(url_for("admin_questions_one", key=key))

    def _departments(self, named: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Return the departments in use, and those that are `named`, be they in use or gone."""
        there = [(each.key, each.name) for each in all_departments(db()) if each.is_active or each.key in named]
        known = {key for key, _name in there}
        return there + [(key, key) for key in named if key not in known]


def _tried(act: Callable[[], Any]) -> tuple[Any, dict[str, list[str]]]:
    try:
        return act(), {}
    except Invalid as error:
        return None, {name: [_(text) for text in texts] for name, texts in error.problems.items()}


def _say(words: Any) -> str:
    return say(words, language())


def _kinds() -> list[tuple[str, str]]:
    names = {
        "text": _("One line"),
        "long": _("Several lines"),
        "choice": _("One of a few"),
        "several": _("Several of a few"),
        "number": _("Number"),
        "date": _("Date"),
        "url": _("Web address"),
        "file": _("A file to attach"),
    }
    return [(key, names[key]) for key in KINDS]


def _set_form(one: Set | None) -> MultiDict[str, str]:
    found: MultiDict[str, str] = MultiDict({"is_active": "1"} if one is None or one.is_active else {})
    if one is not None:
        found["key"], found["service_types"] = one.key, ", ".join(one.service_types)
        found.setlist("departments", list(one.departments))
        for code, _label in typing_in.LANGUAGES:
            found[f"name.{code}"] = typing_in.text_of(one.name, code)
    return found


def _question_form(asked: Asked | None) -> MultiDict[str, str]:
    if asked is None:
        return MultiDict()
    found: MultiDict[str, str] = MultiDict({"required": "1"} if asked.required else {})
    found["key"], found["kind"] = asked.key, asked.kind
    found["if_question"], found["if_values"] = asked.if_question, ", ".join(asked.if_values)
    for code, _label in typing_in.LANGUAGES:
        found[f"text.{code}"] = typing_in.text_of(asked.text, code)
        found[f"hint.{code}"] = typing_in.text_of(asked.hint, code)
        found[f"options.{code}"] = typing_in.option_lines(asked, code)
    return found
