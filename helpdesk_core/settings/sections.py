"""The core's own sections of the configuration: their fields, defaults and checks."""

import re
from dataclasses import dataclass

from marshmallow import Schema, fields
from marshmallow.validate import Length, Range, Regexp

from helpdesk_core.settings.fields import Choice, Secret, SecretText, Whole, Words, about
from helpdesk_core.settings.fields import gettext_noop as _l
from helpdesk_core.settings.kinds import (
    IMAGES,
    DatabaseUrl,
    FileEndings,
    WebAddress,
    is_image,
    is_inside_instance,
    is_sender,
    is_ticket_number,
    is_timezone,
)

PLUGIN_ID = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
"""What a plugin may be called."""

# fmt: off
DANGEROUS = (
    "bat", "cmd", "com", "cpl", "dll", "exe", "hta", "iso", "jar", "js", "jse", "lnk",
    "msi", "pif", "ps1", "reg", "scr", "vbe", "vbs", "wsf", "wsh",
)
# fmt: on
"""Endings of files that run a program when they are opened."""


class SiteSchema(Schema):
    """[site]: what the helpdesk is called, where it is reached, and what its customers may do."""

    name = fields.String(
        load_default="Helpdesk",
        validate=Length(min=1, max=100),
        metadata=about(_l("Name"), help=_l("Shown at the top of pages and as the sender of mails.")),
    )
    url = WebAddress(
        load_default="http://localhost:8000",
        metadata=about(
            _l("Web address"),
            help=_l("Where customers reach the helpdesk; links in mails begin with it."),
            expected='an address such as "https://help.example.com"',
        ),
    )
    language = fields.String(
        load_default="en",
        validate=Regexp(r"[a-z]{2,3}(_[A-Z][A-Za-z]{1,3}){0,2}\Z", error=_l("Not a valid language code.")),
        metadata=about(
            _l("Language"),
            help=_l("For people who have not chosen a language."),
            expected='a language code such as "en", "de" or "pt_BR"',
        ),
    )
    timezone = fields.String(
        load_default="UTC",
        validate=is_timezone,
        metadata=about(
            _l("Time zone"),
            help=_l("For people who have not chosen a time zone."),
            expected='a time zone such as "Europe/Berlin"',
        ),
    )
    ticket_number = fields.String(
        load_default="{id}",
        validate=is_ticket_number,
        metadata=about(
            _l("Ticket numbers"),
            help=_l("How a ticket's number is made: {id} counts from 10001, {year} is the year it was opened in."),
            affects=_l("New tickets only; a number that was given stays."),
            expected='letters, digits, "-", "." and "_" around {id} (or {id:07}), perhaps with {year}',
        ),
    )
    attachment_max_mb = Whole(
        load_default=25,
        validate=Range(1, 1024),
        metadata=about(_l("Largest attachment (MB)"), help=_l("Larger files are refused, with this limit named.")),
    )
    attachment_forbidden_types = FileEndings(
        load_default=DANGEROUS,
        each=Regexp(r"\.?[A-Za-z0-9_+-]{1,16}\Z", error=_l("Not a valid file name ending.")),
        metadata=about(
            _l("Forbidden attachments"),
            help=_l("Endings of file names that are refused, because opening such a file can run a program."),
            expected='a list of file name endings such as ["exe", "bat"]',
        ),
    )
    signup = Choice(
        {"open": _l("Everybody may register"), "closed": _l("Only staff create customers")},
        load_default="open",
        metadata=about(_l("Registration"), help=_l("Whether customers may create an account by themselves.")),
    )
    customers_invite = Choice(
        {
            "anybody": _l("Anybody, by their address"),
            "organisation": _l("Only colleagues of their own organisation"),
        },
        load_default="anybody",
        metadata=about(
            _l("Whom customers may add to their tickets"),
            help=_l("Who is added sees the whole ticket and gets the answers by mail."),
        ),
    )
    max_copied = Whole(
        load_default=20,
        validate=Range(0, 500),
        metadata=about(
            _l("People in copy"),
            help=_l("How many people customers may put in copy on one ticket. Colleagues may add more."),
        ),
    )
    session_days = Whole(
        load_default=14,
        validate=Range(1, 365),
        metadata=about(_l("Days signed in"), help=_l("After so many days without a visit one has to sign in again.")),
    )
    trusted_proxies = Whole(
        load_default=0,
        validate=Range(0, 10),
        metadata=about(
            _l("Trusted proxies"),
            help=_l(
                "How many reverse proxies stand in front and set X-Forwarded-For. With too high a number visitors can "
                "forge their address."
            ),
        ),
    )
    undo_send_seconds = Whole(
        load_default=10,
        validate=Range(0, 120),
        metadata=about(_l("Undo sending (seconds)"), help=_l("How long an agent may take a reply back; 0 for never.")),
    )


