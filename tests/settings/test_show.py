"""What `helpdesk config show` prints."""

import json

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from helpdesk_core.settings import Settings
from helpdesk_core.settings.fields import MASK, Secret, SecretText
from helpdesk_core.settings.sections import SECTIONS
from helpdesk_core.settings.show import Shown, describe

from .conftest import SECRET, Write


class Email(Schema):
    host = fields.String(load_default="imap.example.com")
    password = Secret(load_default=SecretText(""))


TEXT = """
[site]
name = "Desk"
[database]
url = "postgresql://desk:hunter2@db.example.com/desk?sslpassword=hunter2&sslmode=require"
[mail]
password = "hunter2"
[plugins]
enabled = ["email"]
[plugins.email]
password = "hunter2"
[plugins.unloaded]
anything = "hunter2"
"""


def test_every_setting_is_shown_with_its_source_and_without_secrets(configure: Write, session: Session) -> None:
    config = configure(TEXT, HELPDESK_WORKER__THREADS="3")
    settings = Settings(config, SECRET)
    settings.register("email", Email)
    settings.save(session, "core.site", {"language": "de"}, None)
    session.commit()
    settings.refresh(session)
    shown = describe(config, settings)
    for line in (
        Shown("site", "name", "Desk", "file"),
        Shown("site", "language", "de", "page"),
        Shown("site", "session_days", 14, "default"),
        Shown("worker", "threads", 3, "environment"),
        Shown(
            "database", "url", "postgresql://desk:***@db.example.com/desk?sslmode=require&sslpassword=hidden", "file"
        ),
        Shown("database", "pool_size", 10, "default"),
        Shown("mail", "password", MASK, "file"),
        Shown("plugins", "enabled", ["email"], "file"),
        Shown("plugins.email", "host", "imap.example.com", "default"),
        Shown("plugins.email", "password", MASK, "file"),
        Shown("plugins.unloaded", "anything", MASK, "file"),
    ):
        assert line in shown
    assert "hunter2" not in json.dumps([line.value_masked for line in shown])
    keys = {(line.section, line.key) for line in shown}
    assert keys >= {(section.name, key) for section in SECTIONS for key in section.schema().fields}
    assert len(keys) == len(shown)
