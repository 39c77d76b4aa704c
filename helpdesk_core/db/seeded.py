"""Names that core itself has written into the database: shown in the reader's language until a site changes them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk_core.texts import LazyText


def translate_names(model: type[DeclarativeBase], names: Iterable[LazyText]) -> None:
    """Let rows of the model whose `name` is still one of these be loaded with the text that can be translated."""
    known: Mapping[str, LazyText] = {str(name): name for name in names}

    def loaded(row: Any, *_context: object) -> None:
        if (name := known.get(row.__dict__.get("name"))) is not None:
            set_committed_value(row, "name", name)

    event.listen(model, "load", loaded)
    event.listen(model, "refresh", loaded)