class DatabaseSchema(Schema):
    """[database]: where tickets are kept."""

    url = DatabaseUrl(
        load_default="sqlite:///helpdesk.db",
        metadata=about(
            _l("Address"),
            help=_l("A relative SQLite path counts from the instance folder."),
            expected='"sqlite:///helpdesk.db", "postgresql://user:password@host/name" or '
            '"mariadb://user:password@host/name"',
        ),
    )
    pool_size = Whole(
        load_default=10,
        validate=Range(1, 200),
        metadata=about(_l("Connections"), help=_l("Kept open by each process to PostgreSQL or MariaDB.")),
    )


class MailSchema(Schema):
    """[mail]: how mail leaves."""

    transport = Choice(
        {
            "smtp": _l("Hand it to a mail server"),
            "folder": _l("Write it to files"),
            "memory": _l("Keep it in memory, for tests"),
            "none": _l("Send nothing"),
        },
        load_default="folder",
        metadata=about(
            _l("Way out"),
            help=_l('With "folder" mails are written to files and reach nobody; "smtp" sends them.'),
        ),
    )
    host = fields.String(
        load_default="localhost",
        validate=Regexp(r"[^\s/@]{1,253}\Z", error=_l("Not a valid host name.")),
        metadata=about(_l("Mail server"), help=_l("For smtp: the host that takes our mail."), expected="a host name"),
    )
    port = Whole(
        load_default=25,
        validate=Range(1, 65535),
        metadata=about(_l("Port"), help=_l("For smtp: usually 25, 587 with starttls, or 465 with tls.")),
    )
    security = Choice(
        {"none": _l("Not encrypted"), "starttls": "STARTTLS", "tls": "TLS"},
        load_default="none",
        metadata=about(
            _l("Encryption"), help=_l("For smtp: use starttls or tls unless the server is on this machine.")
        ),
    )
    username = fields.String(
        load_default="",
        validate=Length(max=255),
        metadata=about(_l("User name"), help=_l("For smtp: leave it empty if the server asks for none.")),
    )
    password = Secret(load_default=SecretText(""), metadata=about(_l("Password"), help=_l("For smtp.")))
    from_address = fields.String(
        load_default="",
        validate=is_sender,
        metadata=about(
            _l("Sender's address"),
            help=_l("Of mails of no department. If it is empty: helpdesk@ and the host of the site's web address."),
            expected='a mail address such as "help@example.com", or ""',
        ),
    )
    folder = fields.String(
        load_default="mail",
        validate=[Length(min=1, max=200), is_inside_instance],
        metadata=about(
            _l("Folder"),
            help=_l("For folder: where the mails are written."),
            expected="a path inside the instance folder",
        ),
    )
    notify_department = fields.Boolean(
        load_default=False,
        metadata=about(
            _l("Tell the whole department"),
            help=_l("Whether all of a department get a mail when a customer writes in a ticket that nobody has."),
        ),
    )
    attach_mb = Whole(
        load_default=10,
        validate=Range(0, 100),
        metadata=about(
            _l("Files sent along (MB)"),
            help=_l("Files of more than this together go as links; many mail servers refuse larger mails. 0: all do."),
        ),
    )
    file_link_days = Whole(
        load_default=30,
        validate=Range(1, 365),
        metadata=about(
            _l("Days that links to files last"),
            help=_l("Such a link hands its file out to whoever has it, as long as its recipient may see the ticket."),
        ),
    )


