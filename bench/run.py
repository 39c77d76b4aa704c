"""Measure everything, and write what was found into README.md.

    python bench/run.py [--work DIR] [--databases sqlite,postgresql] [--sizes 1000,100000] [--rounds 2] [--quick]

Makes the data with the generator of the measuring tools (`HELPDESK_BENCH_TOOLS` names their folder), loads it into an
instance for each size and database, and runs `pages.py`, `plugins.py` and `mail_receive.py` one after the other; the
figures lie in `bench/results/`, the tables in README.md are written by `report.py`. What lies in `--work` already is
used again; `--fresh` makes it anew. On a PostgreSQL server (`--postgresql`, an account that may create databases) the
databases are named `helpdesk_bench_SIZE`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import report
from serving import BENCH, RESULTS, tool
from sqlalchemy import create_engine, text

from helpdesk_core.db.engine import database_url
from helpdesk_core.testing.databases import CREATE, SERVERS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "helpdesk-bench")
    parser.add_argument(
        "--databases", default="sqlite,postgresql", help="sqlite, postgresql or mariadb, comma separated"
    )
    parser.add_argument("--sizes", default="1000,100000", help="numbers of tickets, comma separated")
    parser.add_argument("--rounds", default="2", help="how often each page is asked; the quietest counts")
    parser.add_argument(
        "--quiet-wait", default="0", help="seconds to wait, before each, for others to let the machine be"
    )
    parser.add_argument("--fresh", action="store_true", help="make data and instances anew")
    parser.add_argument("--quick", action="store_true", help="few requests: to see that everything works")
    for kind, server in SERVERS.items():
        parser.add_argument(f"--{kind}", metavar="URL", default=server, help="server to make databases on")
    options = parser.parse_args()
    n1, secs, mails = ("20", "1", "200") if options.quick else ("100", "5", "2000")
    asking = ["--rounds", options.rounds, "--quiet-wait", options.quiet_wait, "--n1", n1]
    shutil.rmtree(RESULTS, ignore_errors=True)
    kinds, sizes = options.databases.split(","), sorted(map(int, options.sizes.split(",")))
    for size in sizes:
        data = generated(options.work, size, fresh=options.fresh)
        for kind in kinds:
            instance = loaded(options, kind, size, data)
            run("pages.py", instance, *asking, "--secs", secs, "--starts", "3", "--name", f"pages-{kind}-{size}")
    for size in sizes:
        asked = ["--n1", n1, "--quiet-wait", options.quiet_wait, "--name", f"plugins-{size}"]
        run("plugins.py", options.work / f"{kinds[0]}-{size}", *asked)
    for kind in kinds:
        run("mail_receive.py", mails, "--database", kind, "--name", f"mail-{kind}")
    report.main()


def generated(work: Path, size: int, *, fresh: bool) -> Path:
    """Return the folder with the data of that many tickets."""
    folder = work / f"data-{size}"
    if fresh or not (folder / "meta.json").exists():
        command = [sys.executable, tool("gen_data.py"), "--out", str(folder), "--tickets", str(size)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def loaded(options: argparse.Namespace, kind: str, size: int, data: Path) -> Path:
    """Return the instance with that data on that kind of database."""
    instance: Path = options.work / f"{kind}-{size}"
    if (instance / "bench.json").exists() and not options.fresh:
        return instance
    shutil.rmtree(instance, ignore_errors=True)
    url = "sqlite:///helpdesk.db" if kind == "sqlite" else made(kind, getattr(options, kind), f"helpdesk_bench_{size}")
    run("load.py", instance, "--data", data, "--database", url)
    return instance


def made(kind: str, server: str, name: str) -> str:
    """Make a database anew, and return its address."""
    address = database_url(server)
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(CREATE[kind].format(name=name)))
    engine.dispose()
    url: str = address.set(database=name, drivername=kind).render_as_string(hide_password=False)
    return url


def run(script: str, *arguments: object) -> None:
    """Run one of the other scripts, on this tree's code."""
    print(f"\n{script} {' '.join(map(str, arguments))}", flush=True)
    paths = [str(BENCH.parent), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    subprocess.run([sys.executable, str(BENCH / script), *map(str, arguments)], check=True, env=env)


if __name__ == "__main__":
    main()
