"""The plugin's settings, for `[plugins.kb]` and the admin page."""

from marshmallow import Schema, fields
from marshmallow.validate import Range, Regexp

from helpdesk_core.api.settings import Whole, about
from helpdesk_core.api.settings import gettext_noop as _l


class Settings(Schema):
    """What can be set."""

    mount = fields.String(
        load_default="",
        validate=Regexp(r"^(/[a-z0-9-]+)*$", error=_l("Write it like /help, or leave it empty.")),
        metadata=about(
            _l("Address"),
            help=_l("Where the articles are to be found besides /x/kb, such as /help. Takes effect after a restart."),
        ),
    )
    review = fields.Boolean(
        load_default=False,
        metadata=about(
            _l("Second pair of eyes"),
            help=_l("Nobody publishes a version that they wrote themselves; somebody else has to."),
        ),
    )
    keep_visits_days = Whole(
        load_default=400,
        validate=Range(30, 3650),
        metadata=about(
            _l("Keep visits (days)"), help=_l("How far back the statistics go; older visits are deleted every night.")
        ),
    )
