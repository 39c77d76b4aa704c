"""The server as people run it: plugins switched under load, no request lost, an orderly end."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from helpdesk_core.cli.serve import CannotServe, check_port
from helpdesk_core.settings.secret import create_secret
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.site import prepare

SERVE = """
import sys
from pathlib import Path
from helpdesk_core.cli.serve import serve

if __name__ == "__main__":
    serve(Path(sys.argv[1]), port=int(sys.argv[2]), workers=int(sys.argv[3]))
"""
SLEEPER = """
import time
from helpdesk_core.hooks import hookimpl
from helpdesk_core.web.hooks import portal_routes
from helpdesk_core.web.routing import Route
"""
SLEEPER_BODY = """
@hookimpl(portal_routes)
def routes(self) -> list[Route]:
    return [Route("/sleep", self.sleep, "public")]

def sleep(self) -> str:
    time.sleep(1.5)
    return "rested"

def close(self) -> None:
    (self.desk.config.instance / "closed.txt").open("a").write("closed\\n")
"""
SWITCHED_WITHIN = 2.0
PATIENCE = 30.0
"""Seconds. What is promised is asked of the best of several tries; a busy machine may keep any one of them waiting."""


@pytest.fixture
def installed(tmp_path: Path) -> Distributions:
    (tmp_path / "site-packages").mkdir()
    return Distributions(tmp_path / "site-packages")


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    folder = tmp_path / "instance"
    folder.mkdir()
    create_secret(folder)
    configure(folder)
    prepare(f"sqlite:///{folder / 'helpdesk.db'}")
    return folder


def configure(instance: Path, *plugins: str) -> None:
    names = ", ".join(f'"{each}"' for each in plugins)
    new = instance / "new.toml"
    rest = '[database]\nurl = "sqlite:///helpdesk.db"\n[worker]\nenabled_in_serve = false\n'
    new.write_text(f"{rest}[plugins]\nenabled = [{names}]\n")
    new.replace(instance / "helpdesk.toml")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def active(self) -> set[str]:
        status, body = self.get("/healthz")
        assert status == 200
        return {name for name, each in json.loads(body)["plugins"].items() if each["status"] == "active"}

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


@contextmanager
def serving(instance: Path, *command: str, path: Path | None = None) -> Iterator[Server]:
    port = free_port()
    environment = os.environ | {"PYTHONPATH": str(path or ""), "HELPDESK_INSTANCE": str(instance)}
    log = instance / "server.log"
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a run in the background hands that on to what it starts
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with log.open("wb") as output:
        line = [word.format(port=port, instance=instance) for word in command]
        process = subprocess.Popen([sys.executable, *line], env=environment, stdout=output, stderr=output)
    server = Server(process, port, log)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                assert server.get("/readyz")[0] == 200
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.1)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


@dataclass
class Load:
    """Clients that ask without pause, each on connections of its own, and note everything that is not a 200."""

    server: Server
    answers: int = 0
    troubles: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self, clients: int) -> Iterator[None]:
        threads = [threading.Thread(target=self._ask) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        while not self._stop.is_set():
            try:
                connection.request("GET", "/healthz")
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.troubles.append(f"status {answer.status}")
            except (OSError, http.client.HTTPException) as error:
                self.troubles.append(repr(error))
                connection.close()
            self.answers += 1
            if self.answers % 20 == 0:
                connection.close()
        connection.close()


def seconds_until(server: Server, wanted: set[str]) -> float:
    """Return how long it took until many connections in a row, and so every process, answered as wanted."""
    began = time.monotonic()
    changed, in_a_row = 0.0, 0
    while in_a_row < 12:
        if server.active() == wanted:
            in_a_row += 1
            changed = changed or time.monotonic() - began
        else:
            in_a_row, changed = 0, 0.0
        assert time.monotonic() - began < PATIENCE, server.log.read_text()
    return changed


GRANIAN = ("{instance}/serve.py", "{instance}", "{port}")


def test_plugins_are_switched_under_load_within_two_seconds_and_no_request_is_lost(
    instance: Path, installed: Distributions
) -> None:
    (instance / "serve.py").write_text(SERVE)
    installed.add("fine")
    installed.add("sleeper", SLEEPER_BODY, head=SLEEPER)
    installed.add("bad", head="raise RuntimeError")
    with serving(instance, *GRANIAN, "2", path=installed.folder) as server:
        load = Load(server)
        took = []
        slept: list[tuple[int, bytes]] = []
        with load.running(3):
            for enabled in (("fine", "sleeper"), ("bad", "sleeper"), ("sleeper", "fine"), ()):
                if not enabled:
                    sleeping = threading.Thread(target=lambda: slept.append(server.get("/x/sleeper/sleep")))
                    sleeping.start()
                    time.sleep(0.3)
                configure(instance, *enabled)
                took.append(seconds_until(server, set(enabled) - {"bad"}))
            sleeping.join()
        assert load.troubles == []
        assert load.answers > 50
        assert slept == [(200, b"rested")]
        assert min(took) < SWITCHED_WITHIN, took


def test_a_server_that_is_told_to_stop_answers_what_it_has_begun(instance: Path, installed: Distributions) -> None:
    (instance / "serve.py").write_text(SERVE)
    installed.add("sleeper", SLEEPER_BODY, head=SLEEPER)
    configure(instance, "sleeper")
    with serving(instance, *GRANIAN, "1", path=installed.folder) as server:
        answers: list[tuple[int, bytes]] = []
        asking = threading.Thread(target=lambda: answers.append(server.get("/x/sleeper/sleep")))
        asking.start()
        time.sleep(0.5)
        (instance / "closed.txt").unlink(missing_ok=True)
        assert server.stop() == 0
        asking.join()
        assert answers == [(200, b"rested")]
        assert (instance / "closed.txt").exists()


def test_processes_of_a_killed_server_end_too(instance: Path) -> None:
    """Nobody is left who answers at the port with what the server was started for."""
    (instance / "serve.py").write_text(SERVE)
    with serving(instance, *GRANIAN, "2") as server:
        server.stop(signal.SIGKILL)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                server.get("/readyz")
            except OSError:
                break
            assert time.monotonic() < end, "somebody still answers"
            time.sleep(0.2)


def test_a_lost_configuration_does_not_lead_to_another_database(instance: Path) -> None:
    """The sentence names the file; nothing is made in its place, not even beside a database of the usual name."""
    (instance / "serve.py").write_text(SERVE)
    (instance / "helpdesk.toml").unlink()
    command = [sys.executable, str(instance / "serve.py"), str(instance), str(free_port()), "1"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode
    assert f"There is no {instance / 'helpdesk.toml'}" in ended.stderr


def test_a_port_that_is_taken_is_one_clear_line(instance: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CannotServe, match=r"choose another --port") as caught:
            check_port("127.0.0.1", other.getsockname()[1])
    assert "\n" not in str(caught.value)
    check_port("127.0.0.1", 0)


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "gunicorn", "--bind=127.0.0.1:{port}", "--worker-class=gthread", "--threads=4", "helpdesk_core.wsgi"),
        ("-m", "waitress", "--listen=127.0.0.1:{port}", "helpdesk_core.wsgi:application"),
    ],
    ids=["gunicorn", "waitress"],
)
def test_other_servers_serve_it_and_switch_too(
    command: tuple[str, ...], instance: Path, installed: Distributions
) -> None:
    installed.add("sleeper", SLEEPER_BODY, head=SLEEPER)
    with serving(instance, *command, path=installed.folder) as server:
        assert server.active() == set()
        configure(instance, "sleeper")
        seconds_until(server, {"sleeper"})
        assert server.get("/x/sleeper/sleep") == (200, b"rested")
        server.stop(signal.SIGINT)  # waitress knows no other orderly end
        assert (instance / "closed.txt").exists()
