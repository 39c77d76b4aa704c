"""What marshmallow itself says of a value, as texts that pages can say in the reader's language.

Schemas of settings, also those of plugins, are plain marshmallow, whose sentences are English. They are known by their
words; what a field says in its own words is left as it is.
"""

import re

from helpdesk_core.texts import lazy


def gettext_noop(msgid: str) -> str:
    """Mark a text for translation; it becomes a lazy one when marshmallow has said it."""
    return msgid


_l = gettext_noop

_SENTENCES = (
    _l("Missing data for required field."),
    _l("Field may not be null."),
    _l("Invalid value."),
    _l("Not a valid string."),
    _l("Not a valid integer."),
    _l("Not a valid number."),
    _l("Number too large."),
    _l("Not a valid boolean."),
    _l("Not a valid date."),
    _l("Not a valid datetime."),
    _l("Not a valid list."),
    _l("Not a valid mapping type."),
    _l("Not a valid URL."),
    _l("Not a valid email address."),
    _l("String does not match expected pattern."),
    _l("Must be one of: %(choices)s."),
    _l("Must be equal to %(other)s."),
    _l("Must be greater than or equal to %(min)s and less than or equal to %(max)s."),
    _l("Must be greater than %(min)s and less than %(max)s."),
    _l("Must be greater than or equal to %(min)s."),
    _l("Must be less than or equal to %(max)s."),
    _l("Must be greater than %(min)s."),
    _l("Must be less than %(max)s."),
    _l("Shorter than minimum length %(min)s."),
    _l("Longer than maximum length %(max)s."),
    _l("Length must be between %(min)s and %(max)s."),
)


def _pattern(msgid: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", msgid)
    places = (f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    return re.compile("".join(places), re.DOTALL)


_PATTERNS = tuple((msgid, _pattern(msgid)) for msgid in _SENTENCES)


def worded(message: str) -> str:
    """Return the sentence as one that can be translated if it is one of marshmallow's, else unchanged."""
    for msgid, pattern in _PATTERNS:
        if found := pattern.fullmatch(message):
            return lazy(msgid, **{name: _value(said) for name, said in found.groupdict().items()})
    return message


def _value(said: str) -> str | float:
    """Return a number with decimals as one, so that it can be written in the reader's manner."""
    return float(said) if re.fullmatch(r"-?\d+\.\d+", said) else said
