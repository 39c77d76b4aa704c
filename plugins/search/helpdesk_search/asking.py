"""From what a person asks to what an engine looks for."""

from collections.abc import Collection, Sequence
from typing import Final

from helpdesk_core.api import EVERYWHERE, Actor
from helpdesk_core.api.search import KEYS, SearchQuery, SearchTerm

from .engine import Clause, Field, Phrase, Term, Wanted
from .words import LONGEST, pairs, plain, stems, tokens, wholes

TITLE, EXACT = 3.0, 2.0
"""A word in the subject counts for three in a message, a word as it was written for two of another form."""
TICKETS: Final = "ticket"
NOTHING: Final = Clause(())
Way = tuple[Term | Phrase, ...]


def labels_of(actor: Actor, *, internal: bool) -> frozenset[str] | None:
    """Return the labels of tickets that an actor may find; None for all. Core applies the rights again afterwards."""
    if actor.kind == "system":
        return None
    labels: set[str] = set()
    where = actor.departments("ticket.read")
    if where is EVERYWHERE and actor.kind == "user":
        return None
    if actor.kind == "user" and where:
        labels.update(f"d{each}" for each in where)
    if actor.user_id is not None:
        labels.add(f"s{actor.user_id}")
        if not internal:
            labels.add(f"u{actor.user_id}")
            if actor.organisation_id is not None:
                labels.add(f"o{actor.organisation_id}")
    return frozenset(labels)


def wanted_tickets(query: SearchQuery, actor: Actor, *, internal: bool, newest: bool, limit: int) -> Wanted:
    """Return the search for tickets."""
    return wanted(query, TICKETS, labels_of(actor, internal=internal), internal=internal, newest=newest, limit=limit)


def wanted(
    query: SearchQuery,
    source: str,
    labels: Collection[str] | None,
    *,
    internal: bool = False,
    newest: bool = False,
    limit: int = 1000,
) -> Wanted:
    """Return the search for documents of a source."""
    clauses = [clause for term in query.terms for clause in _clauses(term, internal=internal)]
    asked = [term for term in query.terms if not term.negated]
    if asked and all(clause.negated for clause in clauses):
        clauses.append(NOTHING)  # signs alone are no word: they find nothing instead of everything
    return Wanted(
        source,
        tuple(clauses),
        labels,
        after=int(query.after.timestamp()) if query.after else None,
        before=int(query.before.timestamp()) if query.before else None,
        newest=newest,
        limit=limit,
    )


def _clauses(term: SearchTerm, *, internal: bool) -> list[Clause]:
    if term.field == "subject" and len(term.values) == 1 and not term.negated:
        return [Clause(_title_ways(each.word)) for each in tokens(term.values[0])]
    if term.field == "subject":
        return [Clause(tuple(way for value in term.values for way in _title_all(value)), term.negated)]
    if term.field:
        ways = tuple(way for value in term.values for way in _fact_ways(term.field, value, internal=internal))
        return [Clause(ways, term.negated)]
    clauses = [each for value in term.values for each in _word_clauses(value, phrase=term.phrase, internal=internal)]
    if not term.negated or not clauses:
        return clauses
    if len(clauses) == 1:
        return [Clause(clauses[0].ways, negated=True)]
    return [Clause((_all_of(clauses),), negated=True)]  # not (a and b): the one way needs both


def _all_of(clauses: Sequence[Clause]) -> Way:
    return tuple(part for clause in clauses for part in clause.ways[0])


def _word_clauses(text: str, *, phrase: bool, internal: bool) -> list[Clause]:
    words = [each.word for each in tokens(text)]
    if not words:
        return []
    if phrase and len(words) > 1:
        return [Clause(_phrase_ways(words, internal=internal))]
    if len(words) == 1:
        return [Clause(_term_ways(words[0], internal=internal, exact=phrase))]
    if unspaced := pairs(text):
        return [Clause(_same_in(each, internal=internal)) for each in unspaced]
    whole = plain(text.strip(".:!?…'’*_~`-–—/\\=#&"))
    ways = [*_phrase_ways(words, internal=internal)]
    if len(whole) <= 2 * LONGEST:
        ways += _same_in(whole, internal=internal, weight=EXACT)
    return [Clause(tuple(ways))]


def _phrase_ways(words: Sequence[str], *, internal: bool) -> tuple[Way, ...]:
    fields: tuple[str, ...] = ("public", "internal") if internal else ("public",)
    return tuple((Phrase(field, tuple(words)),) for field in fields)  # type: ignore[arg-type]  # two of the literals


def _term_ways(word: str, *, internal: bool, exact: bool) -> tuple[Way, ...]:
    if exact:
        return _phrase_ways([word], internal=internal)
    ways: list[Way] = []
    for each in sorted(stems(word)):
        ways += _same_in(each, internal=internal, weight=EXACT if each == word else 1.0)
    return tuple(ways)


def _title_ways(word: str) -> tuple[Way, ...]:
    return tuple((Term("title", each),) for each in sorted(stems(word)))


def _title_all(text: str) -> list[Way]:
    """Return the one way in which all words of a text are in the subject, each by its shortest stem."""
    words = [min(stems(each.word), key=len) for each in tokens(text)]
    return [tuple(Term("title", word) for word in words)] if words else []


def _same_in(term: str, *, internal: bool, weight: float = 1.0) -> tuple[Way, ...]:
    fields: list[tuple[Field, float]] = [("title", TITLE), ("public", 1.0)]
    if internal:
        fields.append(("internal", 1.0))
    return tuple((Term(field, term, weight * more),) for field, more in fields)


def _fact_ways(field: str, value: str, *, internal: bool) -> list[Way]:
    places: list[Field] = ["facts", "internal_facts"] if internal else ["facts"]
    if field in KEYS:
        return [(Term(place, fact(field, value)),) for place in places]
    whole = plain(value)
    ways: list[Way] = []
    for place in places:
        words = [each.word for each in tokens(value)]
        if len(words) > 1 and " " not in whole:
            ways.append((Term(place, fact(field, whole)),))
        elif words:
            ways.append(tuple(Term(place, fact(field, word)) for word in words))
    return ways


def facts_of(field: str, *texts: str | None) -> set[str]:
    """Return what people are found by: each word of names, addresses as they stand, and their domains."""
    found: set[str] = set()
    for text in texts:
        if not text:
            continue
        found.update(each.word for each in tokens(text))
        if "@" in text:
            found.update(wholes(text))
    return {fact(field, each) for each in found}


def fact(field: str, value: str) -> str:
    """Return the term for a value of a field; engines part terms at spaces, so there is none in it."""
    return f"{field}:{'_'.join(value.split())}"
