"""The configuration file as a file: reading it with good errors, finding a key's line, replacing it safely."""

import contextlib
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpdesk_core.errors import ConfigError
from helpdesk_core.texts import lazy as _l

NEW_FILE_MODE = 0o640
"""The file may hold passwords: others on the machine have no business with it."""


@dataclass(frozen=True)
class TomlFile:
    """A file that was read; text and values may hold secrets and are left out of `repr`."""

    path: Path
    text: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)

    def where(self, keys: Sequence[str]) -> str:
        """Name the place of a key for an error message: the file, and the line if it can be told."""
        line = line_of(self.text, keys)
        return _l("%(file)s, line %(line)s", file=str(self.path), line=line) if line else str(self.path)


def read_toml(path: Path) -> TomlFile | None:
    """Read the file; None if there is none. ConfigError names file and line of what cannot be read."""
    try:
        if not path.exists() and not path.is_symlink():
            return None
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path} is not a file; put the configuration there as a text file")
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(f"{path} cannot be read ({reason}); let the user that runs the helpdesk read it") from None
    try:
        text = raw.decode("utf-8-sig")  # some editors put a mark at the beginning
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: this is not UTF-8 text; save the file as UTF-8") from None
    return TomlFile(path, text, parse_toml(text, path))


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """Return what the text says; ConfigError names the line that is not TOML."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{path}: lists or tables lie too deep in each other; write them flatter") from None
    except ValueError as error:
        place, problem = str(path), "a value cannot be read"  # a number of thousands of digits has no position
        if found := re.search(r"\s*\(at (?:line (\d+), column \d+|end of document)\)", str(error)):
            place = f"{path}, line {found[1] or text.rstrip().count(chr(10)) + 1}"
            problem = str(error)[: found.start()]
        raise ConfigError(
            f"{place}: this is not valid TOML: {problem}. Mend it: each key once in its section, texts in quotes, "
            "lists in brackets"
        ) from None


_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_PATH = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*\[{{1,2}}[ \t]*({_PATH})[ \t]*\]{{1,2}}[ \t]*(?:#.*)?$")
_KEY = re.compile(rf"[ \t]*({_PATH})[ \t]*=")
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'""")


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """Return the number of the line that sets the key, or else of the nearest table around it; None if unknown.

    It scans valid TOML line by line; a key inside an inline table has the line on which the table begins.
    """
    wanted = tuple(keys)
    best: tuple[int, int] | None = None
    for number, path in _paths(text):
        depth = len(path)
        if wanted[:depth] == path and (best is None or depth > best[0]):
            best = (depth, number)
    return best[1] if best else None


def _paths(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    table: tuple[str, ...] = ()
    quote, brackets = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if quote:
            _, ended, line = line.partition(quote)
            if not ended:
                continue
            quote = ""
        elif not brackets:
            if header := _HEADER.match(line):
                table = _split(header[1])
                yield number, table
                continue
            if key := _KEY.match(line):
                yield number, table + _split(key[1])
                line = line[key.end() :]
        # What remains is (the rest of) a value: does it go on in the next line?
        while opened := re.search("\"\"\"|'''", line):
            quote = opened[0]
            before, _, rest = line.partition(quote)
            _, ended, after = rest.partition(quote)
            line = before + after
            if not ended:
                break
            quote = ""
        bare = _STRING.sub("", line).partition("#")[0]
        brackets = max(0, brackets + sum(map(bare.count, "[{")) - sum(map(bare.count, "]}")))


def _split(path: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, path))


def replace_file(path: Path, text: str) -> None:
    """Put the text in the place of the file in one step: readers see the old file or the new one, never half.

    Mode and owner of an existing file stay; a symbolic link stays a link. OSError if it cannot be written.
    """
    target = path.resolve()
    before = target.stat() if target.exists() else None
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".new", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            if before is None:
                os.fchmod(file.fileno(), NEW_FILE_MODE)
            else:
                with contextlib.suppress(PermissionError):  # only root may give files away
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
                os.fchmod(file.fileno(), before.st_mode & 0o7777)
            os.fsync(file.fileno())
        os.replace(name, target)  # noqa: PTH105 - the name is a plain string until it is in its place
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
