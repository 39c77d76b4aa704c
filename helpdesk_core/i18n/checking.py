"""What a translation has to have: the placeholders of its text, and a form for every number."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from babel.messages.catalog import Message

_PERCENT: Final = re.compile(r"%(?:\((?P<name>\w+)\))?(?P<kind>[-#0 +]*\d*(?:\.\d+)?[a-zA-Z%])|(?P<stray>%)")
_BRACES: Final = re.compile(r"\{[A-Za-z_][\w.]*(?::[^{}]*)?\}")
_TAGS: Final = re.compile(r"</?[a-zA-Z][^<>]*>")


def placeholders(text: str, *, formatted: bool) -> Counter[str]:
    """Return what stands for something else in a text: `%(name)s` if the text is formatted, `{name}`, markup."""
    found = Counter(_BRACES.findall(text) + _TAGS.findall(text))
    if formatted:
        for match in _PERCENT.finditer(text):
            if match["kind"] != "%":
                found[match[0]] += 1
    return found


def is_formatted(*texts: str) -> bool:
    """Tell whether values are put into a text, so that `%` means something in it."""
    return any(match["name"] for text in texts for match in _PERCENT.finditer(text))


def translation_problems(msgids: Sequence[str], strings: Sequence[str], forms: int) -> list[str]:
    """Return what is wrong with the translation of a text (one msgid) or of its two forms, in sentences.

    `forms` is how many plural forms the language has. A translation that is empty is missing, not wrong.
    """
    wanted = forms if len(msgids) > 1 else 1
    if len(strings) != wanted:
        return [f"It has {len(strings)} forms, and needs {wanted}."]
    if not any(strings):
        return []
    if not all(strings):
        return ["One of its forms is empty."]
    formatted = is_formatted(*msgids)
    allowed = [placeholders(each, formatted=formatted) for each in msgids]
    found = []
    for text in strings:
        has = placeholders(text, formatted=formatted)
        if not any(set(has) == set(one) for one in allowed) and not _leaves_number_out(has, allowed):
            missing = sorted(set(allowed[-1]) - set(has))
            added = sorted(set(has) - set(allowed[-1]) - set(allowed[0]))
            found += [f"“{text}” lacks {', '.join(missing)}."] if missing else []
            found += [f"“{text}” has {', '.join(added)}, which the original has not."] if added else []
        if formatted and any(match["stray"] for match in _PERCENT.finditer(text)):
            found.append(f"“{text}” has a lone %; write %%.")
        if text[:1].isspace() != msgids[0][:1].isspace() or text[-1:].isspace() != msgids[0][-1:].isspace():
            found.append(f"“{text}” begins or ends with other white space than the original.")
    return found


def problems_of(message: Message, forms: int) -> list[str]:
    """Return what is wrong with a message of a catalogue."""
    return translation_problems(as_forms(message.id), as_forms(message.string), forms)


def as_forms(value: object) -> tuple[str, ...]:
    """Return a msgid or translation of a catalogue as a tuple, whether it has several forms or one."""
    if isinstance(value, list | tuple):
        return tuple(str(each or "") for each in value)
    return (str(value or ""),)


def _leaves_number_out(has: Counter[str], allowed: Sequence[Counter[str]]) -> bool:
    """A form for one may say “one ticket”; every other value has to be there."""
    return len(allowed) > 1 and set(has) == set(allowed[-1]) - {"%(num)s", "%(count)s"}
