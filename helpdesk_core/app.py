"""Opening an instance, and building the web application around it; neither writes to the database."""

import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask

from helpdesk_core.attachments import hooks as attachment_hooks
from helpdesk_core.attachments.storage import LocalStorage
from helpdesk_core.automation import hooks as automation_hooks
from helpdesk_core.catalogue import EVENT_MODULES, JOBS
from helpdesk_core.clock import Clock, utc_now
from helpdesk_core.db.engine import database_url, make_engine
from helpdesk_core.errors import ConfigError
from helpdesk_core.events.base import CoreSubscriber, find_events
from helpdesk_core.hooks import Hooks, Limits
from helpdesk_core.i18n.catalogues import LOCALES, Catalogues
from helpdesk_core.jobs.hooks import scheduled_jobs
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.notify import NOTIFIER
from helpdesk_core.plugins.breakers import DatabaseBreakers
from helpdesk_core.plugins.loading import load_plugins
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.services.asking import Suppliers
from helpdesk_core.settings import Config, Settings, load_config
from helpdesk_core.settings.config import FILE_NAME
from helpdesk_core.settings.secret import load_secret
from helpdesk_core.texts import CORE_DOMAIN
from helpdesk_core.tickets.hooks import ticket_facts
from helpdesk_core.users.hooks import permissions

CORE_SUBSCRIBERS: tuple[CoreSubscriber, ...] = (NOTIFIER,)


def open_helpdesk(
    instance: Path,
    *,
    env: Mapping[str, str] | None = None,
    clock: Clock = utc_now,
    safe_mode: bool = False,
    limits: Limits | None = None,
) -> Helpdesk:
    """Open the instance in that folder: configuration, database, settings, plugins.

    With `safe_mode` no plugin is loaded. Raises `ConfigError` with the place and the mend. Close it when done.
    """
    env = os.environ if env is None else env
    config = load_config(instance, env)
    _require_database(config)
    secret = load_secret(instance, env)
    engine = make_engine(database_url(config.database.url, instance), pool_size=config.database.pool_size)
    limits = limits or _limits(config.plugins.hook_timeout)
    desk = Helpdesk(
        config=config,
        engine=engine,
        hooks=Hooks(limits=limits, breaker_store=DatabaseBreakers(engine, clock), now=clock),
        secret=secret,
        event_types=find_events(EVENT_MODULES),
        core_subscribers=CORE_SUBSCRIBERS,
        clock=clock,
    )
    desk.suppliers = Suppliers(desk)
    try:
        desk.settings = Settings(config, secret, clock)
        with desk.read() as session:
            desk.settings.refresh(session)
        load_plugins(desk, safe_mode=safe_mode)
        desk.catalogues = Catalogues(_folders(desk))
        desk.gather(permissions)
        desk.gather(scheduled_jobs)
        desk.gather(automation_hooks.condition_fields)
        desk.gather(automation_hooks.automatic_actions)
        desk.gather(ticket_facts)
        desk.plugins.raise_if_strict()
        chosen = desk.hooks.pick(attachment_hooks.attachment_storage)
        desk.storage = chosen or LocalStorage(instance / "files")
    except BaseException:
        desk.close()
        raise
    return desk


def _require_database(config: Config) -> None:
    """Raise if nobody says which database it is: a file that got lost must not lead to a new, empty helpdesk."""
    if config.file is None and "url" not in config.pinned.get("database", {}):
        raise ConfigError(
            f"There is no {config.instance / FILE_NAME}, which says which database to use: put it back, set "
            f"HELPDESK_DATABASE__URL, or make a new helpdesk with: helpdesk --instance {config.instance} init"
        )


def create_app(
    instance: Path | str | Helpdesk, *, env: Mapping[str, str] | None = None, safe_mode: bool = False
) -> Flask:
    """Return the web application of an instance: portal, desk, admin, API. Pure: no globals, nothing written."""
    from helpdesk_core.rest.application import register_rest
    from helpdesk_core.web.application import build_web

    given = instance if isinstance(instance, Helpdesk) else None
    desk = given or open_helpdesk(Path(str(instance)), env=env, safe_mode=safe_mode)
    try:
        app = build_web(desk)
        register_rest(app, desk)
        desk.plugins.raise_if_strict()  # start-up hooks may have failed one
    except BaseException:
        if given is None:
            desk.close()
        raise
    return app


def make_worker(desk: Helpdesk, name: str | None = None) -> Worker:
    """Return what delivers events and mails and runs core's and the plugins' jobs, on threads once it is started."""
    return Worker(desk, name, jobs=JOBS)


def instance_folder(given: str | None, env: Mapping[str, str]) -> Path:
    """Return the instance folder: as given, else HELPDESK_INSTANCE, else `instance` here; ConfigError if not there."""
    folder = Path(given or env.get("HELPDESK_INSTANCE") or "instance").resolve()
    if not folder.is_dir():
        raise ConfigError(f"There is no instance folder {folder}; make one with: helpdesk --instance {folder} init")
    return folder


def _folders(desk: Helpdesk) -> dict[str, list[Path]]:
    """Return where the texts of each domain are translated: the site's own folder comes before all others."""
    own = desk.config.instance / "locales"
    folders = {CORE_DOMAIN: [own, LOCALES]}
    for plugin in desk.plugins.active:
        shipped = plugin.folder("locales")
        folders[plugin.id] = [own, shipped] if shipped else [own]
    return folders


def _limits(timeout: float) -> Limits:
    return Limits(collect=timeout, render=timeout, within=timeout, pick=timeout, refine=timeout, veto=timeout)
