"""What a site can set about mail that comes in: `[plugins.email]`."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, Range

from helpdesk_core.api.settings import Choice, Secret, SecretText, Whole, about
from helpdesk_core.api.settings import gettext_noop as _l


class EmailSettings(Schema):
    """[plugins.email]: where mail goes, how answers are recognised, and how much is too much."""

    default_department = fields.String(
        load_default="",
        validate=Length(max=64),
        metadata=about(
            _l("Default department"),
            help=_l("Takes mail that is addressed to no department; empty for the first one."),
            expected='the key of a department, such as "support"',
        ),
    )
    max_size_mb = Whole(
        load_default=50,
        validate=Range(1, 1024),
        metadata=about(
            _l("Largest mail (MB)"), help=_l("Larger mails are kept as they are and wait in the quarantine.")
        ),
    )
    reply_token = Choice(
        {"message-id": _l("In the Message-ID"), "address": _l("In the Message-ID and in the reply address")},
        load_default="message-id",
        metadata=about(
            _l("Where the signed token stands"),
            help=_l(
                "Answers find their ticket by a signed token in the Message-ID. With “address” mails also ask for "
                "answers to support+token@…, which your mail server has to deliver."
            ),
        ),
    )
    several_departments = Choice(
        {"each": _l("A ticket in each, linked"), "first": _l("One ticket, in the first")},
        load_default="each",
        metadata=about(
            _l("A mail to several departments"),
            help=_l("With one ticket, a note on it names the other departments; who works only there does not see it."),
        ),
    )
    spam_threshold = Whole(
        load_default=5,
        validate=Range(0, 1000),
        metadata=about(
            _l("Points of spam"),
            help=_l("A new mail with so many waits in the quarantine; what a filter calls spam has 5. 0 for no limit."),
        ),
    )
    suppress_bounced = fields.Boolean(
        load_default=True,
        metadata=about(
            _l("Stop writing to addresses that bounce"),
            help=_l("An address that a mail could not be delivered to for good gets none until somebody allows it."),
        ),
    )
    sender_budget = Whole(
        load_default=20,
        validate=Range(0, 100_000),
        metadata=about(
            _l("Mails an hour from one sender"),
            help=_l("Further ones wait in the quarantine; staff may send ten times as many. 0 for no limit."),
        ),
    )
    domain_budget = Whole(
        load_default=100,
        validate=Range(0, 1_000_000),
        metadata=about(
            _l("Mails an hour from one domain"),
            help=_l("Further ones become tickets without a confirmation, so that no loop can go on. 0 for no limit."),
        ),
    )
    department_budget = Whole(
        load_default=500,
        validate=Range(0, 1_000_000),
        metadata=about(
            _l("Mails an hour to one department"),
            help=_l("Further ones become tickets without a confirmation, so that no loop can go on. 0 for no limit."),
        ),
    )
    keep_days = Whole(
        load_default=0,
        validate=Range(0, 36_500),
        metadata=about(
            _l("Days to keep received mails"),
            help=_l("Older ones that are done or dropped lose their bytes and subject; tickets stay. 0 for ever."),
        ),
    )
    google_client_id = fields.String(
        load_default="",
        validate=Length(max=255),
        metadata=about(
            _l("Google: client ID"), help=_l("Of the OAuth client that you have made for this site at Google.")
        ),
    )
    google_client_secret = Secret(
        load_default=SecretText(""),
        metadata=about(_l("Google: client secret"), help=_l("It belongs to the client ID.")),
    )
    microsoft_client_id = fields.String(
        load_default="",
        validate=Length(max=255),
        metadata=about(
            _l("Microsoft: application ID"),
            help=_l("Of the application that you have registered for this site at Microsoft Entra."),
        ),
    )
    microsoft_client_secret = Secret(
        load_default=SecretText(""),
        metadata=about(_l("Microsoft: client secret"), help=_l("The value of a secret of the application.")),
    )
    microsoft_tenant = fields.String(
        load_default="common",
        validate=Length(max=100),
        metadata=about(
            _l("Microsoft: tenant"), help=_l("ID or domain of your organisation; “common” for any account.")
        ),
    )
