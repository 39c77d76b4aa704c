"""Debian's WordPress in a folder of its own, served by PHP's own server, its tables on the MariaDB of the tests."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from helpdesk_core.db.engine import database_url
from helpdesk_core.testing.databases import temporary_database
from helpdesk_core.testing.require import require, require_command
from tests.mail.servers import free_port

from . import ACCOUNT, PASSWORD, Link, Person, Shell, Where

if TYPE_CHECKING:
    from playwright.sync_api import Page

WORDPRESS = Path("/usr/share/wordpress")
PLUGIN = Path(__file__).parents[2] / "shells" / "wordpress" / "helpdesk"
THEME = "twentytwentythree"
MEND = f"apt-get install wordpress wordpress-theme-{THEME} php-cli php-mysql php-curl"
WITHOUT_CURL = "disable_functions=curl_init,curl_exec"
"""A setting of PHP with which WordPress asks by sockets of its own."""
LONG = 60
"""Seconds that a start may take on a busy machine."""

CONFIG = """<?php
define( 'DB_NAME', {name} );
define( 'DB_USER', {user} );
define( 'DB_PASSWORD', {password} );
define( 'DB_HOST', {host} );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'AUTH_KEY', {salt} );
define( 'SECURE_AUTH_KEY', {salt} );
define( 'LOGGED_IN_KEY', {salt} );
define( 'NONCE_KEY', {salt} );
define( 'AUTH_SALT', {salt} );
define( 'SECURE_AUTH_SALT', {salt} );
define( 'LOGGED_IN_SALT', {salt} );
define( 'NONCE_SALT', {salt} );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'WP_ACCESSIBLE_HOSTS', '127.0.0.1,localhost' );
define( 'DISABLE_WP_CRON', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', {log} );
$table_prefix = 'wp_';
require ABSPATH . 'wp-settings.php';
"""


class WordPress(Shell):
    """WordPress with the plugin of `shells/wordpress` in it."""

    name: ClassVar[str] = "wordpress"

    @classmethod
    def require(cls) -> None:
        require_command("php", mend=MEND)
        require("wordpress", (WORDPRESS / "wp-includes" / "version.php").exists(), mend=MEND)
        require("wordpress", (WORDPRESS / "wp-content" / "themes" / THEME).exists(), mend=MEND)
        modules = subprocess.run(["php", "-m"], capture_output=True, text=True, check=True, timeout=LONG).stdout.split()
        require("wordpress", "curl" in modules, mend=MEND)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "site"
        # Another host than the helpdesk's 127.0.0.1: browsers keep the two apart, as sites of two companies.
        self.url = f"http://localhost:{free_port()}"
        self.answers_url = f"{self.url}/wp-json/helpdesk/v1/answers"
        self.sign_out_url = f"{self.url}/?helpdesk_do=sign-out"
        self._opened = ExitStack()

    def start(self, link: Link) -> None:
        self._lay_out()
        database = self._opened.enter_context(temporary_database("mariadb", self.folder))
        self._write_config(database)
        self.tool("install", url=self.url, password=PASSWORD, account=ACCOUNT, people=_people())
        self.configure(link)
        self._serve()

    def stop(self) -> None:
        self._opened.close()

    def configure(self, link: Link) -> None:
        self.tool("configure", **asdict(link))

    def url_of(self, where: Where) -> str:
        return {
            "home": f"{self.url}/",
            "dashboard": f"{self.url}/wp-admin/index.php",
            "settings": f"{self.url}/wp-admin/options-general.php?page=helpdesk",
        }.get(where, f"{self.url}/{where}/")

    def sign_in(self, page: "Page", person: Person) -> None:
        page.goto(f"{self.url}/wp-login.php")
        page.get_by_label("Username or Email Address").fill(person.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log In").click()
        page.wait_for_url(f"{self.url}/wp-admin/**")

    def sign_out(self, page: "Page") -> None:
        page.goto(f"{self.url}/wp-login.php?action=logout")
        page.get_by_role("link", name="log out").click()
        page.wait_for_url("**loggedout=true**")

    def comment(self, text: str, *, name: str, email: str) -> str:
        return str(self.tool("comment", text=text, name=name, email=email))

    def make_ticket(self, page: "Page", comment: str) -> None:
        page.goto(f"{self.url}/wp-admin/edit-comments.php")
        row = page.locator(f"#comment-{comment}")
        row.hover()
        row.get_by_role("link", name="Make a ticket").click()
        page.locator(f"#comment-{comment}").hover()

    def _lay_out(self) -> None:
        """Copy what finds its own place by its folder, and link the rest."""
        self.root.mkdir(parents=True)
        for path in WORDPRESS.glob("*.php"):
            if path.name != "wp-config.php":
                shutil.copy(path, self.root)
        shutil.copytree(WORDPRESS / "wp-admin", self.root / "wp-admin", symlinks=True)
        (self.root / "wp-includes").symlink_to(WORDPRESS / "wp-includes")
        content = self.root / "wp-content"
        (content / "mu-plugins").mkdir(parents=True)
        (content / "themes").mkdir()
        (content / "themes" / THEME).symlink_to(WORDPRESS / "wp-content" / "themes" / THEME)
        shutil.copytree(PLUGIN, content / "plugins" / "helpdesk")
        shutil.copy(Path(__file__).with_name("wordpress_mu.php"), content / "mu-plugins" / "tests.php")

    def _write_config(self, database: str) -> None:
        url = database_url(database)
        values = {
            "name": url.database,
            "user": url.username,
            "password": url.password or "",
            "host": f"{url.host}:{url.port or 3306}",
            "salt": secrets.token_urlsafe(48),
            "log": str(self.folder / "debug.log"),
        }
        quoted = {
            name: "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'" for name, value in values.items()
        }
        (self.root / "wp-config.php").write_text(CONFIG.format(**quoted), "utf-8")

    def tool(self, command: str, *, setting: str = "", **told: Any) -> Any:
        """Run a command of `wordpress_tool.php` in the site, and return what it prints as JSON.

        `setting` is one of PHP, as `-d` takes it.
        """
        done = subprocess.run(
            [
                "php",
                *(["-d", setting] if setting else []),
                str(Path(__file__).with_name("wordpress_tool.php")),
                str(self.root),
                command,
            ],
            input=json.dumps(told),
            capture_output=True,
            text=True,
            timeout=LONG,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def _serve(self) -> None:
        port = self.url.rpartition(":")[2]
        log = self._opened.enter_context((self.folder / "php.log").open("wb"))
        # The server divides itself into several processes, which its end would leave behind: they get a group.
        process = subprocess.Popen(
            ["php", "-S", f"localhost:{port}", "-t", str(self.root)],
            stdout=log,
            stderr=log,
            env={**os.environ, "PHP_CLI_SERVER_WORKERS": "4"},
            start_new_session=True,
        )
        self._opened.callback(process.wait, LONG)
        self._opened.callback(os.killpg, process.pid, signal.SIGTERM)
        until = time.monotonic() + LONG
        while not self._answers():
            assert time.monotonic() < until, (self.folder / "php.log").read_text("utf-8")
            assert process.poll() is None, (self.folder / "php.log").read_text("utf-8")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/readme.html", timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True


def _people() -> list[dict[str, Any]]:
    roles = {Person.AGENT: "editor", Person.ADMIN: "administrator"}
    return [
        {
            "login": person.value,
            "email": person.email,
            "name": person.full_name,
            "role": roles.get(person, "subscriber"),
            "proved": person is not Person.UNPROVED,
        }
        for person in Person
    ]
