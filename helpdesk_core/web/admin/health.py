"""How the helpdesk itself does: versions, queues, workers, plugins' hooks."""

import importlib.metadata
import platform
from typing import Any

from sqlalchemy import Engine, column, func, select, table, text

import helpdesk_core
from helpdesk_core.db.base import UTCDateTime
from helpdesk_core.events.models import Delivery
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.web import hooks
from helpdesk_core.web.admin.common import new_routes, show
from helpdesk_core.web.admin.plugins import current_switch
from helpdesk_core.web.context import current_desk, db
from helpdesk_core.web.localisation import gettext as _

routes = new_routes()

LIBRARIES = ("Flask", "SQLAlchemy", "granian")

MOMENTS = [column(name, UTCDateTime) for name in ("next_run_at", "last_run_at", "lease_until")]
JOBS = table("scheduled_jobs", column("owner"), column("name"), column("last_error"), *MOMENTS)
"""The rows that workers keep of their jobs; pages do not import what belongs to the workers."""


@routes.get("/health", permission="settings.manage")
def health() -> Any:
    """Show versions, queues, workers and how long hooks take."""
    desk = current_desk()
    deliveries = select(Delivery.subscriber, Delivery.state, func.count(), func.min(Delivery.due_at))
    mails = select(OutgoingMail.state, func.count()).where(OutgoingMail.state.in_(("queued", "sending", "failed")))
    now = desk.now()
    held = select(Delivery.worker, func.count()).where(Delivery.state == "running", Delivery.lease_until > now)
    return show(
        "health",
        troubles=desk.hooks.collect(hooks.health),
        versions=_versions(desk.engine),
        switch=current_switch(),
        deliveries=db()
        .execute(deliveries.group_by(Delivery.subscriber, Delivery.state).order_by(Delivery.subscriber))
        .all(),
        mails={row[0]: row[1] for row in db().execute(mails.group_by(OutgoingMail.state))},
        workers=db().execute(held.group_by(Delivery.worker)).all(),
        jobs=db().execute(select(JOBS).order_by(JOBS.c.owner, JOBS.c.name)).all(),
        now=now,
        titles={state.id: state.title or state.id for state in desk.plugins},
        reports=[
            (line, f"{line.total_seconds / line.calls * 1000:.1f}" if line.calls else "")
            for line in sorted(desk.hooks.report(), key=lambda line: (-line.total_seconds, line.plugin_id, line.hook))
        ],
        worker_inside=desk.settings.worker().enabled_in_serve,
    )


def _versions(engine: Engine) -> list[tuple[str, str]]:
    kinds = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MariaDB", "mariadb": "MariaDB"}
    statement = "SELECT sqlite_version()" if engine.dialect.name == "sqlite" else "SELECT version()"
    answer = str(db().scalar(text(statement)) or "")
    kind = kinds.get(engine.dialect.name, engine.dialect.name)
    found = [
        (_("Helpdesk"), helpdesk_core.__version__),
        (_("Database"), answer if answer.startswith(kind) else f"{kind} {answer}"),
        ("Python", platform.python_version()),
    ]
    return found + [(name, importlib.metadata.version(name)) for name in LIBRARIES]
