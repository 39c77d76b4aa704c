"""What the knowledge base tells of."""

from dataclasses import dataclass, field
from typing import ClassVar

from helpdesk_core.api import Event

from .texts import lazy


@dataclass(frozen=True, kw_only=True)
class ArticleChanged(Event):
    """What readers find of an article has changed: published, moved, hidden, archived or deleted (`what`).

    `article` is its uid, `texts` the ids of the texts that are concerned.
    """

    type: ClassVar[str] = "kb.article_changed"
    article: str
    what: str
    texts: list[int] = field(default_factory=list)

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        said = {
            "published": lazy("published an article"),
            "archived": lazy("archived an article"),
            "deleted": lazy("deleted an article"),
        }
        return said.get(self.what) or lazy("moved an article")
