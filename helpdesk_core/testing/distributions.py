"""Small plugin distributions, made in a folder as `pip` would leave them, for tests of what happens around plugins."""

import importlib
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

HEAD = """
from helpdesk_core.api import *
from helpdesk_core.api import Plugin

"""


@dataclass
class Distributions:
    """A folder of installed plugins; put it on `sys.path` (or `PYTHONPATH`), and call `forget` when done."""

    folder: Path
    _packages: list[str] = field(default_factory=list)

    def add(
        self,
        plugin_id: str,
        body: str = "",
        *,
        head: str = "",
        version: str = "0.1",
        core: str | None = ">=0.1",
        depends: Iterable[str] = (),
        migrations: Mapping[str, str] | None = None,
    ) -> Path:
        """Install a plugin, over an older one of that id, and return its package's folder.

        `body` stands in the class below the id, `head` above the class. `migrations` maps file names to scripts.
        """
        self.remove(plugin_id)
        package = self.folder / f"helpdesk_{plugin_id}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("", encoding="utf-8")
        lines = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
        source = f'{HEAD}{dedent(head)}\n\nclass Made(Plugin):\n    id = "{plugin_id}"\n{lines}'
        (package / "plugin.py").write_text(source, encoding="utf-8")
        if migrations is not None:
            (package / "migrations").mkdir()
            for name, script in migrations.items():
                (package / "migrations" / name).write_text(dedent(script), encoding="utf-8")
        self.describe(plugin_id, version=version, core=core, depends=depends)
        self._packages.append(package.name)
        importlib.invalidate_caches()
        return package

    def describe(
        self, plugin_id: str, *, version: str = "0.1", core: str | None = ">=0.1", depends: Iterable[str] = ()
    ) -> None:
        """Write the metadata of a distribution, in the place of an older one's; its package stays as it is."""
        for old in self.folder.glob(f"helpdesk_{plugin_id}-*.dist-info"):
            shutil.rmtree(old)
        info = self.folder / f"helpdesk_{plugin_id}-{version}.dist-info"
        info.mkdir(parents=True)
        needs = [*([f"helpdesk-core{core}"] if core is not None else []), *depends]
        metadata = ["Metadata-Version: 2.1", f"Name: helpdesk-{plugin_id}", f"Version: {version}"]
        metadata += [f"Summary: The plugin {plugin_id}", *(f"Requires-Dist: {each}" for each in needs)]
        (info / "METADATA").write_text("\n".join(metadata) + "\n", encoding="utf-8")
        entry = f"[helpdesk.plugins]\n{plugin_id} = helpdesk_{plugin_id}.plugin:Made\n"
        (info / "entry_points.txt").write_text(entry, encoding="utf-8")

    def remove(self, plugin_id: str) -> None:
        """Uninstall a plugin; what was imported of it stays imported until `forget`."""
        shutil.rmtree(self.folder / f"helpdesk_{plugin_id}", ignore_errors=True)
        for info in self.folder.glob(f"helpdesk_{plugin_id}-*.dist-info"):
            shutil.rmtree(info)

    def forget(self) -> None:
        """Let Python forget every module of these plugins, so that the next test may make others of the same names."""
        for name in [name for name in sys.modules if name.partition(".")[0] in self._packages]:
            del sys.modules[name]


def make_table(name: str, revision: str = "0001", down: str | None = None, extra: str = "") -> str:
    """Return a migration script that creates a table with an id and a note."""
    return f'''
"""Create {name}."""

import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down!r}


def upgrade() -> None:
    op.create_table(
        {name!r},
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_{name}")),
    )
    {extra}


def downgrade() -> None:
    op.drop_table({name!r})
'''


TABLE_HEAD = """
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy import ForeignKey, String

Base = plugin_base({id!r})

class Thing(Base):
    __tablename__ = "{id}_things"
    id: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str | None] = mapped_column(String(100))
"""
"""The head of a plugin with one table, which `make_table` creates; format it with the `id`."""
