"""Show the components and sample pages in a browser: `python tools/gallery.py [port] [theme]`.

Pages are those of tests/web/gallery; `?dir=rtl` turns them round.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, make_response, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from helpdesk_core.web.theming import Theming, bundled_themes, register

PAGES = Path(__file__).parent.parent / "tests" / "web" / "gallery"
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"


def entry(label: str, icon: str = "", **more: Any) -> dict[str, Any]:
    """One entry of a navigation."""
    return {"label": label, "href": f"#{label.lower().replace(' ', '-')}", "icon": icon, **more}


CONTEXT: dict[str, Any] = {
    "site": {"name": "Example Hosting", "url": "https://help.example.com"},
    "me": {"name": "Ivo Perić", "email": "agent@example.com", "may_desk": True, "may_admin": True},
    "waiting_count": 3,
    "new_ticket_href": "#new",
    "then": datetime(2026, 11, 21, 8, 12, tzinfo=UTC),
    "portal_nav": [entry("Answers"), entry("My tickets", current=True, count=1), entry("Ask")],
    "rail": [
        {
            "key": "workspaces",
            "title": "Workspaces",
            "items": [
                entry("My tickets", "inbox", count=5, current=True, shortcut="g i"),
                entry("Unassigned", "circle", count=12),
                entry("My turn", "bell", count=3, loud=True),
                entry("Waiting", "hourglass", count=8),
                entry("All open", "list", count=41),
            ],
        },
        {
            "key": "more",
            "title": "More",
            "items": [entry("Reports", "chart-column"), entry("Knowledge base", "book-open")],
        },
    ],
    "admin_nav": [
        {
            "key": "desk",
            "title": "Desk",
            "items": [entry("Departments", "building-2"), entry("Statuses", "circle-dot")],
        },
        {
            "key": "system",
            "title": "System",
            "items": [entry("Plugins", "puzzle", current=True, count=1, loud=True), entry("Themes", "palette")],
        },
    ],
}


def said(text: str, **values: Any) -> str:
    """Stand in for gettext: the text itself."""
    return text % values if values else text


def gallery(look: str = "default") -> Flask:
    """An app that shows the sample pages in one theme, without a database and without plugins."""
    app = Flask("gallery", static_folder=None, template_folder=None)
    app.secret_key = "not secret"  # noqa: S105 - signs nothing but the gallery's own flash messages
    theming = Theming(active=look, roots=[bundled_themes()], watch=True)
    register(app, theming)
    app.jinja_env.loader = ChoiceLoader([theming.loader, FileSystemLoader(PAGES)])
    app.jinja_env.globals.update(_=said, slot=lambda name, **context: "", csrf_token=lambda: "token")
    app.jinja_env.filters.update(
        datetime=lambda when: f"{when:%d %B %Y, %H:%M}",
        date=lambda when: f"{when:%d %B %Y}",
        reltime=lambda when: "3 hours ago",
        filesize=lambda size: f"{size / 1000:.0f} kB",
    )

    app.add_url_rule("/desk/suggestions", "desk.suggestions", list)  # the frame of the desk names it

    @app.route("/p/<name>", methods=["GET", "POST"])
    def page(name: str) -> Response:
        response = make_response(render_template(f"{name}.html", text_dir=request.args.get("dir", "ltr"), **CONTEXT))
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return app


def main() -> None:
    """Serve the gallery until it is interrupted."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    look = sys.argv[2] if len(sys.argv) > 2 else "default"
    server = make_server("127.0.0.1", port, gallery(look), threaded=True)
    print(f"http://127.0.0.1:{server.port}/p/gallery", flush=True)
    for page in sorted(PAGES.glob("*.html")):
        print(f"  /p/{page.stem}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