class WorkerSchema(Schema):
    """[worker]: what is done behind the scenes: sending mail, plugins' events, jobs."""

    threads = Whole(
        load_default=2,
        validate=Range(1, 64),
        metadata=about(_l("Threads"), help=_l("How many things each worker does at the same time.")),
    )
    poll_seconds = fields.Float(
        load_default=0.5,
        validate=Range(0.05, 60),
        metadata=about(_l("Looks for work every (seconds)"), help=_l("How long work waits at most before it begins.")),
    )
    enabled_in_serve = fields.Boolean(
        load_default=True,
        metadata=about(
            _l("Work inside the web server"),
            help=_l('If it is off, at least one "helpdesk worker" has to run, or no mail leaves.'),
        ),
    )


class ThemeSchema(Schema):
    """[theme]: how pages look."""

    active = fields.String(
        load_default="default",
        validate=Regexp(r"[a-z][a-z0-9_-]{0,39}\Z", error=_l("Not a valid name of a theme.")),
        metadata=about(
            _l("Theme"),
            help=_l('"helpdesk themes list" names those that are there.'),
            expected="the name of a theme",
        ),
    )
    allow_dark = fields.Boolean(
        load_default=True,
        metadata=about(_l("Dark mode"), help=_l("Whether pages turn dark for people whose device is set so.")),
    )
    accent = fields.String(
        load_default="",
        validate=Regexp(r"(#[0-9a-fA-F]{6})?\Z", error=_l("Not a colour.")),
        metadata=about(
            _l("Accent"),
            help=_l("The colour of links and buttons, such as #1b4f9c; empty for the theme's own."),
            affects=_l("All pages. It is made darker or lighter where text could not be read on it."),
            expected='a colour such as "#1b4f9c"',
        ),
    )
    logo = fields.String(
        load_default="",
        validate=[Length(max=200), is_image],
        metadata=about(
            _l("Logo"),
            help=_l("Shown instead of the theme's own logo; empty for that."),
            expected="an image file inside the instance folder: " + ", ".join(IMAGES),
        ),
    )
    footer = fields.String(
        load_default="",
        validate=Length(max=500),
        metadata=about(_l("Footer"), help=_l("A line at the foot of each page of the portal.")),
    )


class PluginsSchema(Schema):
    """[plugins]: which plugins are active, in which order; each has its own settings in [plugins.<name>]."""

    enabled = Words(
        load_default=(),
        each=Regexp(PLUGIN_ID.pattern + r"\Z", error=_l("Not a valid name of a plugin.")),
        metadata=about(
            _l("Enabled plugins"),
            help=_l(
                'Only these are loaded. The first one runs first. "helpdesk plugins enable NAME" and the admin page '
                "change this line."
            ),
            expected='a list of plugin names such as ["email", "sla"], or a text such as "email, sla"',
        ),
    )
    on_error = Choice(
        {"skip": _l("Go on without it"), "stop": _l("Do not start")},
        load_default="skip",
        metadata=about(_l("When a plugin cannot be loaded"), help=_l('"stop" is meant for automated checks.')),
    )
    hook_timeout = fields.Float(
        load_default=5.0,
        validate=Range(0.1, 60),
        metadata=about(_l("Patience (seconds)"), help=_l("How long a page waits for a plugin before it goes on.")),
    )


@dataclass(frozen=True)
class Section:
    """A section of the configuration file; `on_page` tells whether the admin page may change it."""

    name: str
    schema: type[Schema]
    on_page: bool


SECTIONS = (
    Section("site", SiteSchema, on_page=True),
    Section("database", DatabaseSchema, on_page=False),
    Section("mail", MailSchema, on_page=True),
    Section("worker", WorkerSchema, on_page=True),
    Section("theme", ThemeSchema, on_page=True),
    Section("plugins", PluginsSchema, on_page=False),
)
