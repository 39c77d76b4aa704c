"""What every engine has to do: the tests of each engine run these `CHECKS`, each on an empty one."""

from datetime import UTC, datetime
from typing import Final

from helpdesk_core.api.search import parse_query

from .asking import fact, wanted
from .engine import Engine, Entry
from .tickets import in_order
from .words import terms

NOW: Final = datetime(2026, 5, 1, tzinfo=UTC)


def entry(
    key: str, title: str, text: str = "", note: str = "", *, labels: str = "d1", day: int = 1, **facts: str
) -> Entry:
    """Make a document; `day` of April 2026 it is from."""
    at = int(datetime(2026, 4, day, tzinfo=UTC).timestamp())
    public = frozenset(terms(title) | terms(text))
    return Entry(
        key=key,
        source="ticket",
        labels=frozenset(labels.split()),
        tokens={"public": in_order([title, text]), "internal": in_order([note])},
        terms={
            "title": frozenset(terms(title)),
            "public": public,
            "internal": frozenset(terms(note)),
            "facts": frozenset(fact(name, value) for name, value in facts.items()),
            "internal_facts": frozenset(),
        },
        created=at,
        updated=at,
    )


ENTRIES: Final = [
    entry("1", "Invoice is wrong", "The amount of 12.50 was paid twice.", labels="d1 u7", day=1, status="open"),
    entry("2", "Server down", "203.0.113.7 does not answer; invoices later.", labels="d2 u8 o3", day=2, status="open"),
    entry(
        "3", "Сервер не отвечает", "Счета не оплачены", "call ann@example.com", labels="d1 u7", day=3, status="closed"
    ),
    entry("4", "退款申请", "请帮我退款", labels="d2 u9", day=4, status="open"),
    entry("5", "Paid but not delivered", "it was twice promised", labels="d3", day=5, status="new"),
]

FINDS: Final[list[tuple[str, list[str]]]] = [
    ("invoice", ["1", "2"]),
    ("invoices wrong", ["1"]),
    ("серверы", ["3"]),
    ("счёт", ["3"]),
    ('"paid twice"', ["1"]),
    ('"twice paid"', []),
    ('"wrong the amount"', []),
    ("paid -twice", []),
    ('paid -"paid twice"', ["5"]),
    ("203.0.113.7", ["2"]),
    ("203.0.113", ["2"]),
    ("12.50", ["1"]),
    ("退款", ["4"]),
    ("退款 -申请", []),
    ("status:open", ["1", "2", "4"]),
    ("status:open,new", ["1", "2", "4", "5"]),
    ("-status:open", ["3", "5"]),
    ("subject:server", ["2"]),
    ("subject:invoice", ["1"]),
    ("after:2026-04-03", ["3", "4", "5"]),
    ("before:2026-04-02", ["1"]),
    ("invoice after:2026-04-02", ["2"]),
    ("ann@example.com", ["3"]),
    ("nowhere", []),
    ("()*&|!", []),
    ("invoice ??", ["1", "2"]),
    ("?? -paid", []),
    ("'; DROP TABLE x; -- \\ % & | ! ( ) : * <->", []),
]


def check_finds(engine: Engine) -> None:
    """Every kind of search finds what it should, in whatever order."""
    engine.put(ENTRIES)
    for text, expected in FINDS:
        found = engine.search(wanted(parse_query(text, now=NOW), "ticket", None, internal=True))
        assert sorted(found) == expected, text


def check_notes_are_apart(engine: Engine) -> None:
    """Who may not read notes never finds what they say, not even by leaving out."""
    engine.put(ENTRIES)
    for text in ("ann@example.com", '"call ann"', "call"):
        query = parse_query(text, now=NOW)
        assert engine.search(wanted(query, "ticket", None, internal=True)) == ["3"]
        assert engine.search(wanted(query, "ticket", None, internal=False)) == []
    without = wanted(parse_query("отвечает -call", now=NOW), "ticket", None, internal=False)
    assert engine.search(without) == ["3"]
    assert not engine.known(["ann@example.com"], internal=False)
    assert engine.known(["ann@example.com"], internal=True)
    assert not engine.has_any(["ann@example.com", "nowhere"], internal=False)
    assert engine.has_any(["nowhere", "ann@example.com"], internal=True)
    assert not engine.has_any([], internal=True)


def check_labels(engine: Engine) -> None:
    """Only what bears one of the labels is found; nothing without any."""
    engine.put(ENTRIES)
    query = parse_query("status:open", now=NOW)
    for labels, expected in ((["d1"], ["1"]), (["d2", "u7"], ["1", "2", "4"]), (["o3"], ["2"]), ([], []), (["d9"], [])):
        assert sorted(engine.search(wanted(query, "ticket", labels))) == expected
    assert engine.search(wanted(query, "article", None)) == []


def check_order(engine: Engine) -> None:
    """A word in the subject comes before one in a message; or the newest come first; the limit cuts."""
    engine.put([entry("a", "Other", "toner"), entry("b", "Toner", "x", day=2), entry("c", "Other", "toner", day=9)])
    query = parse_query("toner", now=NOW)
    assert engine.search(wanted(query, "ticket", None))[0] == "b"
    assert engine.search(wanted(query, "ticket", None, newest=True)) == ["c", "b", "a"]
    assert engine.search(wanted(query, "ticket", None, newest=True, limit=1)) == ["c"]


def check_changes(engine: Engine) -> None:
    """An entry replaces the one of its key; what is removed is gone; all of it is counted."""
    engine.put(ENTRIES)
    engine.put([entry("1", "Altogether different")], gone=[("ticket", "2"), ("ticket", "unknown")])
    assert engine.count() == len(ENTRIES) - 1
    assert engine.search(wanted(parse_query("invoice", now=NOW), "ticket", None)) == []
    assert engine.search(wanted(parse_query("different", now=NOW), "ticket", None)) == ["1"]
    assert engine.size() > 0


def check_filling(engine: Engine) -> None:
    """What is put in while the index is built is found as if it had been put in later; what comes twice, once."""
    engine.fill(iter([ENTRIES[:2], [], ENTRIES[2:], ENTRIES[:1]]))
    assert engine.count() == len(ENTRIES)
    for text, expected in FINDS:
        found = engine.search(wanted(parse_query(text, now=NOW), "ticket", None, internal=True))
        assert sorted(found) == expected, text


def check_forgetting(engine: Engine) -> None:
    """An engine that rids its files of what was taken out still finds the rest, as does one that cannot."""
    engine.put(ENTRIES[:3])
    engine.put(ENTRIES[3:])
    engine.put([entry("1", "Altogether different", "paid never")], gone=[("ticket", "2")])
    engine.expunge()
    for text, expected in (
        ("invoice", []),
        ("different", ["1"]),
        ('"paid never"', ["1"]),
        ("退款", ["4"]),
        ("paid", ["1", "5"]),
    ):
        found = engine.search(wanted(parse_query(text, now=NOW), "ticket", None, internal=True))
        assert sorted(found) == expected, text
    assert engine.count() == len(ENTRIES) - 1
    engine.put([entry("9", "Toner")])
    engine.expunge()
    assert engine.count() == len(ENTRIES)


CHECKS = (
    check_finds,
    check_notes_are_apart,
    check_labels,
    check_order,
    check_changes,
    check_filling,
    check_forgetting,
)
