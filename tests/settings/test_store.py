"""Settings in force: who wins, what the page may change, how it is stored."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Range
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from helpdesk_core.errors import ConfigError, Invalid, NotFound
from helpdesk_core.settings import Change, Settings, load_config
from helpdesk_core.settings.fields import MASK, Duration, Secret, SecretText, Whole, Words
from helpdesk_core.settings.models import StoredSetting

from .conftest import SECRET, Write

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Account(Schema):
    host = fields.String()
    password = Secret()


class Sla(Schema):
    calendar = fields.String(load_default="always")
    warn = Duration(load_default=timedelta(hours=1))
    limit = Whole(load_default=5, validate=Range(1, 10))
    token = Secret(load_default=SecretText(""))
    days = Words(load_default=("mo", "tu"))
    accounts = fields.List(fields.Nested(Account), load_default=[])

    @validates_schema
    def _fits(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("calendar") == "never" and data.get("limit", 0) > 5:
            raise ValidationError("With the calendar never, the limit is at most 5.")


Open = Callable[..., Settings]


@pytest.fixture
def open_settings(configure: Write) -> Open:
    """Settings of an instance with this file and environment, with the plugin sla."""

    def make(text: str = "", schema: type[Schema] = Sla, secret: bytes = SECRET, **env: str) -> Settings:
        settings = Settings(configure(text, **env), secret, clock=lambda: NOW)
        settings.register("sla", schema)
        return settings

    return make


def save(settings: Settings, session: Session, owner: str, **values: Any) -> tuple[Change, ...]:
    changes = settings.save(session, owner, values, 7)
    session.commit()
    settings.refresh(session)
    session.commit()
    return changes


def problems(settings: Settings, session: Session, owner: str, **values: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        settings.save(session, owner, values, 7)
    session.rollback()
    return caught.value.problems


class TestWhoWins:
    def test_page_over_default_and_file_over_page_and_environment_over_file(
        self, open_settings: Open, session: Session
    ) -> None:
        save(open_settings(), session, "sla", calendar="page", limit=7, days=["we"])
        settings = open_settings(
            "[plugins.sla]\nlimit = 8\ndays = ['sa']",
            HELPDESK_PLUGINS__SLA__DAYS="su,mo",
            HELPDESK_PLUGINS__SLA__WARN="2h",
        )
        settings.refresh(session)
        effective = settings.effective("sla")
        assert effective.values == {
            "calendar": "page",
            "warn": timedelta(hours=2),
            "limit": 8,
            "token": SecretText(""),
            "days": ("su", "mo"),
            "accounts": [],
        }
        assert effective.sources == {
            "calendar": "page",
            "warn": "environment",
            "limit": "file",
            "token": "default",
            "days": "environment",
            "accounts": "default",
        }
        assert [key for key in effective.values if effective.locked(key)] == ["warn", "limit", "days"]
        assert effective.problems == {}

    def test_the_same_for_core(self, open_settings: Open, session: Session) -> None:
        settings = open_settings("[site]\nname = 'File'\n[worker]\nthreads = 3")
        save(settings, session, "core.site", language="de")
        save(settings, session, "core.worker", poll_seconds="2")
        assert (settings.site().name, settings.site().language, settings.site().session_days) == ("File", "de", 14)
        assert (settings.worker().threads, settings.worker().poll_seconds) == (3, 2.0)
        assert settings.theme() == settings.config.theme
        assert settings.mail() == settings.config.mail

    def test_database_and_the_list_of_plugins_are_not_for_the_page(self, open_settings: Open, session: Session) -> None:
        settings = open_settings()
        for owner in ("core.database", "core.plugins", "nobody"):
            with pytest.raises(NotFound, match="There are no settings of"):
                settings.effective(owner)
            with pytest.raises(NotFound):
                settings.save(session, owner, {"url": "sqlite:///other.db"}, 1)

    def test_json_in_the_environment_reaches_lists_of_tables(self, open_settings: Open) -> None:
        settings = open_settings(HELPDESK_PLUGINS__SLA__ACCOUNTS='[{"host": "a", "password": "hunter2"}]')
        (account,) = settings.effective("sla").values["accounts"]
        assert account == {"host": "a", "password": SecretText("hunter2")}


class TestRegistering:
    def test_refuses_what_file_and_environment_say_wrong(self, open_settings: Open) -> None:
        with pytest.raises(ConfigError) as caught:
            open_settings(
                "[plugins.sla]\nlimit = 99\ntoken = ['hunter2']",
                HELPDESK_PLUGINS__SLA__WARN="soon",
                HELPDESK_PLUGINS__SLA__ACCOUNTS="[hunter2",
            )
        lines = str(caught.value).splitlines()
        assert len(lines) == 4
        assert any("helpdesk.toml, line 2: [plugins.sla] limit = 99" in line for line in lines)
        assert any("variable HELPDESK_PLUGINS__SLA__WARN: [plugins.sla] warn = 'soon'" in line for line in lines)
        assert "hunter2" not in str(caught.value)

    def test_refuses_what_does_not_go_together_in_the_file(self, open_settings: Open) -> None:
        with pytest.raises(ConfigError, match=r"\[plugins.sla\]: With the calendar never, the limit is at most 5"):
            open_settings("[plugins.sla]\ncalendar = 'never'\nlimit = 6")

    def test_warns_of_unknown_keys(self, open_settings: Open) -> None:
        settings = open_settings("[plugins.sla]\ncalender = 'x'")
        assert "Did you mean calendar?" in settings.effective("sla").problems["calender"]

    def test_a_required_setting_may_be_given_later(self, open_settings: Open, session: Session) -> None:
        class Needs(Schema):
            key = fields.String(required=True)
            other = Whole(load_default=1)

        settings = open_settings(schema=Needs)
        effective = settings.effective("sla")
        assert effective.values == {"other": 1, "key": None}
        assert effective.problems == {"key": "key: it has to be given, and is not."}
        assert list(problems(settings, session, "sla", other=2)) == ["key"]
        save(settings, session, "sla", key="k")
        assert settings.effective("sla").values == {"other": 1, "key": "k"}
        assert settings.effective("sla").problems == {}


class TestSaving:
    def test_stores_only_what_changed_and_returns_it(self, open_settings: Open, session: Session) -> None:
        settings = open_settings()
        changes = save(settings, session, "sla", calendar="always", limit="7", warn="90m")
        assert changes == (Change("limit", 5, 7), Change("warn", "1h", "1h 30m"))
        rows = {row.key: row for row in session.scalars(select(StoredSetting))}
        assert {key: (row.value, row.updated_at, row.updated_by) for key, row in rows.items()} == {
            "limit": (7, NOW, 7),
            "warn": ("1h 30m", NOW, 7),
        }
        assert save(settings, session, "sla", limit=7) == ()

    def test_a_value_equal_to_the_default_follows_the_default_again(
        self, open_settings: Open, session: Session
    ) -> None:
        settings = open_settings()
        save(settings, session, "sla", limit=7)
        assert save(settings, session, "sla", limit=5) == (Change("limit", 7, 5),)
        assert settings.effective("sla").sources["limit"] == "default"
        assert session.scalars(select(StoredSetting)).all() == []

    def test_refuses_locked_unknown_and_unfit_fields(self, open_settings: Open, session: Session) -> None:
        settings = open_settings("[plugins.sla]\ncalendar = 'office'", HELPDESK_PLUGINS__SLA__WARN="1h")
        found = problems(settings, session, "sla", calendar="x", warn="2h", nonsense=1)
        assert "helpdesk.toml, line 2" in found["calendar"][0]
        assert "HELPDESK_PLUGINS__SLA__WARN" in found["warn"][0]
        assert found["nonsense"] == ["There is no such setting."]
        assert problems(settings, session, "sla", limit=11, days=5) == {
            "limit": ["Must be greater than or equal to 1 and less than or equal to 10."],
            "days": ["Not a valid list of texts."],
        }
        assert session.scalars(select(StoredSetting)).all() == []

    def test_checks_the_settings_as_they_will_be_together(self, open_settings: Open, session: Session) -> None:
        settings = open_settings()
        save(settings, session, "sla", limit=6)
        assert problems(settings, session, "sla", calendar="never") == {
            "": ["With the calendar never, the limit is at most 5."]
        }

    def test_cannot_lead_mail_or_logo_out_of_the_instance(self, open_settings: Open, session: Session) -> None:
        settings = open_settings()
        assert "folder" in problems(settings, session, "core.mail", folder="../../etc")
        assert "logo" in problems(settings, session, "core.theme", logo="secret.key")

    def test_forgets_a_plugin_that_is_purged(self, open_settings: Open, session: Session) -> None:
        settings = open_settings()
        save(settings, session, "sla", limit=7, calendar="x")
        save(settings, session, "core.site", name="Kept")
        assert settings.forget(session, "sla") == 2
        session.commit()
        assert settings.refresh(session)
        assert settings.effective("sla").values["limit"] == 5
        assert settings.site().name == "Kept"


class TestSecretsAtRest:
    def test_are_encrypted_and_come_back(self, open_settings: Open, session: Session) -> None:
        settings = open_settings()
        changes = save(settings, session, "sla", token="hunter2")
        assert changes == (Change("token", "", MASK),)
        (row,) = session.scalars(select(StoredSetting))
        assert row.sealed
        assert "hunter2" not in row.value
        again = open_settings()
        again.refresh(session)
        assert again.effective("sla").values["token"].reveal() == "hunter2"
        assert again.effective("sla").masked()["token"] == MASK
        assert "hunter2" not in repr(again.effective("sla"))

    def test_inside_lists_of_tables_too(self, open_settings: Open, session: Session) -> None:
        settings = open_settings()
        save(settings, session, "sla", accounts=[{"host": "a", "password": "hunter2"}])
        (row,) = session.scalars(select(StoredSetting))
        assert row.sealed
        assert "hunter2" not in row.value
        assert settings.effective("sla").values["accounts"][0]["password"].reveal() == "hunter2"

    def test_stay_as_they_are_when_the_mask_comes_back(self, open_settings: Open, session: Session) -> None:
        settings = open_settings()
        save(settings, session, "sla", token="hunter2")
        assert save(settings, session, "sla", token=MASK, limit=6) == (Change("limit", 5, 6),)
        assert settings.effective("sla").values["token"].reveal() == "hunter2"
        assert save(settings, session, "sla", token="") == (Change("token", MASK, ""),)

    def test_of_another_secret_key_are_a_problem_and_no_crash(self, open_settings: Open, session: Session) -> None:
        save(open_settings(), session, "sla", token="hunter2", limit=6)
        other = open_settings(secret=b"another key")
        other.refresh(session)
        assert other.effective("sla").values["token"] == SecretText("")
        assert "another secret key; enter it again" in other.effective("sla").problems["token"]
        assert other.effective("sla").values["limit"] == 6
        save(other, session, "sla", token="new")
        assert other.effective("sla").problems == {}

    def test_cannot_be_moved_to_another_setting(self, open_settings: Open, session: Session) -> None:
        settings = open_settings()
        save(settings, session, "core.mail", password="hunter2")
        session.execute(update(StoredSetting).values(owner="sla", key="token"))
        settings.save(session, "core.site", {"name": "x"}, None)
        session.commit()
        settings.refresh(session)
        assert settings.effective("sla").values["token"] == SecretText("")
        assert "token" in settings.effective("sla").problems

    def test_are_in_no_log(
        self, open_settings: Open, session: Session, engine: Engine, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG, logger="sqlalchemy.engine"):
            save(open_settings("[mail]\npassword = 'hunter2'"), session, "sla", token="hunter2")
        assert "INSERT" in caplog.text
        assert "hunter2" not in caplog.text


class TestAfterAnUpgrade:
    def test_stored_values_that_no_longer_fit_fall_back_with_a_reason(
        self, open_settings: Open, session: Session
    ) -> None:
        save(open_settings(), session, "sla", calendar="office", limit=9, days=["we"])

        class Newer(Schema):
            calendar = fields.String(load_default="always")
            limit = Whole(load_default=2, validate=Range(1, 3))
            days = Whole(load_default=5)

        settings = open_settings(schema=Newer)
        settings.refresh(session)
        effective = settings.effective("sla")
        assert effective.values == {"calendar": "office", "limit": 2, "days": 5}
        assert effective.sources == {"calendar": "page", "limit": "default", "days": "default"}
        assert set(effective.problems) == {"limit", "days"}
        assert "the stored value is not used: Must be greater" in effective.problems["limit"]
        save(settings, session, "sla", limit=2, days=7)
        assert settings.effective("sla").problems == {}

    def test_values_that_no_longer_go_together_fall_back_too(self, open_settings: Open, session: Session) -> None:
        save(open_settings(), session, "sla", calendar="x", limit=9)

        class Newer(Schema):
            calendar = fields.String(load_default="always")
            limit = Whole(load_default=1)

            @validates_schema
            def _fits(self, data: dict[str, Any], **_options: Any) -> None:
                if data["limit"] > 5:
                    raise KeyError("a mistake of the plugin's author")

        settings = open_settings(schema=Newer)
        settings.refresh(session)
        assert settings.effective("sla").values == {"calendar": "always", "limit": 1}
        assert "KeyError" in settings.effective("sla").problems["limit"]

    def test_a_setting_that_is_gone_is_ignored_and_kept(self, open_settings: Open, session: Session) -> None:
        save(open_settings(), session, "sla", calendar="office")

        class Newer(Schema):
            limit = Whole(load_default=1)

        settings = open_settings(schema=Newer)
        settings.refresh(session)
        assert settings.effective("sla").values == {"limit": 1}
        assert [row.key for row in session.scalars(select(StoredSetting))] == ["calendar"]

    def test_a_text_that_became_a_secret_is_still_read_and_sealed_when_it_changes(
        self, open_settings: Open, session: Session
    ) -> None:
        save(open_settings(), session, "sla", calendar="plain")

        class Newer(Schema):
            calendar = Secret(load_default=SecretText(""))

        settings = open_settings(schema=Newer)
        settings.refresh(session)
        assert settings.effective("sla").values["calendar"].reveal() == "plain"
        save(settings, session, "sla", calendar="other")
        (row,) = session.scalars(select(StoredSetting))
        assert row.sealed


class TestOtherProcesses:
    def test_see_a_change_by_one_cheap_read(self, open_settings: Open, session: Session, engine: Engine) -> None:
        here, there = open_settings(), open_settings()
        with Session(engine) as reading:
            assert there.refresh(reading) is False
        save(here, session, "sla", limit=9)
        assert there.effective("sla").values["limit"] == 5
        with Session(engine) as reading:
            assert there.generation(reading) == 1
            assert there.refresh(reading) is True
            assert there.refresh(reading) is False
        assert there.effective("sla").values["limit"] == 9

    def test_see_nothing_of_a_change_that_was_rolled_back(self, open_settings: Open, session: Session) -> None:
        settings = open_settings()
        settings.save(session, "sla", {"limit": 9}, None)
        session.rollback()
        assert settings.refresh(session) is False
        assert settings.effective("sla").values["limit"] == 5

    def test_what_others_saved_meanwhile_counts_when_saving(self, open_settings: Open, session: Session) -> None:
        here, there = open_settings(), open_settings()
        save(here, session, "sla", limit=9)
        assert settings_changed(there, session) == (Change("limit", 9, 5),)


def settings_changed(settings: Settings, session: Session) -> tuple[Change, ...]:
    changes = settings.save(session, "sla", {"limit": 5, "calendar": "always"}, None)
    session.commit()
    return changes


def test_an_instance_without_a_file_has_settings(instance: Path) -> None:
    settings = Settings(load_config(instance, {}), SECRET)
    assert settings.owners == ("core.site", "core.mail", "core.worker", "core.theme")
    assert settings.site() == settings.config.site
