"""Reading the configuration: defaults, file, environment, and what is said about mistakes."""

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk_core.errors import ConfigError
from helpdesk_core.settings import Config, load_config
from helpdesk_core.settings.sections import SECTIONS
from helpdesk_core.settings.tomlfile import line_of
from helpdesk_core.settings.write import render_config

from .conftest import Write


def message(configure: Write, text: str | bytes, **env: str) -> str:
    with pytest.raises(ConfigError) as caught:
        configure(text, **env)
    return str(caught.value)


class TestDefaults:
    def test_an_instance_without_a_file_has_the_defaults(self, instance: Path) -> None:
        config = load_config(instance, {})
        assert config.file is None
        assert config.site.ticket_number == "{id}"
        assert config.site.attachment_max_mb == 25
        assert "exe" in config.site.attachment_forbidden_types
        assert config.database.url == "sqlite:///helpdesk.db"
        assert config.mail.transport == "folder"
        assert (config.worker.threads, config.worker.poll_seconds, config.worker.enabled_in_serve) == (2, 0.5, True)
        assert (config.plugins.enabled, config.plugins.on_error) == ((), "skip")
        assert config.warnings == ()

    def test_a_folder_that_is_not_there_has_them_too(self, tmp_path: Path) -> None:
        assert load_config(tmp_path / "nowhere", {}).site.name == "Helpdesk"

    def test_every_field_of_a_schema_is_one_of_its_values(self, instance: Path) -> None:
        config = load_config(instance, {})
        for section in SECTIONS:
            names = [field.name for field in dataclasses.fields(getattr(config, section.name))]
            assert names == list(section.schema().fields), section.name

    def test_every_field_has_a_label_and_a_help_text(self) -> None:
        for section in SECTIONS:
            for key, field in section.schema().fields.items():
                assert field.metadata["label"], key
                assert field.metadata["help"].endswith("."), key


class TestFile:
    def test_values_come_from_the_file_and_are_pinned_with_their_line(self, configure: Write, instance: Path) -> None:
        config = configure("# mine\n[site]\nname = 'Пример'\n\n[worker]\nthreads = 4\n")
        assert config.file == instance / "helpdesk.toml"
        assert config.site.name == "Пример"
        assert config.worker.threads == 4
        pin = config.pinned["site"]["name"]
        assert (pin.source, pin.where) == ("file", f"{instance / 'helpdesk.toml'}, line 3")

    def test_sections_of_plugins_are_kept_as_they_are_written(self, configure: Write) -> None:
        config = configure(
            "[plugins]\nenabled = ['sla', 'email']\n[plugins.sla]\nhours = [9, 17]\n[plugins.old]\nx = 1\n"
        )
        assert config.plugins.enabled == ("sla", "email")
        assert config.plugin_sections == {"sla": {"hours": [9, 17]}, "old": {"x": 1}}
        assert config.warnings == ()

    def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(self, configure: Write) -> None:
        assert configure(b"\xef\xbb\xbf[site]\r\nname = 'x'\r\n").site.name == "x"

    def test_an_address_loads_without_a_slash_at_its_end(self, configure: Write) -> None:
        assert configure("[site]\nurl = 'https://help.example.com/desk/'").site.url == "https://help.example.com/desk"

    def test_file_name_endings_load_in_small_letters_without_a_dot(self, configure: Write) -> None:
        config = configure("[site]\nattachment_forbidden_types = ['.EXE', 'exe', 'Bat']")
        assert config.site.attachment_forbidden_types == ("exe", "bat")

    def test_may_give_the_list_of_plugins_as_a_text_and_says_so(self, configure: Write) -> None:
        assert configure("[plugins]\nenabled = 'email, sla'").plugins.enabled == ("email", "sla")
        assert configure("[plugins]\nenabled = 'email'").plugins.enabled == ("email",)
        assert 'or a text such as "email, sla"' in render_config({})


