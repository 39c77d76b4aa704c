"""What in a theme, or in a site's own templates, no longer fits core and plugins: for `helpdesk themes check`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, nodes

from helpdesk_core.web.assets import CORE_STATIC
from helpdesk_core.web.theme_files import TOKENS_CONTRACT, Theme
from helpdesk_core.web.theme_loader import CORE_TEMPLATES

_CONTRACT = re.compile(r"\A\{#-?\s*contract:\s*(\d+)")
_TOKEN = re.compile(r"(--hd-[a-z0-9-]+)\s*:")


class Kind(StrEnum):
    """What is wrong; `BROKEN` means that the override is not shown at all."""

    BROKEN = "broken"
    BEHIND = "contract-behind"
    NO_CONTRACT = "contract-missing"
    ORPHAN = "overrides-nothing"
    BLOCK_GONE = "block-gone"
    SLOT_DROPPED = "slot-dropped"
    UNKNOWN_PROPERTY = "unknown-property"


@dataclass(frozen=True)
class Finding:
    """One thing to mend: the file inside the theme, the line, and a sentence that says what to do."""

    kind: Kind
    file: str
    line: int
    message: str


@dataclass(frozen=True)
class _Template:
    contract: int | None
    blocks: Mapping[str, nodes.Block]
    parent: str | None
    tree: nodes.Template


class _Originals:
    """Core's and the plugins' own templates, read when first asked for."""

    def __init__(self, core: Path, plugins: Mapping[str, Path]) -> None:
        self.core = core
        self.plugins = plugins
        self.environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)

    def file(self, name: str) -> Path | None:
        path = self.core / name
        if path.is_file():
            return path
        plugin, _, rest = name.partition("/")
        path = self.plugins[plugin] / rest if plugin in self.plugins and rest else path
        return path if path.is_file() else None

    def read(self, file: Path) -> _Template:
        text = file.read_text(encoding="utf-8")
        tree = self.environment.parse(text, str(file), str(file))
        contract = _CONTRACT.match(text)
        extends = next((node for node in tree.find_all(nodes.Extends)), None)
        parent = extends.template.value if extends and isinstance(extends.template, nodes.Const) else None
        return _Template(
            int(contract.group(1)) if contract else None,
            {block.name: block for block in tree.find_all(nodes.Block)},
            parent,
            tree,
        )

    def line(self, name: str) -> Iterator[_Template]:
        """The template of this name, and those that it extends."""
        seen: set[str] = set()
        current: str | None = name
        while current and current not in seen:
            seen.add(current)
            file = self.file(_bare(current))
            if file is None:
                return
            template = self.read(file)
            yield template
            current = template.parent


def check_theme(theme: Theme, *, plugins: Mapping[str, Path], core: Path = CORE_TEMPLATES) -> list[Finding]:
    """Everything in a theme that is behind: its templates, the tokens it sets, the number of its set of tokens."""
    findings = check_templates(theme.templates, plugins=plugins, core=core)
    if theme.contract < TOKENS_CONTRACT:
        message = f"It was made for tokens {theme.contract}, core has {TOKENS_CONTRACT}. Compare, then raise contract."
        findings.append(Finding(Kind.BEHIND, "theme.toml", 1, message))
    return findings + list(_tokens(theme.folder / "tokens.css"))


def check_templates(folder: Path, *, plugins: Mapping[str, Path], core: Path = CORE_TEMPLATES) -> list[Finding]:
    """Everything in a folder of overrides that no longer fits what it overrides, by file and line.

    `plugins` maps plugin ids to template folders; pass all that are installed, else their overrides count as orphans.
    """
    originals = _Originals(core, plugins)
    findings: list[Finding] = []
    for file in sorted(folder.rglob("*.html")) if folder.is_dir() else ():
        findings += _check(file, file.relative_to(folder).as_posix(), originals, folder)
    return sorted(findings, key=lambda found: (found.file, found.line, found.kind))


def _check(file: Path, name: str, originals: _Originals, folder: Path) -> Iterator[Finding]:
    try:
        override = originals.read(file)
    except TemplateSyntaxError as error:
        said = (error.message or "It cannot be read").rstrip(".")
        yield Finding(Kind.BROKEN, name, error.lineno, f"{said}. Core's template is shown until it is mended.")
        return
    except (OSError, UnicodeDecodeError) as error:
        yield Finding(Kind.BROKEN, name, 1, f"It cannot be read ({error}). Save it as UTF-8 text.")
        return
    line = list(originals.line(name))
    if not line:
        if override.parent is None or _bare(override.parent) == name:
            yield Finding(Kind.ORPHAN, name, 1, "Nothing of this name exists in core or a plugin. Remove the file.")
        return
    yield from _contract(name, override, line[0])
    if override.parent is not None and _bare(override.parent) == name:
        yield from _blocks(name, override, _known(line))
    else:
        yield from _whole(name, override, line[0])
        yield from _unseen(name, override, originals, folder)


def _contract(name: str, override: _Template, original: _Template) -> Iterator[Finding]:
    wanted = original.contract or 0
    if override.contract is None:
        message = f"It does not say which contract it was made for. Begin it with {{#- contract: {wanted} -#}}."
        yield Finding(Kind.NO_CONTRACT, name, 1, message)
    elif override.contract < wanted:
        message = (
            f"It was made for contract {override.contract}, core has {wanted}. Compare both, then raise the number."
        )
        yield Finding(Kind.BEHIND, name, 1, message)


def _known(line: list[_Template]) -> dict[str, nodes.Block]:
    """The blocks of a template and of those that it extends; its own come first."""
    known: dict[str, nodes.Block] = {}
    for template in reversed(line):
        known |= template.blocks
    return known


def _blocks(name: str, override: _Template, known: Mapping[str, nodes.Block]) -> Iterator[Finding]:
    """An override that extends its original: its blocks must exist there, and keep the slots in them."""
    yield from _gone(name, override, known)
    for block_name, block in override.blocks.items():
        if block_name in known and not _calls_super(block):
            yield from _dropped(name, block.lineno, known[block_name], block)


def _gone(name: str, override: _Template, known: Mapping[str, nodes.Block]) -> Iterator[Finding]:
    """Blocks that nothing shows, because what the override extends has none of that name."""
    for block_name, block in override.blocks.items():
        nested = any(other is not block and block in other.find_all(nodes.Block) for other in override.blocks.values())
        if block_name not in known and not nested:
            there = ", ".join(sorted(known))
            message = f"The block {block_name} is gone: this part never shows. There are: {there}."
            yield Finding(Kind.BLOCK_GONE, name, block.lineno, message)


def _unseen(name: str, override: _Template, originals: _Originals, folder: Path) -> Iterator[Finding]:
    """A whole template that extends another one: its blocks must exist there, or in the folder's own version of it."""
    if override.parent is None or override.parent.startswith("theme:"):
        return
    line = list(originals.line(override.parent))
    own = folder / _bare(override.parent)
    if line and not own.is_file():
        yield from _gone(name, override, _known(line))


