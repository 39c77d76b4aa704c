"""Compiled templates that the applications of one process share: one that is swapped in need not compile them again."""

from threading import Lock
from types import CodeType
from typing import Final

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

MOST: Final = 2000


class TemplateMemory(BytecodeCache):
    """Keeps the code of templates by name, file and text; Jinja asks for the text's checksum to fit.

    What else decides on the code is the same for all applications: one class of environments with one configuration,
    and texts of plugins that are bound by the template's own name.
    """

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}
        self._lock = Lock()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was kept for the bucket's template, if its text is still the same."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code."""
        if bucket.code is None:
            return
        with self._lock:
            if len(self._codes) >= MOST:
                self._codes.clear()
            self._codes[bucket.key, bucket.checksum] = bucket.code

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Return what tells a template from others: its name decides whose texts it shows."""
        return f"{name}\0{filename}"


MEMORY: Final = TemplateMemory()
