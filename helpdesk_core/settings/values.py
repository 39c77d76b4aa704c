"""What the core's own sections of the configuration load into."""

from dataclasses import dataclass, field

from helpdesk_core.settings.fields import SecretText


@dataclass(frozen=True)
class SiteConfig:
    """The values of [site]."""

    name: str
    url: str
    language: str
    timezone: str
    ticket_number: str
    attachment_max_mb: int
    attachment_forbidden_types: tuple[str, ...]
    signup: str
    customers_invite: str
    max_copied: int
    session_days: int
    trusted_proxies: int
    undo_send_seconds: int

    @property
    def form_max_mb(self) -> int:
        """How many megabytes the files of one form may have together."""
        return self.attachment_max_mb * 4


@dataclass(frozen=True)
class DatabaseConfig:
    """The values of [database]; the address may hold a password and is left out of `repr`."""

    url: str = field(repr=False)
    pool_size: int


@dataclass(frozen=True)
class MailConfig:
    """The values of [mail]."""

    transport: str
    host: str
    port: int
    security: str
    username: str
    password: SecretText
    from_address: str
    folder: str
    notify_department: bool
    attach_mb: int
    file_link_days: int


@dataclass(frozen=True)
class WorkerConfig:
    """The values of [worker]."""

    threads: int
    poll_seconds: float
    enabled_in_serve: bool


@dataclass(frozen=True)
class ThemeConfig:
    """The values of [theme]."""

    active: str
    allow_dark: bool
    accent: str
    logo: str
    footer: str


@dataclass(frozen=True)
class PluginsConfig:
    """The values of [plugins] itself."""

    enabled: tuple[str, ...]
    on_error: str
    hook_timeout: float
