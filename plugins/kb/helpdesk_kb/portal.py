"""What readers see: shelves, articles, search, feeds, and the question whether it helped."""

import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any, Final

from flask import Response, flash, redirect, render_template, request, send_file, session, url_for

from helpdesk_core.api import PUBLIC, Actor, Helpdesk, Route
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.web import close_session, current_actor, db

from . import addresses, categories, feeds, files, reading, visits
from .categories import Shelf
from .models import Article, Category, Text
from .rendering import shown
from .texts import _, language_name, lazy

VISITOR: Final = "kb_visitor"
FEW: Final = 6
POPULAR: Final = timedelta(days=30)
CONTENTS: Final = 3
_DOT: Final = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
_ROBOTS: Final = ("bot", "crawl", "spider", "slurp", "preview", "curl", "wget", "python")


class Portal:
    """The pages below /x/kb/."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        table: list[tuple[str, Callable[..., Any], str, tuple[str, ...]]] = [
            ("/", self.home, "home", ("GET",)),
            ("/search", self.search, "search", ("GET",)),
            ("/feed.xml", self.feed, "feed", ("GET",)),
            ("/sitemap.xml", self.sitemap, "sitemap", ("GET",)),
            ("/c/<slug>", self.category, "category", ("GET",)),
            ("/c/<slug>/feed.xml", self.feed, "category_feed", ("GET",)),
            ("/files/<uid>/<name>", self.file, "file", ("GET",)),
            ("/<locale>/<slug>", self.article, "article", ("GET",)),
            ("/<locale>/<slug>/seen.svg", self.seen, "seen", ("GET",)),
            ("/<locale>/<slug>/vote", self.vote, "vote", ("POST",)),
        ]
        return [Route(rule, view, PUBLIC, methods=methods, name=name) for rule, view, name, methods in table]

    def home(self) -> str:
        """Show the shelves, what is read most, and what is new."""
        actor, locale = current_actor(), addresses.reader_locale()
        popular = reading.most_read(db(), actor, locale, self.desk.now() - POPULAR, FEW)
        newest = reading.newest(db(), actor, locale, FEW)
        if {each.uid for each in newest} <= {each.uid for each in popular}:
            newest = []  # of a few articles the same would stand there twice
        return render_template(
            "kb/home.html",
            shelves=[each for each in categories.tree(db(), actor, locale) if each.count],
            popular=popular,
            newest=newest,
            to=addresses.to,
            of_card=addresses.of_card,
            canonical=addresses.absolute(addresses.to("home")),
        )

    def category(self, slug: str) -> str:
        """Show a shelf, those that stand in it, and its articles."""
        actor, locale = current_actor(), addresses.reader_locale()
        shelf, above = _shelf(categories.tree(db(), actor, locale), slug)
        start = max(0, request.args.get("start", 0, type=int))
        found = reading.in_category(db(), actor, locale, shelf.category, start)
        return render_template(
            "kb/category.html",
            shelf=shelf,
            shelves=[each for each in shelf.children if each.count],
            cards=found[: reading.PAGE],
            newer=addresses.to("category", slug=slug, start=max(0, start - reading.PAGE) or None) if start else "",
            older=addresses.to("category", slug=slug, start=start + reading.PAGE) if len(found) > reading.PAGE else "",
            breadcrumbs=_crumbs(above),
            to=addresses.to,
            of_card=addresses.of_card,
            canonical=addresses.absolute(addresses.to("category", slug=slug)),
        )

    def search(self) -> str:
        """Show what fits the words of `?q=`; a list alone for the script that asks while somebody types."""
        words = request.args.get("q", "").strip()[:500]
        found = reading.search(self.desk, db(), current_actor(), addresses.reader_locale(), words)
        template = "kb/results.html" if "HX-Request" in request.headers else "kb/search.html"
        return render_template(
            template, q=words, cards=found, to=addresses.to, of_card=addresses.of_card, ask=_ask_address(words)
        )

    def article(self, locale: str, slug: str) -> str:
        """Show an article."""
        actor = current_actor()
        article, text = reading.find_live(db(), actor, locale, slug)
        suggested = request.args.get("via") == "answer"
        own = files.files_of(db(), article)
        pictures = {each.name for each in own if each.is_picture}
        html, headings = shown(text.html, lambda name: addresses.of_file(article, name), pictures)
        path = categories.path_to(db(), article.category_id)
        languages = reading.languages_of(db(), article)
        listed = [each for each in own if not each.is_picture]
        return render_template(
            "kb/article.html",
            article=article,
            text=text,
            html=html,
            headings=headings if len(headings) >= CONTENTS else [],
            description=text.summary or _beginning(text.plain),
            written_in=[
                (
                    each,
                    language_name(each),
                    addresses.to("article", locale=each, slug=its),
                    addresses.absolute(addresses.to("article", locale=each, slug=its)),
                )
                for each, its in languages
            ],
            files=[
                {"name": each.name, "href": addresses.of_file(article, each.name), "size": each.size} for each in listed
            ],
            related=reading.related(db(), actor, addresses.reader_locale(), article),
            breadcrumbs=_crumbs(path),
            suggested=suggested,
            seen=addresses.of_text(text) + "/seen.svg" + ("?via=answer" if suggested else ""),
            vote=addresses.to("vote", locale=locale, slug=slug),
            said=session.get(_said(text)),
            to=addresses.to,
            of_card=addresses.of_card,
            canonical=addresses.absolute(addresses.of_text(text)),
            edit=url_for("desk_kb_edit", uid=article.uid, locale=locale) if _may_edit(actor) else "",
        )

    def seen(self, locale: str, slug: str) -> Response:
        """Count a visit: an empty picture that only a page that is really shown asks for."""
        actor = current_actor()
        _article, text = reading.find_live(db(), actor, locale, slug)
        if not actor.is_staff and not _is_robot():
            close_session()
            visits.note_visit(self.desk, text.id, visitor(actor), suggested=request.args.get("via") == "answer")
        answer = Response(_DOT, mimetype="image/svg+xml")
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    def vote(self, locale: str, slug: str) -> Any:
        """Keep whether it helped, and what was missing."""
        actor = current_actor()
        _article, text = reading.find_live(db(), actor, locale, slug)
        said = request.form.get("helpful")
        if said not in ("yes", "no"):
            raise NotFound(lazy("Choose whether the article helped."))
        comment, suggested = request.form.get("comment", ""), request.form.get("via") == "answer"
        close_session()
        visits.vote(self.desk, text.id, visitor(actor), helpful=said == "yes", comment=comment, suggested=suggested)
        session[_said(text)] = said
        if comment.strip() or said == "yes":
            flash(_("Thank you. That helps us to write better."), "success")
        return redirect(addresses.of_text(text, via="answer" if suggested else None) + "#helpful")

    def file(self, uid: str, name: str) -> Response:
        """Hand out a file of an article; what a page may not show is only for saving."""
        found = files.find_file(db(), current_actor(), uid, name)
        inline = found.content_type in files.SHOWN
        answer = send_file(
            BytesIO(found.content),
            mimetype=found.content_type if inline else "application/octet-stream",
            as_attachment=not inline,
            download_name=found.name,
            etag=f"{found.uid}-{found.created_at.timestamp()}",
            max_age=0,
        )
        answer.headers["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; sandbox"
        answer.headers["Cache-Control"] = "private, max-age=3600, must-revalidate"
        return answer

    def feed(self, slug: str = "") -> Response:
        """Return the newest articles as an Atom feed, of a category with all below it or of all."""
        actor, locale = current_actor(), addresses.reader_locale()
        conditions = []
        title = ""
        if slug:
            shelf, _above = _shelf(categories.tree(db(), actor, locale), slug)
            conditions.append(Article.category_id.in_([each.category.id for each in shelf.walk()]))
            title = shelf.name
        found = reading.newest(db(), actor, locale, feeds.ENTRIES, *conditions)
        site = self.desk.settings.site()
        page = addresses.to("category", slug=slug) if slug else addresses.to("home")
        body = feeds.atom(
            title=f"{site.name}: {title if slug else _('Knowledge base')}",
            page=addresses.absolute(page),
            own=addresses.absolute(request.script_root + request.path),
            entries=[(each, addresses.absolute(addresses.of_card(each))) for each in found],
            now=self.desk.now(),
        )
        return Response(body, mimetype="application/atom+xml")

    def sitemap(self) -> Response:
        """Return the addresses of all public articles, for search engines."""
        found = feeds.public_texts(db())
        body = feeds.sitemap(
            [(addresses.absolute(addresses.of_text(text)), text.live_at or text.updated_at) for text in found]
        )
        return Response(body, mimetype="application/xml")


def visitor(actor: Actor) -> str:
    """Return the key of whoever asks; a browser without an account gets a random word into its session."""
    if actor.user_id is None and VISITOR not in session:
        session[VISITOR] = secrets.token_urlsafe(12)
    return visits.visitor_of(actor.user_id, session.get(VISITOR, ""))


def _said(text: Text) -> str:
    return f"kb_said_{text.id}"


def _is_robot() -> bool:
    agent = request.headers.get("User-Agent", "").casefold()
    return any(word in agent for word in _ROBOTS) or "prefetch" in request.headers.get("Sec-Purpose", "")


def _may_edit(actor: Actor) -> bool:
    return actor.may("kb.write")


def _ask_address(words: str) -> str:
    return url_for("portal.new_ticket", subject=words or None)


def _beginning(plain: str) -> str:
    line = " ".join(plain[:400].split())
    return line if len(line) <= 160 else line[:159].rstrip() + "…"


def _crumbs(path: Sequence[Category]) -> list[tuple[str, str]]:
    locale = addresses.reader_locale()
    return [
        (_("Knowledge base"), addresses.to("home")),
        *((categories.named(each, locale), addresses.to("category", slug=each.slug)) for each in path),
    ]


def _shelf(top: Sequence[Shelf], slug: str) -> tuple[Shelf, list[Category]]:
    """Return a shelf of the tree and the categories above it; `NotFound` if the reader finds nothing there."""

    def look(shelves: Sequence[Shelf], above: list[Category]) -> tuple[Shelf, list[Category]] | None:
        for shelf in shelves:
            if shelf.category.slug == slug and shelf.count:
                return shelf, above
            if (found := look(shelf.children, [*above, shelf.category])) is not None:
                return found
        return None

    found = look(top, [])
    if found is None:
        raise NotFound(lazy("There is no such category, or nothing in it is for you."))
    return found
