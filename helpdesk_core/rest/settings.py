"""Settings: what is in force, where it comes from, and changing it."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.administration.service import save_settings
from helpdesk_core.db.generation import Generation
from helpdesk_core.errors import NotFound
from helpdesk_core.rest.context import current_actor, current_desk
from helpdesk_core.rest.etags import etag_of, still_as_seen
from helpdesk_core.rest.routing import Answer, Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.settings import schemas
from helpdesk_core.settings.effective import Effective
from helpdesk_core.settings.fields import expected, is_sensitive
from helpdesk_core.settings.store import TOPIC

endpoints: Final = Endpoints("Settings", "What is set, for core and each active plugin. Secrets are never shown.")

MANAGE: Final = "settings.manage"


@endpoints.get("/settings", permission=MANAGE, returns=schemas.SettingsPage)
def list_settings() -> Page:
    """List all settings in force: core's sections, then plugins."""
    return Page([_view(current_desk().settings.effective(owner)) for owner in _owners()])


@endpoints.get("/settings/<owner>", permission=MANAGE, returns=schemas.SettingsOf, versioned=True)
def read_settings(owner: str) -> Answer:
    """Read the settings of one section of core, or of a plugin."""
    return _shown(owner)


@endpoints.patch(
    "/settings/<owner>", permission=MANAGE, body=schemas.SettingsChange, returns=schemas.SettingsOf, versioned=True
)
def change_settings(owner: str, body: dict[str, Any]) -> Answer:
    """Change settings: the body has keys with values. All of it is done, or nothing.

    What the file or the environment give cannot be changed here. A value equal to the default follows the default.
    """
    _known(owner)
    with still_as_seen(lambda session: _version(session, owner)):
        save_settings(current_desk(), current_actor(), owner, body)
    with current_desk().read() as session:
        current_desk().settings.refresh(session)
    return _shown(owner)


def _owners() -> list[str]:
    settings = current_desk().settings
    return [owner for owner in settings.owners if settings.effective(owner).schema.fields]


def _known(owner: str) -> None:
    if owner not in _owners():
        raise NotFound(f"There are no settings of “{owner}”. GET /settings names those there are.")


def _shown(owner: str) -> Answer:
    _known(owner)
    view = _view(current_desk().settings.effective(owner))
    return Answer(view, etag=etag_of(schemas.SettingsOf, view))


def _version(session: Session, owner: str) -> str:
    session.execute(select(Generation.value).where(Generation.topic == TOPIC).with_for_update())
    current_desk().settings.refresh(session)
    return _shown(owner).etag or ""


def _view(effective: Effective) -> dict[str, Any]:
    values = effective.masked()
    return {
        "owner": effective.owner,
        "settings": [
            {
                "key": key,
                "label": field.metadata.get("label") or key.replace("_", " ").capitalize(),
                "help": field.metadata.get("help", ""),
                "affects": field.metadata.get("affects", ""),
                "expected": expected(field),
                "value": values.get(key),
                "is_secret": is_sensitive(field),
                "source": effective.sources.get(key, "default"),
                "locked": effective.locked(key),
                "problem": effective.problems.get(key),
            }
            for key, field in effective.schema.fields.items()
        ],
    }
