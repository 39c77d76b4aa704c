"""Workspaces: searches that people keep under a name; and changing many tickets at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from helpdesk_core.errors import NotFound
from helpdesk_core.rest.context import close_session, current_actor, current_desk, db, signed_in
from helpdesk_core.rest.routing import STAFF, Answer, Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.tickets import arranging, bulk, searches
from helpdesk_core.tickets import workspace_schemas as schemas
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.inputs import Change
from helpdesk_core.tickets.listing import count_tickets
from helpdesk_core.tickets.standing import STANDING

endpoints: Final = Endpoints(
    "Workspaces", "Searches that people keep under a name, for themselves or for colleagues; changing many tickets."
)
MANY: Final = 1000


@dataclass(frozen=True, slots=True)
class _View:
    uid: str
    name: str
    filter_given: dict[str, Any]
    sort: str
    columns: tuple[str, ...]
    is_standing: bool
    is_shared: bool
    department: str | None
    role: str | None
    may_change: bool
    mine: arranging.Choice
    count: int | None


@endpoints.get("/workspaces", permission=STAFF, returns=schemas.WorkspacePage)
def list_workspaces() -> Page:
    """List those that everybody has, the shared searches and one's own, in one's own order."""
    return Page(_views())


@endpoints.get("/workspaces/<id>", permission=STAFF, returns=schemas.Workspace)
def read_workspace(id: str) -> Any:
    """Read a workspace; `GET /tickets` takes its filter."""
    for each in _views():
        if each.uid == id:
            return each
    raise NotFound(arranging.NO_SUCH)


@endpoints.post("/workspaces", permission=STAFF, body=schemas.WorkspaceNew, returns=schemas.Workspace, status=201)
def save_workspace(body: dict[str, Any]) -> Answer:
    """Keep a search under a name; one of that name and owner is replaced."""
    kept = searches.save_search(
        current_desk(),
        current_actor(),
        body["name"],
        TicketFilter.of(body["filter"]),
        sort=body["sort"],
        columns=body["columns"],
        shared=body["is_shared"],
        department=body.get("department"),
        role=body.get("role"),
    )
    return Answer(read_workspace(kept.uid), location=f"/workspaces/{kept.uid}")


@endpoints.patch("/workspaces/<id>", permission=STAFF, body=schemas.WorkspaceChange, returns=schemas.Workspace)
def change_workspace(id: str, body: dict[str, Any]) -> Any:
    """Change a kept search, or with whom it is shared; a shared one needs `workspace.share`."""
    given = {name: value for name, value in body.items() if name not in ("filter", "is_shared")}
    if "filter" in body:
        given["filter"] = TicketFilter.of(body["filter"])
    if "is_shared" in body:
        given["shared"] = body["is_shared"]
    searches.change_search(current_desk(), current_actor(), id, searches.WorkspaceChange(**given))
    return _again(id)


@endpoints.delete("/workspaces/<id>", permission=STAFF)
def delete_workspace(id: str) -> None:
    """Forget a kept search; a shared one needs `workspace.share`."""
    searches.delete_search(current_desk(), current_actor(), id)


@endpoints.patch("/workspaces/<id>/mine", permission=STAFF, body=schemas.ChoiceChange, returns=schemas.Workspace)
def choose_workspace(id: str, body: dict[str, Any]) -> Any:
    """Watch or hide a workspace, or give it columns and an order of one's own; colleagues see nothing of it."""
    arranging.choose(current_desk(), current_actor(), id, arranging.ChoiceChange(**body))
    return _again(id)


@endpoints.put("/workspaces", permission=STAFF, body=schemas.WorkspaceOrder, returns=schemas.WorkspacePage)
def order_workspaces(body: dict[str, Any]) -> Page:
    """Put one's workspaces in an order."""
    arranging.order_workspaces(current_desk(), current_actor(), body["ids"])
    close_session()
    return Page(_views(fresh=True))


@endpoints.post("/tickets/bulk", permission=STAFF, body=schemas.BulkChange, returns=schemas.BulkResult)
def change_many(body: dict[str, Any]) -> Any:
    """Change many tickets, each for itself: one that is refused keeps no other from being changed."""
    numbers, department = body.pop("tickets"), body.pop("department", None)
    return bulk.change_many(current_desk(), current_actor(), numbers, Change(**body), department)


@endpoints.post("/tickets/bulk/<id>/undo", permission=STAFF, returns=schemas.BulkResult)
def undo_many(id: str) -> Any:
    """Put every ticket of one's own change back as it was; what was changed again since is left, and told."""
    return bulk.undo_many(current_desk(), current_actor(), id)


def _again(id: str) -> _View:
    """Return a workspace as it is after a change."""
    close_session()
    return next(each for each in _views(fresh=True) if each.uid == id)


def _views(*, fresh: bool = False) -> list[_View]:
    desk, actor = current_desk(), current_actor()
    mine = _arrangement(fresh=fresh)
    kept = searches.workspaces(desk, db(), actor)
    filters = {key: each.filter for key, each in STANDING.items() if each.counted}
    filters |= {each.uid: each.filter for each in kept if not each.filter.text}
    counts = count_tickets(desk, db(), actor, filters, limit=MANY)
    found = {each.uid: each for each in (*_standing(mine, counts), *_kept(kept, mine, counts))}
    return [found[key] for key in mine.sorted(list(found))]


def _arrangement(*, fresh: bool) -> arranging.Arrangement:
    signed = signed_in()
    if signed is None:
        return arranging.Arrangement()
    user = db().get(type(signed.user), signed.user.id) if fresh else signed.user
    return arranging.arrangement(user.preferences if user else {})


def _standing(mine: arranging.Arrangement, counts: dict[str, int]) -> Iterable[_View]:
    for key, each in STANDING.items():
        yield _View(
            key, each.name, each.filter.as_dict(), each.sort, (), True, True, None, None, False, mine.of(key),
            counts.get(key),
        )  # fmt: skip


def _kept(kept: Iterable[searches.Workspace], mine: arranging.Arrangement, counts: dict[str, int]) -> Iterable[_View]:
    for each in kept:
        yield _View(
            each.uid, each.name, each.filter.as_dict(), each.sort, each.columns, False, each.is_shared, each.department,
            each.role, each.may_change(current_actor()), mine.of(each.uid), counts.get(each.uid),
        )  # fmt: skip
