"""Rules of addresses that are ready at once: what builds addresses is compiled when the first one is built.

Werkzeug compiles two functions for each rule when the rule is added. With some hundred rules, most of which no page
ever links to, that was a third of the time in which an application starts.
"""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class LateRule(Rule):
    """A rule that matches like any other."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = super()._compile_builder
        name = "_build_unknown" if append_unknown else "_build"

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            builder = compiled(append_unknown)
            setattr(rule, name, builder.__get__(rule))
            return builder(rule, **values)

        return build
