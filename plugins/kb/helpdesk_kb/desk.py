"""The editors' pages on the desk: the list, the editor, versions, categories."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from helpdesk_core.api import Actor, Helpdesk, Route
from helpdesk_core.api.attachments import Upload
from helpdesk_core.api.errors import Conflict, Forbidden, HelpdeskError, Invalid, NotFound, Refused, TooLarge
from helpdesk_core.api.tickets import find_ticket
from helpdesk_core.api.web import close_session, current_actor, db, rail_context, said

from . import addresses, comparing, entering, files, overview, rendering, writing
from .entering import Entered
from .models import Article, Text
from .rights import PUBLISH, WRITE
from .texts import _, language_name, lazy

EXPECTED = (Invalid, Conflict, Refused, TooLarge, Forbidden)


class Desk:
    """The pages below /desk/x/kb/ on which articles are written."""

    def __init__(self, desk: Helpdesk, config: Callable[[], Mapping[str, Any]]) -> None:
        self.desk = desk
        self.config = config

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        both = ("GET", "POST")
        return [
            Route("/", self.articles, WRITE, name="articles"),
            Route("/new", self.new, WRITE, methods=both, name="new"),
            Route("/<uid>/<locale>", self.edit, WRITE, methods=both, name="edit"),
            Route("/<uid>/<locale>/turn", self.turn, WRITE, methods=("POST",), name="turn"),
            Route("/<uid>/<locale>/history", self.history, WRITE, name="history"),
            Route("/<uid>/<locale>/restore", self.restore, WRITE, methods=("POST",), name="restore"),
            Route("/<uid>/files/remove", self.remove_file, WRITE, methods=("POST",), name="remove_file"),
            Route("/<uid>/delete", self.delete, PUBLISH, methods=("POST",), name="delete"),
        ]

    def articles(self) -> str:
        """Show all texts, filtered by `?q=`, `?state=`, `?category=`, `?behind=1`."""
        actor = current_actor()
        wanted = overview.Wanted(
            request.args.get("q", "").strip()[:200],
            request.args.get("state", ""),
            request.args.get("category", ""),
            request.args.get("behind") == "1",
        )
        start = max(0, request.args.get("start", 0, type=int))
        found = overview.rows(db(), actor, wanted, start)
        counts = overview.counts(db(), actor)

        def at(place: int) -> str:
            return url_for(
                "desk_kb_articles",
                q=wanted.words or None,
                state=wanted.state or None,
                category=wanted.category or None,
                behind=1 if wanted.behind else None,
                start=place or None,
            )

        labels = {
            "draft": _("Drafts"),
            "review": _("In review"),
            "published": _("Published"),
            "archived": _("Archived"),
        }
        tabs = [
            {"label": _("All"), "href": url_for("desk_kb_articles"), "current": not wanted.state and not wanted.behind}
        ]
        tabs += [
            {
                "label": labels[state],
                "href": url_for("desk_kb_articles", state=state),
                "current": wanted.state == state,
                "count": counts.get(state, 0),
            }
            for state in overview.STATES
        ]
        tabs.append(
            {
                "label": _("Translation is behind"),
                "href": url_for("desk_kb_articles", behind=1),
                "current": wanted.behind,
            }
        )
        return render_template(
            "kb/desk_articles.html",
            rows=found[: overview.PAGE],
            wanted=wanted,
            tabs=tabs,
            newer=at(max(0, start - overview.PAGE)) if start else "",
            older=at(start + overview.PAGE) if len(found) > overview.PAGE else "",
            state_words=state_words(),
            may_publish=actor.may(PUBLISH),
            **rail_context(),
        )

    def new(self) -> Any:
        """Begin an article, with `?ticket=` from a ticket."""
        actor, number = current_actor(), request.values.get("ticket", "")
        locale = self._locale(request.form.get("locale") or addresses.reader_locale())
        form = entering.blank(locale)
        if number and request.method == "GET":
            form, _ticket = entering.of_ticket(db(), actor, number, locale)
        errors: dict[str, list[str]] = {}
        if request.method == "POST":
            form = entering.entered()
            if request.form.get("then") != "preview":
                ticket = find_ticket(db(), actor, number, "desk") if number else None
                uploads = entering.files()
                try:
                    placing = form.placing(self.desk, db(), actor)
                    close_session()
                    taken = files.checked(self.desk, actor, uploads)
                    with self.desk.begin(actor):
                        article, text = writing.create_article(self.desk, actor, locale, form.draft(), placing, ticket)
                        files.keep_files(self.desk, actor, article.uid, taken)
                    return self._after(actor, article.uid, text.locale)
                except EXPECTED as error:
                    errors = problems(error)
        return self._page(None, None, form, errors, ticket=number)

    def edit(self, uid: str, locale: str) -> Any:
        """Edit an article in a language; one that it is not written in yet begins empty."""
        actor = current_actor()
        article = writing.find_article(db(), actor, uid)
        text = next((each for each in writing.texts_of(db(), article) if each.locale == locale), None)
        if text is None:
            entering.locale_or_404(locale, self.desk.catalogues.languages)
        version = writing.version_of(db(), text, text.newest) if text is not None else None
        form = entering.stored(db(), actor, article, text, version, locale)
        errors: dict[str, list[str]] = {}
        if request.method == "POST":
            form = entering.entered()
            if request.form.get("then") != "preview":
                uploads = entering.files()
                try:
                    placing = form.placing(self.desk, db(), actor)
                    close_session()
                    self._save(actor, article, locale, form, placing, files.checked(self.desk, actor, uploads))
                    return self._after(actor, uid, locale)
                except EXPECTED as error:
                    errors = problems(error)
        return self._page(article, text, form, errors, locale=locale)

    def turn(self, uid: str, locale: str) -> Any:
        """Submit, publish, send back or archive."""
        actor, then = current_actor(), request.form.get("then", "")
        close_session()
        try:
            self._turn(actor, uid, locale, then)
        except (Conflict, Forbidden) as error:
            flash(said(error), "error")
        return redirect(url_for("desk_kb_edit", uid=uid, locale=locale))

    def history(self, uid: str, locale: str) -> str:
        """Show the versions, and what differs between `?from=` and `?to=`."""
        actor = current_actor()
        article = writing.find_article(db(), actor, uid)
        text = writing.find_text(db(), article, locale)
        listed = overview.versions(db(), text)
        newest = text.newest
        later = request.args.get("to", newest, type=int)
        earlier = request.args.get("from", max(1, later - 1), type=int)
        lines = comparing.compare(writing.version_of(db(), text, earlier), writing.version_of(db(), text, later))
        return render_template(
            "kb/desk_history.html",
            article=article,
            text=text,
            versions=listed,
            earlier=earlier,
            later=later,
            lines=lines,
            **rail_context(),
        )

    def restore(self, uid: str, locale: str) -> Any:
        """Make a draft of an older version."""
        actor, number = current_actor(), request.form.get("number", 0, type=int)
        close_session()
        writing.restore(self.desk, actor, uid, locale, number)
        flash(_("The words of version %(number)s are a new draft now.", number=number), "success")
        return redirect(url_for("desk_kb_edit", uid=uid, locale=locale))

    def remove_file(self, uid: str) -> Any:
        """Take a file away."""
        actor = current_actor()
        close_session()
        files.remove_file(self.desk, actor, uid, request.form.get("name", ""))
        flash(_("The file is removed."), "success")
        return redirect(url_for("desk_kb_edit", uid=uid, locale=request.form.get("locale", "en")))

    def delete(self, uid: str) -> Any:
        """Delete an article in all its languages."""
        actor = current_actor()
        close_session()
        writing.delete_article(self.desk, actor, uid)
        flash(_("The article is deleted, with all its versions."), "success")
        return redirect(url_for("desk_kb_articles"))

    def _save(
        self,
        actor: Actor,
        article: Article,
        locale: str,
        form: Entered,
        placing: writing.Placing,
        uploads: Sequence[Upload],
    ) -> None:
        base = request.form.get("base", type=int)
        with self.desk.begin(actor) as tx:
            writing.save_text(
                self.desk,
                actor,
                article.uid,
                locale,
                form.draft(),
                base=base,
                follows="follows" in request.form,
            )
            now = writing.find_article(tx.session, actor, article.uid)
            if writing.placing_of(tx.session, actor, now) != placing:
                writing.place_article(self.desk, actor, article.uid, placing)
            files.keep_files(self.desk, actor, article.uid, uploads)

    def _after(self, actor: Actor, uid: str, locale: str) -> Any:
        then = request.form.get("then", "")
        if then in ("submit", "publish"):
            try:
                self._turn(actor, uid, locale, then)
            except (Conflict, Forbidden) as error:
                flash(_("Saved as a draft.") + " " + str(error), "warning")
        else:
            flash(_("Saved. Readers see it once it is published."), "success")
        if names := self._lacking(actor, uid, locale):
            text = _("The text shows files that are not there: %(names)s. Attach them, or take them out.")
            flash(text % {"names": ", ".join(names)}, "warning")
        return redirect(url_for("desk_kb_edit", uid=uid, locale=locale))

    def _lacking(self, actor: Actor, uid: str, locale: str) -> list[str]:
        with self.desk.read() as session:
            article = writing.find_article(session, actor, uid)
            text = writing.find_text(session, article, locale)
            body = writing.version_of(session, text, text.newest).body
            return rendering.lacking(body, {each.name for each in files.files_of(session, article)})

    def _turn(self, actor: Actor, uid: str, locale: str, then: str) -> None:
        if then == "publish":
            writing.publish(self.desk, actor, uid, locale, second_pair=self.config()["review"])
            flash(_("Published. Readers see this version now."), "success")
        elif then == "submit":
            writing.submit(self.desk, actor, uid, locale)
            flash(_("In review. A colleague who may publish finds it in the list."), "success")
        elif then == "back":
            writing.send_back(self.desk, actor, uid, locale)
            flash(_("It is a draft again."), "success")
        elif then == "archive":
            writing.archive(self.desk, actor, uid, locale)
            flash(_("Archived. Readers do not find it any more."), "success")
        else:
            raise NotFound(lazy("There is no such step."))

    def _locale(self, locale: str) -> str:
        return locale if locale in self.desk.catalogues.languages else "en"

    def _page(
        self,
        article: Article | None,
        text: Text | None,
        form: Entered,
        errors: dict[str, list[str]],
        *,
        locale: str = "",
        ticket: str = "",
    ) -> Any:
        actor = current_actor()
        listed = files.files_of(db(), article) if article is not None else []
        texts = writing.texts_of(db(), article) if article is not None else []
        preview = ""
        if request.form.get("then") == "preview":
            try:
                html = rendering.render(rendering.checked_body(form.values["body"]))
                names = {each.name for each in listed if each.is_picture}
                preview = rendering.shown(
                    html, lambda name: addresses.of_file(article, name) if article else "", names
                )[0]
            except Invalid as error:
                errors = problems(error)
        written = [each.locale for each in texts]
        page = render_template(
            "kb/desk_edit.html",
            article=article,
            text=text,
            form=form.values,
            errors=errors,
            base=request.form.get("base") or (text.newest if text is not None else ""),
            files=listed,
            texts=[(each, writing.is_behind(each, texts, article)) for each in texts] if article is not None else [],
            missing=[(each, language_name(each)) for each in self.desk.catalogues.languages if each not in written],
            locales=[(each, language_name(each)) for each in self.desk.catalogues.languages],
            is_translation=article is not None and locale != article.locale,
            locale=locale,
            ticket=ticket,
            preview=preview,
            state_words=state_words(),
            may_publish=actor.may(PUBLISH),
            read=addresses.of_text(text) if text is not None and text.live else "",
            of_file=addresses.of_file,
            **entering.choices(db(), actor),
            **rail_context(),
        )
        return page, 422 if errors else 200


def problems(error: HelpdeskError) -> dict[str, list[str]]:
    """Return what is wrong, by field of the form."""
    if isinstance(error, Invalid):
        return {
            (field if field in (*entering.FIELDS, "files") else "files" if field == "attachments" else ""): [
                str(each) for each in texts
            ]
            for field, texts in error.problems.items()
        }
    return {"": [str(error)]}


def state_words() -> dict[str, tuple[str, str]]:
    """Return the states as (words, kind of pill)."""
    return {
        "draft": (_("Draft"), "info"),
        "review": (_("In review"), "warning"),
        "published": (_("Published"), "success"),
        "archived": (_("Archived"), ""),
    }
