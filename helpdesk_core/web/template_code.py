"""What makes pages quick: templates are compiled to code that does no more for a value or a macro than pages need.

Jinja's own code finds out for every call whether the function wants the context, and for every value what to do with
it, in several steps each. A page has a thousand of both. Nothing differs in what templates may say or what they show.
"""

from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, NoneType
from typing import Any, Final

import markupsafe
from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.idtracking import VAR_LOAD_PARAMETER, Symbols
from jinja2.runtime import Context, Macro
from jinja2.utils import internalcode, missing
from markupsafe import Markup, escape

from helpdesk_core.web.drawn import Drawn, setting
from helpdesk_core.web.localisation import safe_text_of, spoken, text_of

__all__ = ["PageCode", "PageContext", "PageMacro", "drawn_once", "item", "safe_text_of", "shown", "text_of"]

_KINDS: Final = frozenset({str, Markup, int, bool, NoneType})
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
        self.memory: Drawn | None = None
        """What it has drawn; None for a macro whose result depends on more than its arguments and the setting."""
        self._unset = [missing] * self._argument_count
        self._is_simple = not (self.catch_kwargs or self.catch_varargs or self.explicit_caller)

    def made(self, context: Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """Return what the macro makes of its arguments; TypeError for one that it does not take."""
        memory = self.memory
        if memory is None or not context.eval_ctx.autoescape or (now := setting()) is None:
            return self._make(context, args, kwargs)
        # `1` and `True` are equal, and so are a text and a safe one, but they are not drawn alike.
        kinds = [*map(type, args)]
        key: tuple[Any, ...] = (now, args)
        for name, value in kwargs.items():
            given = (*value, *value.values()) if type(value) is dict else (value,)
            kinds += map(type, given)
            key = (*key, name, given)
        if not _KINDS.issuperset(kinds):  # others may be equal, or hold what is, and not be drawn alike
            return self._make(context, args, kwargs)
        key = (*key, *kinds)
        part = memory.get(key)
        return memory.keep(key, self._make(context, args, kwargs)) if part is None else part

    @internalcode
    def _make(self, context: Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
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


def drawn_once(macro: PageMacro) -> PageMacro:
    """Let a macro keep what it draws."""
    macro.memory = Drawn()
    return macro


def item(environment: Environment, obj: Any, name: str) -> Any:
    """Return what a template means by `obj.name` where there is no such attribute."""
    try:
        return obj[name]
    except (TypeError, LookupError, AttributeError):
        return environment.undefined(obj=obj, name=name)


class PageCode(CodeGenerator):
    """Writes the code of a template."""

    _once: frozenset[str] = frozenset()
    """The macros that the template says are drawn once."""
    _in_page: nodes.Expr | None = None
    """The text that is written into the page as it is, while its code is written."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        """Let the code know our functions; they are asked for when a page is made, so the last line is soon enough."""
        self._once = frozenset(_drawn_once(node))
        super().visit_Template(node, frame)
        self.writeline(f"from {__name__} import PageMacro as Macro, drawn_once, item, safe_text_of, shown, text_of")

    def macro_def(self, macro_ref: Any, frame: Frame) -> None:
        """Write how a macro is made."""
        once = getattr(macro_ref.node, "name", None) in self._once
        self.write("drawn_once(" if once else "")
        super().macro_def(macro_ref, frame)
        self.write(")" if once else "")

    def _import_common(self, node: nodes.Import | nodes.FromImport, frame: Frame) -> None:
        if node.with_context or not isinstance(node.template, nodes.Const) or not hasattr(self.environment, "parts"):
            super()._import_common(node, frame)
        else:
            self.write(f"environment.parts({node.template.value!r}, {self.name!r}, context)")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """Ask for the attribute without a detour: most names are attributes, and a page asks for thousands."""
        name = repr(node.attr)
        self.write("(_a if (_a := getattr((_o := ")
        self.visit(node.node, frame)
        self.write(f"), {name}, missing)) is not missing else item(environment, _o, {name}))")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        """Look a text that takes no values up by itself, and call everything else."""
        key = self._text(node, frame)
        if key is None:
            super().visit_Call(node, frame, forward_caller=forward_caller)
        else:
            self.write(f"{'safe_text_of' if node is self._in_page else 'text_of'}({key!r})")

    def _text(self, node: nodes.Expr, frame: Frame) -> tuple[str, str] | None:
        """Return domain and text of a call such as `_("Save")`; None for anything else."""
        if not isinstance(node, nodes.Call) or not isinstance(node.node, nodes.Name):
            return None
        if node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) != 1:
            return None
        [text] = node.args
        domains: Mapping[str, str] = getattr(self.environment, "domains", {})
        if node.node.name not in domains or not isinstance(text, nodes.Const) or type(text.value) is not str:
            return None
        scope: Symbols | None = frame.symbols
        while scope is not None:
            if node.node.name in scope.stores or scope.loads.get(scope.refs.get(node.node.name, "")) == (
                VAR_LOAD_PARAMETER,
                None,
            ):
                return None  # the template calls something of its own by that name
            scope = scope.parent
        return domains[node.node.name], text.value

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if not self._is_page(frame):
            super()._output_child_pre(node, frame, finalize)
        elif self._text(node, frame) is not None:
            self._in_page = node
        else:
            self.write("shown(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if not self._is_page(frame):
            super()._output_child_post(node, frame, finalize)
        elif self._in_page is node:
            self._in_page = None
        else:
            self.write(")")

    @staticmethod
    def _is_page(frame: Frame) -> bool:
        return bool(frame.eval_ctx.autoescape and not frame.eval_ctx.volatile)


def _drawn_once(template: nodes.Template) -> list[str]:
    """Return the names in `{% set drawn_once = ("icon", …) %}`; TemplateSyntaxError for what is no list of names."""
    found: list[str] = []
    for each in template.find_all(nodes.Assign):
        if isinstance(each.target, nodes.Name) and each.target.name == "drawn_once":
            names = each.node.items if isinstance(each.node, nodes.Tuple | nodes.List) else [each.node]
            for name in names:
                if name is each.node or not isinstance(name, nodes.Const) or type(name.value) is not str:
                    message = 'drawn_once takes the names of macros, such as ("icon", "pill").'
                    raise TemplateSyntaxError(message, each.lineno)
                found.append(name.value)
    return found
