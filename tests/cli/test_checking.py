"""`check`, `config show` and `audit verify`: whether all is well."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from helpdesk_core.app import open_helpdesk
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.models import Message
from tests.cli.commands import Ran, Run


def found(done: Ran, area: str) -> list[tuple[str, str]]:
    return [(each["level"], each["text"]) for each in done.json if each["area"] == area]


def configure(instance: Path, section: str, line: str) -> None:
    path = instance / "helpdesk.toml"
    path.write_text(path.read_text().replace(f"[{section}]\n", f"[{section}]\n{line}\n", 1))


def test_a_new_helpdesk_is_well(desk: Run) -> None:
    done = desk("check", "--json")
    assert done.code == 0
    assert {each["level"] for each in done.json} <= {"ok", "warning"}
    assert found(done, "tables")[0][0] == "ok"
    assert found(done, "secret key") == [("ok", "for the helpdesk's eyes only")]
    assert found(done, "mail")[0][0] == "warning", "mails go into files"


def test_a_configuration_that_cannot_be_read_is_the_only_finding(desk: Run, instance: Path) -> None:
    configure(instance, "site", "session_days = 0")
    done = desk("check", "--json")
    assert done.code == 3
    ((level, text),) = found(done, "configuration")
    assert level == "wrong"
    assert "session_days = 0" in text


def test_unknown_settings_and_open_secrets_are_found(desk: Run, instance: Path) -> None:
    configure(instance, "site", 'nmae = "Care"')
    (instance / "secret.key").chmod(0o644)
    done = desk("check", "--json")
    assert done.code == 3
    (unknown,) = [text for level, text in found(done, "configuration") if level == "warning"]
    assert unknown.endswith("Did you mean name?")
    assert "chmod 600" in found(done, "secret key")[0][1]


def test_tables_that_are_behind_are_found(desk: Run, instance: Path) -> None:
    (instance / "helpdesk.db").unlink()
    done = desk("check", "--json")
    assert done.code == 5
    assert found(done, "tables") == [("wrong", "core: not up to date, run: helpdesk db upgrade")]


def test_a_database_that_is_away_is_found(desk: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_DATABASE__URL", "postgresql://x@127.0.0.1:1/x")
    done = desk("check", "--json")
    assert done.code == 4
    assert "does not answer" in found(done, "database")[0][1]


def test_a_database_whose_folder_is_away_is_found(desk: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HELPDESK_DATABASE__URL", f"sqlite:///{tmp_path}/gone/helpdesk.db")
    done = desk("check", "--json")
    assert done.code == 4
    ((level, text),) = found(done, "database")
    assert (level, text.endswith("Check [database] url.")) == ("wrong", True)


def test_what_is_no_setting_of_a_plugin_is_found(desk: Run, installed: Distributions, instance: Path) -> None:
    head = """
        from marshmallow import Schema, fields

        class Settings(Schema):
            greeting = fields.String(load_default="Hello")
    """
    installed.add("hello", "settings = Settings", head=head)
    desk("plugins", "enable", "hello")
    with (instance / "helpdesk.toml").open("a") as file:
        file.write('\n[plugins.hello]\ngreetnig = "Hi"\n')
    ((level, text),) = found(desk("check", "--json"), "settings")
    assert level == "warning"
    assert text.endswith("[plugins.hello] has no setting 'greetnig'; it is ignored. Did you mean greeting?")


def test_a_section_of_a_plugin_that_does_not_exist_is_found(
    desk: Run, installed: Distributions, instance: Path
) -> None:
    installed.add("hello")
    line = len((instance / "helpdesk.toml").read_text().splitlines()) + 3
    with (instance / "helpdesk.toml").open("a") as file:
        file.write('\n[plugins.helol]\ngreeting = "Hi"\n[plugins.hello]\n')
    ((level, text),) = found(desk("check", "--json"), "settings")
    assert level == "warning"
    assert f"line {line}: there is no plugin helol" in text
    assert text.endswith("[plugins.helol] is ignored. Did you mean hello?")


def test_plugins_that_do_not_work_are_found(desk: Run, installed: Distributions) -> None:
    installed.add("hello", "title = 'Hello'")
    desk("plugins", "enable", "hello")
    assert ("ok", "hello 0.1: active") in found(desk("check", "--json"), "plugins")
    installed.forget()
    installed.add("hello", head="raise OSError('lost')")
    done = desk("check", "--json")
    assert done.code == 1
    ((level, text),) = found(done, "plugins")
    assert level == "wrong"
    assert "lost" in text


@pytest.fixture
def free_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


def test_a_mail_server_that_does_not_answer_is_found(desk: Run, instance: Path, free_port: int) -> None:
    configure(instance, "mail", f'transport = "smtp"\nhost = "127.0.0.1"\nport = {free_port}')
    done = desk("check", "--json")
    assert done.code == 1
    assert found(done, "mail")[0][0] == "wrong"


def test_templates_that_are_behind_are_found(desk: Run, instance: Path) -> None:
    (instance / "templates" / "base").mkdir(parents=True)
    (instance / "templates" / "base" / "portal.html").write_text("{% if %}")
    done = desk("check", "--json")
    ((level, text),) = found(done, "themes")
    assert level == "warning"
    assert "templates/base/portal.html, line 1" in text


def test_the_settings_are_shown_with_their_places_and_without_secrets(
    desk: Run, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(instance, "mail", 'password = "sesame"')
    monkeypatch.setenv("HELPDESK_SITE__LANGUAGE", "de")
    shown = desk("config", "show", "--json").json
    assert shown["site"]["language"] == {"value": "de", "source": "environment"}
    assert shown["site"]["url"] == {"value": "https://desk.example.com", "source": "file"}
    assert shown["site"]["session_days"] == {"value": 14, "source": "default"}
    said = desk("config", "show").out
    assert "sesame" not in said + str(shown)
    assert "[mail]" in said


def test_the_history_is_proved(desk: Run, instance: Path) -> None:
    opened = open_helpdesk(instance, env={})
    try:
        message = World(opened).ticket().message
        assert desk("audit", "verify", "--json").json == {"tickets": 1, "broken": []}
        with opened.engine.execution_options(helpdesk_write=True).begin() as connection:
            connection.execute(update(Message).where(Message.id == message.id).values(body_text="Never said."))
    finally:
        opened.close()
    done = desk("audit", "verify")
    assert done.code == 1
    assert f"message {message.id} was altered" in done.out


def test_after_another_secret_key_the_history_is_proved_with_the_old_one(desk: Run, instance: Path) -> None:
    opened = open_helpdesk(instance, env={})
    try:
        world = World(opened)
        tickets = [world.ticket() for _each in range(7)]
    finally:
        opened.close()
    key, old = instance / "secret.key", instance / "old.key"
    shutil.copy(key, old)
    key.write_text("another secret key that is long enough\n")
    done = desk("audit", "verify")
    assert done.code == 1
    assert done.out.startswith(f"{len(tickets)} histories are sealed with another secret key than this site's.")
    assert "helpdesk audit seal --old-key FILE" in done.out
    assert "#" not in done.out
    assert desk("audit", "verify", "--old-key", old).out.count("helpdesk audit seal") == len(tickets)
    assert desk("audit", "seal").code == 1
    assert desk("audit", "seal", "--old-key", old).out == "7 histories sealed with the present secret key\n"
    assert desk("audit", "verify").code == 0