def _whole(name: str, override: _Template, original: _Template) -> Iterator[Finding]:
    """An override that replaces the whole template: it must hold the slots that the original holds."""
    yield from _dropped(name, 1, original.tree, override.tree)


def _dropped(name: str, line: int, original: nodes.Node, override: nodes.Node) -> Iterator[Finding]:
    for slot in sorted(_slots(original) - _slots(override)):
        message = f'The slot {slot} is missing, so plugins cannot show anything there. Add {{{{ slot("{slot}", …) }}}}.'
        yield Finding(Kind.SLOT_DROPPED, name, line, message)


def _tokens(file: Path) -> Iterator[Finding]:
    known = {token for sheet in (CORE_STATIC / "css").glob("*.css") for token in _used(sheet)}
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines() if file.is_file() else (), 1):
        for token in _TOKEN.findall(text):
            if token not in known:
                yield Finding(
                    Kind.UNKNOWN_PROPERTY,
                    file.name,
                    number,
                    f"Core does not use {token}. Check its name in css/tokens.css.",
                )


def _used(sheet: Path) -> set[str]:
    text = sheet.read_text(encoding="utf-8")
    return set(_TOKEN.findall(text)) | set(re.findall(r"var\((--hd-[a-z0-9-]+)", text))


def _slots(node: nodes.Node) -> set[str]:
    calls = (
        call for call in node.find_all(nodes.Call) if isinstance(call.node, nodes.Name) and call.node.name == "slot"
    )
    return {call.args[0].value for call in calls if call.args and isinstance(call.args[0], nodes.Const)}


def _calls_super(block: nodes.Block) -> bool:
    names = (call.node for call in block.find_all(nodes.Call))
    return any(isinstance(name, nodes.Name) and name.name == "super" for name in names)


def _bare(name: str) -> str:
    """The name without `core:`, `plugin:` or `theme:<name>/`."""
    kind, colon, rest = name.partition(":")
    if not colon:
        return name
    return rest.partition("/")[2] if kind == "theme" else rest
