"""What a site can set: `[plugins.search]`."""

from marshmallow import Schema

from helpdesk_core.api.settings import Choice, about
from helpdesk_core.api.settings import gettext_noop as _l


class SearchSettings(Schema):
    """[plugins.search]: what keeps the index."""

    engine = Choice(
        {"whoosh": _l("Whoosh, in files of this machine"), "postgresql": _l("The PostgreSQL database")},
        load_default="whoosh",
        metadata=about(
            _l("Engine"),
            help=_l(
                "Whoosh needs nothing and suits sites of up to some ten thousand messages on one machine. PostgreSQL "
                "needs the helpdesk's database to be one, and serves several machines. After a change run "
                "“helpdesk search rebuild”."
            ),
        ),
    )