class TestUnknownNames:
    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("[emial]\nport = 1", r"line 1: there is no section \[emial\]; it is ignored\. Did you mean mail\?"),
            ("[mail]\nprot = 1", r"line 2: \[mail\] has no setting 'prot'; it is ignored\. Did you mean port\?"),
            ("threads = 2", r"line 1: 'threads' stands outside of any section.*under \[worker\]\?"),
            ("[zzz]\nx = 1", r"no section \[zzz\]; it is ignored\.$"),
            ("[plugins]\nenabeld = ['a']", r"line 2: \[plugins\] has no setting 'enabeld'.*Did you mean enabled\?"),
        ],
    )
    def test_in_the_file_warn_with_a_suggestion(self, configure: Write, text: str, sentence: str) -> None:
        (warning,) = configure(text).warnings
        assert re.search(sentence, warning)

    @pytest.mark.parametrize(
        ("variable", "sentence"),
        [
            ("HELPDESK_DATABASE_URL", "is no setting and is ignored. Did you mean HELPDESK_DATABASE__URL?"),
            ("HELPDESK_SITE__NAEM", "[site] has no setting 'naem'; it is ignored. Did you mean name?"),
            ("HELPDESK_SITE", "HELPDESK_SITE is no setting and is ignored."),
            ("HELPDESK_SITE__", "HELPDESK_SITE__ is no setting and is ignored."),
            ("HELPDESK_MAIL__HOST__NAME", "[mail] has no setting 'host__name'; it is ignored."),
        ],
    )
    def test_in_the_environment_warn_too(self, configure: Write, variable: str, sentence: str) -> None:
        (warning,) = configure("", **{variable: "x"}).warnings
        assert sentence in warning

    def test_variables_that_are_no_configuration_are_left_alone(self, configure: Write) -> None:
        names = ("HELPDESK_INSTANCE", "HELPDESK_TEST_DATABASES", "HELPDESK_REQUIRE", "HELPDESK_SECRET_KEY", "HOME")
        assert configure("", **dict.fromkeys(names, "x")).warnings == ()


