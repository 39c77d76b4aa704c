"""The site's secret key."""

import logging
import stat
from pathlib import Path

import pytest

from helpdesk_core.errors import ConfigError
from helpdesk_core.settings.secret import create_secret, exposed, load_secret


def test_a_new_key_is_long_random_and_private(instance: Path, tmp_path: Path) -> None:
    path = create_secret(instance)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(load_secret(instance, {})) == 64
    create_secret(tmp_path)
    assert load_secret(instance, {}) != load_secret(tmp_path, {})


def test_a_key_that_is_there_is_never_replaced(instance: Path) -> None:
    create_secret(instance)
    key = load_secret(instance, {})
    with pytest.raises(ConfigError, match="is there already and is kept"):
        create_secret(instance)
    assert load_secret(instance, {}) == key


def test_the_environment_comes_first(instance: Path) -> None:
    create_secret(instance)
    assert load_secret(instance, {"HELPDESK_SECRET_KEY": " " + "k" * 40 + "\n"}) == b"k" * 40


def test_a_missing_key_is_an_error_that_names_the_mend(instance: Path) -> None:
    with pytest.raises(ConfigError, match=r"secret\.key is missing; make the instance with helpdesk init"):
        load_secret(instance, {})


def test_a_short_key_is_refused_without_repeating_it(instance: Path) -> None:
    with pytest.raises(ConfigError, match="HELPDESK_SECRET_KEY: the secret key is too short") as caught:
        load_secret(instance, {"HELPDESK_SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)
    (instance / "secret.key").write_bytes(b"\n")
    with pytest.raises(ConfigError, match=r"secret\.key: the secret key is too short"):
        load_secret(instance, {})


def test_a_folder_in_its_place_is_an_error(instance: Path) -> None:
    (instance / "secret.key").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_secret(instance, {})


def test_a_key_that_others_can_read_is_used_with_a_warning(instance: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = create_secret(instance)
    assert exposed(instance) is None
    path.chmod(0o640)
    with caplog.at_level(logging.WARNING):
        key = load_secret(instance, {})
    assert f"run: chmod 600 {path}" in caplog.text
    assert key.decode() not in caplog.text
