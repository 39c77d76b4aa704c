"""What is installed in a WordPress: files that PHP can read, and translations that fit the code."""

import shutil
import subprocess
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from helpdesk_core.testing.require import require_command

SHELL = Path(__file__).parents[1] / "shells" / "wordpress"
LANGUAGES = SHELL / "helpdesk" / "languages"
LOCALES = ("de_DE", "ru_RU", "uk", "hr")


def test_php_reads_every_file() -> None:
    php = require_command("php", mend="apt-get install php-cli")
    for path in sorted(SHELL.rglob("*.php")):
        done = subprocess.run([php, "-l", str(path)], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_is_translated(locale: str) -> None:
    with (LANGUAGES / f"helpdesk-{locale}.po").open("rb") as file:
        catalogue = read_po(file)
    assert [message.id for message in catalogue if message.id and not message.string] == []
    assert len(catalogue) > 50


def test_the_catalogues_have_the_texts_of_the_code_and_are_compiled(tmp_path: Path) -> None:
    require_command("xgettext", mend="apt-get install gettext")
    copy = tmp_path / "wordpress"
    shutil.copytree(SHELL, copy)
    subprocess.run(["make", "--silent", "messages"], cwd=copy, check=True, timeout=60, capture_output=True)
    behind = [
        path.name
        for path in sorted(LANGUAGES.iterdir())
        if path.read_bytes() != (copy / "helpdesk" / "languages" / path.name).read_bytes()
    ]
    assert behind == [], "make -C plugins/cms/shells/wordpress messages"