class TestEnvironment:
    def test_comes_before_the_file(self, configure: Write) -> None:
        config = configure("[database]\npool_size = 3\nurl = 'sqlite:///a.db'", HELPDESK_DATABASE__URL="sqlite:///b.db")
        assert (config.database.url, config.database.pool_size) == ("sqlite:///b.db", 3)
        assert config.pinned["database"]["url"].source == "environment"
        assert config.pinned["database"]["pool_size"].source == "file"

    @pytest.mark.parametrize(
        ("text", "names"),
        [("a,b", ("a", "b")), (" a , b ,", ("a", "b")), ('["b", "a"]', ("b", "a")), ("", ()), ("a,a", ("a",))],
    )
    def test_gives_lists_with_commas_or_as_json(self, configure: Write, text: str, names: tuple[str, ...]) -> None:
        assert configure("[plugins]\nenabled = ['z']", HELPDESK_PLUGINS__ENABLED=text).plugins.enabled == names

    def test_gives_numbers_and_switches_as_text(self, configure: Write) -> None:
        config = configure("", HELPDESK_MAIL__PORT="587", HELPDESK_WORKER__ENABLED_IN_SERVE="false")
        assert config.mail.port == 587
        assert config.worker.enabled_in_serve is False

    def test_may_give_a_text_that_begins_with_a_brace(self, configure: Write) -> None:
        assert configure("", HELPDESK_SITE__TICKET_NUMBER="{year}-{id}").site.ticket_number == "{year}-{id}"

    def test_reaches_settings_of_plugins(self, configure: Write) -> None:
        config = configure("[plugins.sla]\ncalendar = 'x'\nhours = 1", HELPDESK_PLUGINS__SLA__CALENDAR="office")
        assert config.plugin_sections == {"sla": {"calendar": "office", "hours": 1}}


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("[mail]\nport = 'abc'", r"line 2: \[mail\] port = 'abc': .*Expected a whole number from 1 to 65535\."),
            ("[mail]\nport = 70000", r"line 2: \[mail\] port = 70000: .*Expected a whole number from 1 to 65535\."),
            ("[mail]\nport = 25.5", r"line 2: \[mail\] port = 25.5"),
            ("[mail]\nport = true", r"line 2: \[mail\] port = true:"),
            ("[mail]\n\n\nport = []", r"line 4: \[mail\] port = \[\]"),
            ("[mail]\nport = {a = false}", r'line 2: \[mail\] port = \{"a": false\}: '),
            ("[mail]\ntransport = 'pigeon'", r'Expected one of "smtp", "folder", "memory", "none"\.'),
            ("[mail]\nfolder = '../../etc'", r"Expected a path inside the instance folder\."),
            ("[mail]\nfolder = '/var/mail'", r"Expected a path inside the instance folder\."),
            ("[mail]\nfrom_address = 'nobody'", r"Expected a mail address"),
            ("[mail]\nhost = 'a b'", r"Expected a host name\."),
            ("[site]\nname = 5", r"Expected a text of at most 100 characters\."),
            ("[site]\nname = ''", r"line 2: \[site\] name = ''"),
            ("[site]\nurl = 'help.example.com'", r"Expected an address such as"),
            ("[site]\nurl = 'https://h:x/'", r"Expected an address such as"),
            ("[site]\nurl = 'javascript:alert(1)'", r"Expected an address such as"),
            ("[site]\nurl = 'https://[::1'", r"Expected an address such as"),
            ("[site]\nlanguage = 'English'", r"Expected a language code"),
            ("[site]\ntimezone = 'Mars/Olympus'", r"Expected a time zone"),
            ("[site]\ntimezone = '../../etc/passwd'", r"Expected a time zone"),
            ("[site]\ntimezone = 'Europe'", r"Expected a time zone"),
            ("[site]\nattachment_forbidden_types = 'a b'", r"Expected a list of file name endings"),
            ("[theme]\nlogo = 'secret.key'", r"Expected an image file inside the instance folder"),
            ("[worker]\npoll_seconds = nan", r"Expected a number from 0.05 to 60\."),
            ("[worker]\nenabled_in_serve = 'maybe'", r"Expected true or false\."),
            ("[plugins]\nenabled = 7", r"Expected a list of plugin names"),
            ("[plugins]\nenabled = [1]", r"Expected a list of plugin names"),
            ("[plugins]\nenabled = ['../x']", r"Not a valid name of a plugin"),
            ("[plugins.enabled]\na = 1", r"Expected a list of plugin names"),
            ("mail = 3", r"line 1: mail is not a section\. Write \[mail\]"),
            ("[[plugins]]\nx = 1", r"plugins is not a section"),
        ],
    )
    def test_name_line_key_and_what_is_expected(self, configure: Write, text: str, sentence: str) -> None:
        assert re.search(sentence, message(configure, text))

    @pytest.mark.parametrize(
        "form",
        [
            "{year}",
            "{id}{id}",
            "T{id}/x",
            "{id!r}",
            "{id:99999999}",
            "{id.__class__}",
            "{id",
            "№{id}",
            "{0}",
            "{{id}}",
            "{id:{year}}",
        ],
    )
    def test_ticket_numbers_must_be_unique_and_fit_an_address(self, configure: Write, form: str) -> None:
        assert "Not a valid form of ticket numbers" in message(configure, f"[site]\nticket_number = '{form}'")

    @pytest.mark.parametrize("form", ["{id}", "T-{id}", "{year}-{id:06}", "{id:06d}.{year}"])
    def test_sound_forms_of_ticket_numbers_are_taken(self, configure: Write, form: str) -> None:
        assert configure(f"[site]\nticket_number = '{form}'").site.ticket_number == form

    def test_are_reported_all_at_once_one_line_each(self, configure: Write) -> None:
        text = message(configure, "[mail]\nport = 0\n[worker]\nthreads = 0\n", HELPDESK_SITE__SIGNUP="perhaps")
        assert [line.split(": ")[0].rpartition("/")[2] for line in text.splitlines()] == [
            "environment variable HELPDESK_SITE__SIGNUP",
            "helpdesk.toml, line 2",
            "helpdesk.toml, line 4",
        ]

    @pytest.mark.parametrize("value", ["[", '["a"', "[1]", "[" * 100_000])
    def test_in_json_of_the_environment_name_the_variable(self, configure: Write, value: str) -> None:
        text = message(configure, "", HELPDESK_PLUGINS__ENABLED=value)
        assert text.startswith("environment variable HELPDESK_PLUGINS__ENABLED: [plugins] enabled = ")
        assert len(text) < 400

    def test_bytes_of_the_environment_that_are_no_text_are_refused(self, configure: Write) -> None:
        assert "not UTF-8 text" in message(configure, "", HELPDESK_SITE__NAME="caf\udce9")


