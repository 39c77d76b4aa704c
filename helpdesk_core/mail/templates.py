"""The words of mails: templates `<name>.subject`, `<name>.txt` and `<name>.html`, in the recipient's language."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from babel import Locale
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    pass_context,
    select_autoescape,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from helpdesk_core.i18n.moments import written_moment, zone_named
from helpdesk_core.i18n.translations import Translate, known_locale, translator
from helpdesk_core.mail.mailbox import one_line

log = logging.getLogger(__name__)

TEMPLATES: Final = Path(__file__).parent / "templates"
ACCENT: Final = "#0e6074"


@dataclass(frozen=True)
class Rendered:
    """What a mail says."""

    subject: str
    text: str
    html: str | None


class MailTemplates:
    """Renders mails. What lies in `overrides` (folders or loaders, the first wins) replaces core's templates.

    An override in a folder of a language (`de/reply.txt`) is for that language alone, and wins over one for all.
    Overrides run in a sandbox.

    `accent` is the colour of links and buttons, since mails cannot use a theme's style sheet.
    """

    def __init__(
        self,
        overrides: Sequence[Path | BaseLoader] = (),
        *,
        accent: str = ACCENT,
        translate: Translate = translator,
    ) -> None:
        loaders = [FileSystemLoader(each) if isinstance(each, Path) else each for each in overrides]
        core = FileSystemLoader(TEMPLATES)
        self._own = _environment(core, accent)
        self._accent = accent
        self._loader = ChoiceLoader([*loaders, core]) if loaders else None
        self._overridden: dict[str, Environment] = {}
        self._translate = translate

    def render(
        self,
        name: str,
        context: Mapping[str, Any],
        *,
        locale: str | None,
        timezone: str | None,
        html: bool = True,
        strict: bool = False,
    ) -> Rendered:
        """Return subject, text and (unless there is no such template, or `html` is False) HTML.

        An override that fails is passed over: core's own template is sent, and the log says why. With `strict` it is
        an error instead.
        """
        texts = self._translate(locale)
        values = {
            **context,
            "locale": known_locale(locale),
            "timezone": zone_named(timezone),
            "_": texts.gettext,
            "gettext": texts.gettext,
            "ngettext": texts.ngettext,
            "pgettext": texts.pgettext,
            "npgettext": texts.npgettext,
        }
        try:
            return _render(self._for(values["locale"]), name, values, html)
        except Exception:  # an override may do anything, such as dividing by nought
            if strict or self._loader is None:
                raise
            log.exception("The overridden mail template %s fails; core's own is used. Correct it", name)
            return _render(self._own, name, values, html)

    def _for(self, locale: Locale) -> Environment:
        """Return where templates for a language are found."""
        if self._loader is None:
            return self._own
        key = str(locale)
        if key not in self._overridden:
            self._overridden[key] = _environment(_InLanguage(self._loader, locale), self._accent)
        return self._overridden[key]


def _render(environment: Environment, name: str, values: Mapping[str, Any], html: bool) -> Rendered:
    subject = environment.get_template(f"{name}.subject").render(values)
    text = environment.get_template(f"{name}.txt").render(values)
    markup = None
    if html:
        try:
            markup = environment.get_template(f"{name}.html").render(values)
        except TemplateNotFound as missing:
            if missing.name != f"{name}.html":
                raise
    return Rendered(one_line(subject), text.strip("\n") + "\n", markup)


class _InLanguage(BaseLoader):
    """Finds what is written for one language before what is written for all."""

    def __init__(self, loader: BaseLoader, locale: Locale) -> None:
        self._loader = loader
        self._folders = dict.fromkeys((f"{locale}/", f"{locale.language}/", ""))

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Return the text of a template; `TemplateNotFound` if there is none in any of the folders."""
        for folder in self._folders:
            try:
                return self._loader.get_source(environment, folder + template)
            except TemplateNotFound:
                continue
        raise TemplateNotFound(template)


def _environment(loader: BaseLoader, accent: str) -> Environment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals["accent"] = accent
    environment.filters |= {"datetime": _datetime, "paragraphs": paragraphs, "quoted": quoted}
    return environment


@pass_context
def _datetime(context: Context, moment: datetime) -> str:
    """Write a moment in the recipient's time zone and manner."""
    return written_moment(moment, context["timezone"], context["locale"])


def paragraphs(text: str) -> Markup:
    """Return text as HTML: blank lines divide paragraphs, line ends stay."""
    blocks = [block for block in text.strip().split("\n\n") if block.strip()]
    return Markup().join(
        Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in block.split("\n"))) for block in blocks
    )


def quoted(text: str) -> str:
    """Return text as a mail quotes it."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip("\n").split("\n"))
