"""What makes pages quick: templates are compiled to code that does no more for a value or a macro than pages need.

Jinja's own code finds out for every call whether the function wants the context, and for every value what to do with
it, in several steps each. A page has a thousand of both. Nothing differs in what templates may say or what they show.
"""

from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, Final

import markupsafe
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
from jinja2.utils import internalcode, missing
from markupsafe import Markup, escape

from helpdesk_core.web.localisation import spoken

_PLAIN: Final = frozenset({FunctionType, MethodType, BuiltinFunctionType})
# The part of `escape` that works on exact strings and makes no `Markup` of what is joined into a page anyway.
_escaped: Final[Callable[[str], str]] = getattr(markupsafe, "_escape_inner", escape)


def shown(value: Any, /) -> str:
    """Return a value as it stands in a page: in the person's language, and escaped unless it is safe already."""
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]  # a cast would be a call for each value
    if kind is str:
        return _escaped(value)
    return escape(spoken(value))


class PageMacro(Macro):
    """A macro that takes its arguments without detours."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unset = [missing] * self._argument_count
        self._is_simple = not (self.catch_kwargs or self.catch_varargs or self.explicit_caller)

    @internalcode
    def made(self, context: Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """Return what the macro makes of its arguments; TypeError for one that it does not take."""
        given, given_by_name = len(args), kwargs
        if not self._is_simple or given > self._argument_count:
            return super().__call__(context.eval_ctx, *args, **kwargs)
        if kwargs:
            given_by_name = dict(kwargs)
            pop = given_by_name.pop
            arguments = [*args, *[pop(name, missing) for name in self.arguments[given:]]]
        else:
            arguments = [*args, *self._unset[given:]]
        if self.caller:
            caller = given_by_name.pop("caller", None)
            if caller is None:
                caller = self._environment.undefined("No caller defined", name="caller")
            arguments.append(caller)
        if given_by_name:
            return super().__call__(context.eval_ctx, *args, **kwargs)  # says what is wrong with it
        text = self._func(*arguments)
        return str.__new__(Markup, text) if context.eval_ctx.autoescape else text


class PageContext(Context):
    """The names of a template; calls what asks for no context at once."""

    @internalcode
    def call(__self, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a function, a macro or whatever else can be called."""
        kind = type(__obj)
        if kind is PageMacro:
            if kwargs:
                kwargs.pop("_block_vars", None)
                kwargs.pop("_loop_vars", None)
            return __obj.made(__self, args, kwargs)
        if kind in _PLAIN and not hasattr(__obj, "jinja_pass_arg"):
            if kwargs:
                kwargs.pop("_block_vars", None)  # for functions that take the context, and for no others
                kwargs.pop("_loop_vars", None)
            return __obj(*args, **kwargs)
        return super().call(__obj, *args, **kwargs)


class PageCode(CodeGenerator):
    """Writes the code of a template."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        """Let the code know our functions; they are asked for when a page is made, so the last line is soon enough."""
        super().visit_Template(node, frame)
        self.writeline(f"from {__name__} import PageMacro as Macro, shown")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if self._is_page(frame):
            self.write("shown(")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if self._is_page(frame):
            self.write(")")
        else:
            super()._output_child_post(node, frame, finalize)

    @staticmethod
    def _is_page(frame: Frame) -> bool:
        return bool(frame.eval_ctx.autoescape and not frame.eval_ctx.volatile)