class TestBrokenFiles:
    @pytest.mark.parametrize(
        ("raw", "sentence"),
        [
            (b"[site]\nname = x\n", "line 2: this is not valid TOML"),
            (b"[site]\nname = 'a'\nname = 'b'\n", "line 3: this is not valid TOML: Cannot overwrite a value"),
            (b"[site]\n\n[site]\n", "line 3: this is not valid TOML"),
            (b"[site]\nname = 'a", "line 2: this is not valid TOML"),
            (b"[site\n", "line 1: this is not valid TOML"),
            (b"\x00\x01\x02", "line 1: this is not valid TOML"),
            (b"[site]\nname = 'caf\xe9'\n", "line 2: this is not UTF-8 text; save the file as UTF-8"),
            ("[site]\nname = 'x'".encode("utf-16"), "line 1: this is not UTF-8 text"),
            (bytes(range(256)), "line 2: this is not UTF-8 text"),
            (b"x = " + b"[" * 50_000, "too deep"),
            (b"[mail]\nport = " + b"9" * 5000, "helpdesk.toml: this is not valid TOML: a value cannot be read"),
            (b"[site]\nname = 2026-13-45\n", "line 2: this is not valid TOML"),
        ],
    )
    def test_are_refused_with_the_line(self, configure: Write, raw: bytes, sentence: str) -> None:
        text = message(configure, raw)
        assert sentence in text
        assert "helpdesk.toml" in text

    def test_a_folder_in_its_place_is_refused(self, instance: Path) -> None:
        (instance / "helpdesk.toml").mkdir()
        with pytest.raises(ConfigError, match="is not a file"):
            load_config(instance, {})

    def test_a_link_to_nowhere_is_refused_and_not_taken_for_no_file(self, instance: Path) -> None:
        (instance / "helpdesk.toml").symlink_to(instance / "gone.toml")
        with pytest.raises(ConfigError, match="cannot be read"):
            load_config(instance, {})

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
    @given(raw=st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace")))
    def test_any_bytes_load_or_are_refused_with_a_sentence(self, configure: Write, raw: bytes) -> None:
        result: Config | ConfigError
        try:
            result = configure(raw)
        except ConfigError as error:
            result = error
        assert isinstance(result, Config) or "helpdesk.toml" in str(result)


class TestSecrets:
    TEXT = """
        [database]
        url = "postgresql://desk:hunter2@db.example.com/desk?sslpassword=hunter2"
        [mail]
        password = "hunter2"
        [plugins.email]
        imap_password = "hunter2"
    """

    def test_show_in_no_repr(self, configure: Write) -> None:
        config = configure(self.TEXT, HELPDESK_PLUGINS__SMS__TOKEN="hunter2")
        assert config.mail.password.reveal() == "hunter2"
        for value in (config, config.mail, config.database, config.mail.password, config.pinned):
            assert "hunter2" not in f"{value} {value!r}"

    @pytest.mark.parametrize(
        "text",
        [
            "[mail]\npassword = ['hunter2']",
            "[database]\nurl = 'postgresql://u:hunter2@h:port/x'",
            "[database]\nurl = 'oracle://u:hunter2@h/x'",
            "[database]\nurl = 'hunter2'",
        ],
    )
    def test_show_in_no_error(self, configure: Write, text: str) -> None:
        assert "hunter2" not in message(configure, text)


class TestLines:
    @pytest.mark.parametrize(
        ("text", "keys", "line"),
        [
            ("a.b = 1", ["a", "b"], 1),
            ("[a]\nb.c = 1", ["a", "b", "c"], 2),
            ('["a"]\n"b" = 1', ["a", "b"], 2),
            ("a = {b = 1}", ["a", "b"], 1),
            ("[a]\nx = '''\nb = 1\n'''\nb = 2", ["a", "b"], 5),
            ('[a]\nx = """\nb = 1 \'\'\'\n"""\nb = 2', ["a", "b"], 5),
            ("[a]\nx = [\n  'b = 1',\n  ['c'],\n]\nb = 2", ["a", "b"], 6),
            ("[a]\nx = [ # [\n]\nb = 2", ["a", "b"], 4),
            ("[a] # first\nb = 1\n[c]\nb = 2", ["c", "b"], 4),
            ("# b = 0\n  [ a ]\n  b=1", ["a", "b"], 3),
            ("[a.b]\nc = 1", ["a"], None),
            ("", ["a"], None),
        ],
    )
    def test_of_a_key_are_found(self, text: str, keys: list[str], line: int | None) -> None:
        assert line_of(text, keys) == line
