"""What translate adds to the helpdesk; the work itself is done in the other modules."""

from collections.abc import Sequence

from helpdesk_core.api import Actor, Helpdesk, Link, Plugin, Route, hookimpl
from helpdesk_core.api.hooks import admin_links, admin_routes, text_overrides
from helpdesk_core.api.i18n import TextOverride
from helpdesk_core.api.settings import gettext_noop as _l

from . import overrides
from .models import Base
from .texts import _
from .views import Pages

PERMISSION = "settings.manage"


class TranslatePlugin(Plugin):
    """Lets an admin say texts differently."""

    id = "translate"
    title = _l("Texts")
    summary = _l("An admin says single texts of the helpdesk differently, in the browser.")
    models = Base.metadata

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare the pages."""
        super().__init__(desk)
        self.pages = Pages(desk)

    @hookimpl(text_overrides)
    def text_overrides(self, locale: str) -> Sequence[TextOverride]:
        """Hand out what the site says differently."""
        return overrides.overrides(self.desk, locale)

    @hookimpl(admin_routes)
    def admin_routes(self) -> Sequence[Route]:
        """Add the list of texts, and the page of each."""
        return [
            Route("/", self.pages.texts, PERMISSION, name="texts"),
            Route("/<locale>/<digest>", self.pages.text, PERMISSION, methods=("GET", "POST"), name="text"),
        ]

    @hookimpl(admin_links)
    def admin_links(self, actor: Actor) -> Sequence[Link]:
        """Add the list to the navigation of the admin area."""
        return [Link(label=_("Texts"), href="/admin/x/translate/", icon="languages")] if actor.may(PERMISSION) else []
