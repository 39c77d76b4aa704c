"""Services of customers, whose they are, and where they are asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from helpdesk_core.texts import LazyText

LONGEST: Final = 250
"""Characters of an id, a name, a type and a state that are kept; of a fact twice as many."""
MOST_FACTS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Something that a customer has: `id` is the source's own and never changes, the rest is for people.

    `type` and `state` are words as the source has them (`hosting`, `suspended`): rules compare them. `link` leads staff
    to the service at the source. `facts` are what else is good to know, by what it is called (`Server`: `web7`).
    """

    id: str
    name: str
    type: str = ""
    state: str = ""
    link: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the service as JSON holds it."""
        plain = {"id": self.id, "name": self.name, "type": self.type, "state": self.state, "link": self.link}
        return {**plain, "facts": dict(self.facts)}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Service":
        """Return the service that `as_json` has described, cut to what is kept of one."""
        texts = {name: str(kept.get(name) or "")[:LONGEST] for name in ("id", "name", "type", "state")}
        facts = list((kept.get("facts") or {}).items())[:MOST_FACTS]
        link = str(kept.get("link") or "")
        return cls(
            **texts,
            link=link if link.startswith(("https://", "http://")) and len(link) <= 2000 else "",
            facts={str(name)[:LONGEST]: str(value)[: LONGEST * 2] for name, value in facts},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Whose services are asked for.

    `addresses` are those that are confirmed, in their normal form. Someone who has confirmed none has `is_proved` not
    set, and `addresses` are those that somebody says are theirs: only staff are shown what is found by them. `facts`
    are what plugins know of the person (hook `customer_facts`), by `<plugin id>.<name>`, such as a customer number.
    """

    user_id: int
    name: str
    addresses: Sequence[str]
    is_proved: bool = True
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSource:
    """A place that knows of services; `key` is unique within the plugin, `name` is for people.

    `fetch` asks it, over the network if need be, on a thread of its own and outside of any transaction. It returns
    nothing for a customer that the source does not know, and raises a `HelpdeskError` with a sentence for staff when
    the source cannot be asked; it should give up after some seconds by itself.
    """

    key: str
    name: str
    fetch: Callable[[], Sequence[Service]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAnswer:
    """What one source knows: its last answer, when it was given, and why there is no newer one.

    `source` is `<plugin id>.<key>`. `answered_at` is None if the source has never answered for this customer.
    """

    source: str
    name: str
    services: Sequence[Service] = ()
    answered_at: datetime | None = None
    problem: str | LazyText = ""

    def key_of(self, service: Service) -> str:
        """Return the name by which one service of all sources is known: `<plugin id>.<key>:<id>`."""
        return f"{self.source}:{service.id}"
