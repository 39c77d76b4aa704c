"""A page whose override fails while it is shown is made without that override, from core's or the plugin's template."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Template
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from helpdesk_core.errors import HelpdeskError
from helpdesk_core.web.theme_loader import TemplateProblem, ThemeLoader

if TYPE_CHECKING:
    from helpdesk_core.web.theme_trying import PagesEnvironment

logger = logging.getLogger(__name__)

NOT_OF_TEMPLATES = (HelpdeskError, HTTPException, DBAPIError)
"""Errors that mean something by themselves, whatever template was being shown."""


class PagesTemplate(Template):
    """A template of a page; whatever a theme or the site's own folder puts before it cannot take the page away."""

    environment: "PagesEnvironment"

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Return the template as text; without the override that fails, if it goes well without."""
        try:
            return super().render(*args, **kwargs)
        except NOT_OF_TEMPLATES:
            raise
        except Exception as error:
            loader = self.environment.loader
            if not isinstance(loader, ThemeLoader) or self.name is None:
                raise
            problem = _override_at_fault(loader, error)
            if problem is not None:
                return _without(self.environment, loader, problem, self.name, args, kwargs)
            if not any(loader.has_left_out(file) for file, _line in _steps(error)):
                raise
            self.environment.forget()  # another page has failed with it in the same moment
            return Template.render(self.environment.get_template(self.name), *args, **kwargs)


def _without(
    environment: "PagesEnvironment",
    loader: ThemeLoader,
    problem: TemplateProblem,
    name: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> str:
    """Show the template without one override; if it fails all the same, the override was not at fault, and stays."""
    loader.leave_out(problem)
    environment.forget()
    try:
        shown = environment.get_template(name).render(*args, **kwargs)
    except BaseException:
        loader.take_back(problem.file)
        environment.forget()
        raise
    file, line = problem.file, problem.line
    logger.error("Template %s (%s, line %d) is not used: %s", problem.template, file, line, problem.message)
    return shown


def _override_at_fault(loader: ThemeLoader, error: Exception) -> TemplateProblem | None:
    """Return the innermost override that was being shown, with the line that it had come to."""
    found: TemplateProblem | None = None
    for file, line in _steps(error):
        if (name := loader.overridden_by(file)) is not None:
            found = TemplateProblem(name, file, line, f"{type(error).__name__}: {error}")
    return found


def _steps(error: Exception) -> Iterator[tuple[Path, int]]:
    """Yield file and line of each step on the way to the error."""
    step = error.__traceback__
    while step is not None:
        yield Path(step.tb_frame.f_code.co_filename), step.tb_lineno
        step = step.tb_next
