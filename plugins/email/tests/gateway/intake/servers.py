"""Real mail servers for tests: with a configuration of their own, on free ports of this machine, as other users."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from imaplib import IMAP4
from pathlib import Path

from helpdesk_core.testing.require import require, require_command

PASSWORD = "mail-and-nothing-else"
MAIL_USER = "nobody"

DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = {ssl}
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
postmaster_address = postmaster@example.com
recipient_delimiter = +
imap_idle_notify_interval = 2 s
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service auth {{
  unix_listener auth-userdb {{
    mode = 0600
  }}
}}
namespace inbox {{
  inbox = yes
}}
"""

OAUTH2 = """
introspection_url = http://127.0.0.1:{port}/introspect
introspection_mode = post
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclass
class Dovecot:
    """A Dovecot that knows every user, all with one password."""

    folder: Path
    imap: int
    imaps: int
    pop3: int
    lmtp: int

    @property
    def certificate(self) -> Path:
        """The authority to trust for TLS."""
        return self.folder / "cert.pem"

    def ask_about_tokens(self, port: int) -> None:
        """Have whoever listens at the port say whose a token is (RFC 7662)."""
        (self.folder / "oauth2.conf").write_text(OAUTH2.format(port=port))
        doveadm = require_command("doveadm", mend="apt-get install dovecot-core")
        subprocess.run([doveadm, "-c", self.folder / "dovecot.conf", "reload"], check=True, capture_output=True)

    def client(self, user: str, folder: str = "INBOX") -> IMAP4:
        """Return a mail client of that user, with the folder open."""
        client = IMAP4("127.0.0.1", self.imap, timeout=30)
        client.login(user, PASSWORD)
        kind, data = client.select(folder)
        assert kind == "OK", data
        return client

    def put(self, user: str, mails: Sequence[bytes], folder: str = "INBOX") -> None:
        """Put mails into a folder."""
        client = self.client(user)
        if folder != "INBOX":
            client.create(folder)
        for raw in mails:
            kind, data = client.append(folder, "", None, raw)
            assert kind == "OK", data
        client.logout()

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Return the mails of a folder."""
        client = self.client(user, folder)
        kind, data = client.uid("FETCH", "1:*", "(BODY.PEEK[])")
        client.logout()
        assert kind == "OK"
        return [each[1] for each in data if isinstance(each, tuple)]

    def flags(self, user: str, folder: str = "INBOX") -> list[str]:
        """Return the flags of the mails of a folder."""
        client = self.client(user, folder)
        _kind, data = client.uid("FETCH", "1:*", "(FLAGS)")
        client.logout()
        return [each.decode() for each in data if isinstance(each, bytes)]


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Run a Dovecot; skip or fail the test where there is none."""
    command = require_command("dovecot", mend="apt-get install dovecot-imapd dovecot-pop3d dovecot-lmtpd")
    openssl = require_command("openssl", mend="apt-get install openssl")
    # Not in pytest's own folder, which other users cannot enter.
    folder = Path(tempfile.mkdtemp(prefix="hd-dovecot-"))
    imap, imaps, pop3, lmtp = free_ports(4)
    server = Dovecot(folder, imap, imaps, pop3, lmtp)
    try:
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        words = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext {names} -keyout key.pem"
        subprocess.run([openssl, *words.split(), "-out", "cert.pem"], cwd=folder, check=True, capture_output=True)
        user = _user()
        config = folder / "dovecot.conf"
        values = vars(server) | {"user": user.pw_name, "group": _group(user), "password": PASSWORD, "ssl": "yes"}
        config.write_text(DOVECOT.format(**values))
        (folder / "oauth2.conf").write_text(OAUTH2.format(port=9))
        for name in ("run", "mail", "home"):
            (folder / name).mkdir()
        for path in (folder, *folder.iterdir()):
            if os.getuid() == 0:
                os.chown(path, user.pw_uid, user.pw_gid)
        options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        process = subprocess.Popen([command, "-F", "-c", config], stderr=subprocess.PIPE, **options)  # type: ignore[call-overload]  # the options are those of Popen
        try:
            wait_for_port(server.imap, process, folder / "dovecot.log")
            yield server
        finally:
            process.terminate()
            process.wait(30)
            assert process.stderr is not None
            process.stderr.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.com
mydestination =
local_recipient_maps =
mynetworks = 127.0.0.0/8
relay_domains = example.com, example.net
relay_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
transport_maps = texthash:{folder}/transport
recipient_delimiter = +
smtputf8_enable = no
alias_maps =
alias_database =
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
helpdesk_destination_recipient_limit = 1
"""
POSTFIX_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
helpdesk unix - n n - - pipe flags=DORhu user={user} argv={command}
"""


@dataclass
class Postfix:
    """A Postfix that delivers by its transport table."""

    folder: Path
    port: int

    def log(self) -> str:
        """Return what it says of its work."""
        path = self.folder / "log" / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""


@contextmanager
def postfix(
    transports: dict[str, str], *, port: int, command: str = "/bin/false", user: str = MAIL_USER
) -> Iterator[Postfix]:
    """Run a Postfix whose transport table has these lines; skip or fail the test where there is none.

    `command` is what the transport `helpdesk` pipes mails to, as `user`.
    """
    program = require_command("postfix", mend="apt-get install postfix")
    require("postfix", os.getuid() == 0, mend="run the tests as root: Postfix's master has to start as root")
    folder = Path(tempfile.mkdtemp(prefix="hd-postfix-"))
    folder.chmod(0o755)
    owner = pwd.getpwnam("postfix")
    try:
        for name in ("queue", "data", "log"):
            (folder / name).mkdir()
        os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
        (folder / "main.cf").write_text(POSTFIX_MAIN.format(folder=folder))
        (folder / "master.cf").write_text(POSTFIX_MASTER.format(port=port, command=command, user=user))
        (folder / "transport").write_text("".join(f"{name} {where}\n" for name, where in transports.items()))
        (folder / "dynamicmaps.cf").touch()
        process = subprocess.Popen(
            [program, "-c", folder, "start-fg"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        server = Postfix(folder, port)
        try:
            wait_for_port(port, process, folder / "log" / "mail.log")
            yield server
        finally:
            subprocess.run([program, "-c", folder, "stop"], capture_output=True, check=False)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _each in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once something listens at the port."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return
        except OSError:
            time.sleep(0.05)
    said = process.stderr.read().decode() if process.stderr and process.poll() is not None else ""
    raise AssertionError(f"{process.args!r} does not answer: {said} {log.read_text() if log.exists() else ''}")


def _user() -> pwd.struct_passwd:
    return pwd.getpwnam(MAIL_USER) if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def _group(user: pwd.struct_passwd) -> str:
    import grp

    return grp.getgrgid(user.pw_gid).gr_name
