"""What clocks, targets and the lines of the ledger are called."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from .policies import FIRST_REPLY, NEXT_REPLY, RESOLUTION, UPDATE
from .texts import _, lazy, ngettext

TARGET_NAMES: Final = {
    FIRST_REPLY: lazy("First reply"),
    NEXT_REPLY: lazy("Next reply"),
    UPDATE: lazy("Update"),
    RESOLUTION: lazy("Resolution"),
}
STATE_NAMES: Final = {
    "running": lazy("Running"),
    "paused": lazy("Paused"),
    "off": lazy("No target"),
    "met": lazy("Met"),
    "missed": lazy("Missed"),
    "dropped": lazy("Dropped"),
}
WHAT: Final = {
    "started": lazy("Started"),
    "paused": lazy("Paused"),
    "resumed": lazy("Resumed"),
    "policy": lazy("Policy"),
    "target": lazy("Target changed"),
    "hours": lazy("Hours changed"),
    "breached": lazy("Target missed"),
    "met": lazy("Met"),
    "missed": lazy("Ended late"),
    "dropped": lazy("Dropped"),
    "step": lazy("Escalation"),
    "step_failed": lazy("Escalation failed"),
}
STEPS: Final = ("step", "step_failed")
"""Lines that tell of a step around a target, not of its clock."""
ACTION_NAMES: Final = {
    "notify_agent": lazy("notify agent"),
    "notify_manager": lazy("notify manager"),
    "notify_role": lazy("notify role"),
    "mail": lazy("mail"),
    "priority": lazy("priority"),
    "tag": lazy("tag"),
    "assign": lazy("assign"),
    "move": lazy("move"),
    "do": lazy("do"),
}
FIELD_NAMES: Final = {
    "status": lazy("status"),
    "department": lazy("department"),
    "priority": lazy("priority"),
    "type": lazy("type"),
    "tags": lazy("tags"),
}
MANY: Final = 10 * 60
"""Minutes from which on whole hours are enough where there is little room."""
UNITS: Final = {"d": 24 * 60, "h": 60, "m": 1}
DURATION: Final = re.compile(r"(?:(\d{1,4})\s*d)?\s*(?:(\d{1,5})\s*h)?\s*(?:(\d{1,6})\s*m(?:in)?)?", re.IGNORECASE)


def parse_duration(text: str) -> int:
    """Return the minutes of `1d 4h 30m`; a day has 24 hours of working time. `ValueError` for anything else."""
    found = DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()):
        raise ValueError(text)
    return sum(int(part or 0) * size for part, size in zip(found.groups(), UNITS.values(), strict=True))


def duration(minutes: int) -> str:
    """Return minutes as `4h 30m`, which `parse_duration` reads; not in days, as a working one has fewer hours."""
    hours, rest = divmod(int(abs(minutes)), 60)
    parts = [f"{hours}h"] * bool(hours) + [f"{rest}m"] * bool(rest or not hours)
    return " ".join(parts)


def spelled(minutes: float) -> str:
    """Return minutes as people read them in their language; `duration` is how they are typed in, in all of them."""
    hours, rest = divmod(int(abs(minutes)), 60)
    parts = [_("%(hours)sh", hours=hours)] * bool(hours) + [_("%(minutes)sm", minutes=rest)] * bool(rest or not hours)
    return " ".join(parts)


def remaining(left: timedelta, *, brief: bool = False) -> str:
    """Return the time that is left, or that a target is over, in words; `brief` without minutes beside many hours."""
    minutes = abs(left) // timedelta(minutes=1)
    text = spelled(minutes - minutes % 60 if brief and minutes >= MANY else minutes)
    return _("%(time)s left", time=text) if left >= timedelta(0) else _("%(time)s over", time=text)


def cause(values: Mapping[str, Any], by: str) -> str:
    """Return why the ledger has a line, in the language of whoever reads; `by` is who did it, if anybody did."""
    why = _why(values, by)
    if "policy" in values:
        name = values["policy"]
        what = _("“%(policy)s” holds from now on", policy=name) if name else _("no policy fits any more")
        return f"{what}: {why}" if why else what
    if "calendar" in values:
        name = values["calendar"]
        what = _("measured by “%(calendar)s” from now on", calendar=name) if name else _("all hours count from now on")
        return f"{what}: {why}" if why else what
    if "before" in values:
        return _(
            "%(before)s became %(now)s: %(why)s",
            before=spelled(values["before"]),
            now=spelled(values["now"]),
            why=why,
        )
    return why


def _why(values: Mapping[str, Any], by: str) -> str:
    code, by = values.get("code"), by or _("the helpdesk")
    if code == "changed":
        field = values.get("field", "")
        value = values.get("value")
        shown = ", ".join(value) if isinstance(value, list) else value or _("none")
        return _("%(by)s set %(field)s to %(value)s", by=by, field=_(FIELD_NAMES.get(field, field)), value=shown)
    if code == "step":
        return _step(values)
    known = {
        "opened": lazy("the ticket was opened"),
        "agent": lazy("%(by)s answered", by=by),
        "automatic": lazy("the helpdesk answered by itself"),
        "customer": lazy("%(by)s wrote", by=by),
        "note": lazy("%(by)s left a note", by=by),
        "time": lazy("the time was over"),
        "edited": lazy("policies or statuses were changed by an administrator"),
    }
    return _(known[code]) if code in known else ""


def _step(values: Mapping[str, Any]) -> str:
    text = " ".join(part for part in (_(ACTION_NAMES[values["action"]]), values["value"]) if part)
    if values.get("error"):
        return f"{text}: {values['error']}"
    told = values.get("told")
    return f"{text} ({ngettext('%(num)s person', '%(num)s people', told)})" if told else text
