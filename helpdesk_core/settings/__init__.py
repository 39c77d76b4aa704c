"""The configuration file, settings of plugins, and secrets."""

from helpdesk_core.settings.config import Config, load_config
from helpdesk_core.settings.effective import Change, Effective
from helpdesk_core.settings.store import Settings

__all__ = ["Change", "Config", "Effective", "Settings", "load_config"]
