"""Starting what is measured on a free port, and finding the measuring tools."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BENCH = Path(__file__).resolve().parent
RESULTS = BENCH / "results"
TOOLS = Path(os.environ.get("HELPDESK_BENCH_TOOLS") or BENCH.parent.parent / "shared" / "bench").absolute()
PATIENCE = 60.0


@dataclass(frozen=True)
class Server:
    """A server that answers: its address, its process, and the seconds until it first answered."""

    base: str
    pid: int
    started_in: float


def tool(name: str) -> str:
    """Return the path of a measuring tool, or end with a word on where to get it."""
    path = TOOLS / name
    if not path.is_file():
        sys.exit(f"There is no {path}. Set HELPDESK_BENCH_TOOLS to the folder of the measuring tools; see README.md.")
    return str(path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def helpdesk(instance: Path, *, env: Mapping[str, str] | None = None, path: Sequence[Path] = ()) -> Iterator[Server]:
    """Serve an instance as an operator does; `path` are further folders with installed plugins."""
    command = [str(Path(sys.executable).with_name("helpdesk")), "--instance", str(instance), "serve", "--port"]
    with running(command, "/login", env=env, path=path) as server:
        yield server


@contextmanager
def running(
    command: Sequence[str], answers: str, *, env: Mapping[str, str] | None = None, path: Sequence[Path] = ()
) -> Iterator[Server]:
    """Run a server whose command ends with the port, until the block ends; it is up when `answers` gives 200."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    folders = [str(BENCH.parent), *map(str, path), *filter(None, [os.environ.get("PYTHONPATH")])]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("HELPDESK_")}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*command, str(port)],
        env={**inherited, **(env or {}), "PYTHONPATH": os.pathsep.join(folders)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(base + answers, process)
        yield Server(base, process.pid, time.perf_counter() - begun)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                answer.read()
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    sys.exit(f"{url} does not answer.")


def memory(pid: int) -> dict[str, int]:
    """Return the memory, in MiB, of the largest process of a server, its worker.

    `rss` is what is resident; of `pss` and `own`, which is what belongs to no file, what several share is divided.
    """
    shown = subprocess.run(
        [sys.executable, tool("proc_tools.py"), "mem", str(pid)], capture_output=True, text=True, check=True
    ).stdout
    lines = [each.split() for each in shown.splitlines() if " rss " in each and "total" not in each]
    worker, _, rss, _, pss, *_ = max(lines, key=lambda each: float(each[4]))
    rollup = Path(f"/proc/{worker}/smaps_rollup").read_text("utf-8")
    own = next(int(each.split()[1]) for each in rollup.splitlines() if each.startswith("Pss_Anon:"))
    return {"rss": round(float(rss)), "pss": round(float(pss)), "own": round(own / 1024)}
