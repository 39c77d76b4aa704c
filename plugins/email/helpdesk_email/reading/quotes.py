"""Where a quote starts: attribution lines, header blocks, separators and trailing `>` lines."""

from __future__ import annotations

import re

from .quote_words import (
    ABOVE_LINE,
    ADDRESS,
    DATE,
    FORWARD,
    HEADER_LINE,
    LABELS,
    OPENER,
    SENT_FROM,
    SEPARATOR_WORDS,
    VERB,
    VERB_ENDS,
)

# A line that stands for "the HTML marks the start of a quote here"; no mail contains it.
MARK = "\u2063\u2063\u2063"

_ATTRIBUTION_LINES = 5
_ATTRIBUTION_LENGTH = 400
_HEADER_LINES = 14
LONG_LINE = 1000  # no program writes its quote headers in such lines; patterns are not tried on them
_RULE = re.compile(r"^[\s>]*(?:[-_=*—–⁃]\s?){5,}$")
_RULE_MARKS = " \t-_=—–~*<>[]:"
# "Sent from my desk, which is …" is a sentence and no signature.
_SENTENCE = re.compile(r", (?!an? )|\b(?:is|are|was|were|because|but|and it|which|that|so|to (?:all|the|you|me))\b")
_SIGNATURE = re.compile(r"^\s{0,2}(?:--|—|––|- -)\s*$")
_LIST_RULE = re.compile(r"^_{2,}$")
_LIST_FOOTER = re.compile(r"mailing list|listinfo|unsubscribe|@lists?\.", re.IGNORECASE)
_QUOTED = re.compile(r"^\s{0,3}[>|](?!\s*\w+\s*\|)")
FENCE = re.compile(r"^\s*```")
_BARE_ATTRIBUTION = re.compile(
    r"^\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:\s+\d{1,2}:\d{2}(?:\s+GMT[+-]\d{2}:?\d{2})?)?\s+\S.{0,150}$"
)
_YOU_WROTE = re.compile(r"^[\s>]*(?:at|on)\b.{4,80}\byou wrote\s*:?\s*$", re.IGNORECASE)


def find_cut(lines: list[str]) -> int:
    """The index of the line with which the quoted end of a text starts; the number of lines when there is none."""
    fenced = False
    skip_until = 0
    for index, line in enumerate(lines):
        if FENCE.match(line):
            fenced = not fenced
        if fenced or index < skip_until or len(line) > LONG_LINE or not line.strip():
            continue
        if line == MARK or is_separator(line) or ABOVE_LINE.match(line):
            return _with_rule_above(lines, index)
        if header_block(lines, index) is not None:
            return _with_rule_above(lines, index)
        length = attribution(lines, index)
        if length:
            end = quote_end(lines, index + length)
            if end is None or is_only_signature(lines, end):
                return _with_rule_above(lines, index)
            skip_until = end  # own text follows the quote: an answer in between
    return _trailing_quote(lines)


def is_separator(line: str) -> bool:
    """Whether a line only says that the original or a forwarded mail follows."""
    bare = line.strip(" \t>*")
    core = bare.strip(_RULE_MARKS)
    if not core or len(core) > 120:
        return False
    ruled = bare[:2].strip(_RULE_MARKS) == "" or bare[-2:].strip(_RULE_MARKS) == ""
    return (ruled and len(bare) - len(core) >= 2 and SEPARATOR_WORDS.fullmatch(core) is not None) or (
        FORWARD.match(bare) is not None
    )


def attribution(lines: list[str], index: int) -> int:
    """How many lines an attribution ("On … somebody wrote:") takes that starts here; 0 when none does."""
    opened: bool | None = None
    length = 0
    for count in range(1, _ATTRIBUTION_LINES + 1):
        if index + count > len(lines):
            return 0
        line = lines[index + count - 1]
        length += len(line)
        if not line.strip() or length > _ATTRIBUTION_LENGTH:
            return 0
        if not _may_end(line, count):
            continue
        if opened is None:
            opened = OPENER.match(lines[index]) is not None
            if not opened and not ADDRESS.search(lines[index]) and not VERB.search(lines[index]):
                return 0
        joined = " ".join(part.strip() for part in lines[index : index + count])
        if _is_attribution(joined, opened, count):
            return count
        if joined.endswith(":"):
            return 0
    return 0


def _may_end(line: str, count: int) -> bool:
    """Whether an attribution can end with this line: the cheap test that spares nearly every line the others."""
    tail = line.rstrip(" \t-*_>")
    return (
        tail.endswith((":", "："))
        or tail.lower().endswith(VERB_ENDS)
        or (count == 1 and tail[:4].lstrip("> ")[:2].isdigit())
    )


def _is_attribution(joined: str, opened: bool, count: int) -> bool:
    bare = joined.strip(" >-*_")
    dated = DATE.search(bare) is not None
    addressed = ADDRESS.search(bare) is not None
    verb = next(reversed(list(VERB.finditer(bare))), None)
    colon = bare.endswith((":", "："))
    if opened and dated and colon and (addressed or verb is not None):
        return verb is None or len(bare) - verb.end() < 120
    if opened and dated and verb is not None and bare[verb.end() :].strip(" <>.") == "":
        return True  # the colon is missing
    if (
        addressed
        and verb is not None
        and colon
        and (dated or opened or count == 1)
        and bare[verb.end() :].strip(" :：") == ""
    ):
        return len(bare) < 250
    if _YOU_WROTE.match(bare):
        return True
    if count == 1 and dated and _BARE_ATTRIBUTION.match(bare) and not bare.endswith((".", "!", "?", ";")):
        # Gmail without a verb: "2016-03-03 17:21 GMT+01:00 Some One <address>".
        return "GMT" in bare or (addressed and joined.endswith(">"))
    return False


def header_block(lines: list[str], index: int) -> int | None:
    """The index after a block of mail headers (From, Sent, To, Subject in any language) that starts here, or None."""
    first = _label(lines[index])
    if first is None or first[0] == "other":
        return None
    kinds: set[str] = set()
    evidence = False
    position = index
    continued = 0
    while position < min(len(lines), index + _HEADER_LINES):
        line = lines[position]
        label = _label(line)
        if label is not None and not (label[0] in kinds and label[0] != "other"):
            kinds.add(label[0])
            value = label[1]
            evidence = evidence or "@" in value or (label[0] == "date" and DATE.search(value) is not None)
            continued = 0
        elif not line.strip(" >"):
            following = next((later for later in lines[position + 1 : position + 3] if later.strip(" >")), "")
            if _label(following) is None:
                break
        else:
            continued += 1
            if continued > 2:
                break
            evidence = evidence or ADDRESS.search(line) is not None
        position += 1
    strong = kinds - {"other"}
    if "from" not in strong and not {"date", "to", "subject"} <= strong:
        return None
    if (len(strong) >= 3 and (evidence or "subject" in strong)) or (
        len(strong) == 2 and evidence and "from" in strong and "date" in strong
    ):
        return position
    return None


def _label(line: str) -> tuple[str, str] | None:
    """The kind of header a line looks like, and its value."""
    if ":" not in line and "：" not in line:
        return None
    hit = HEADER_LINE.match(line)
    if hit is None:
        return None
    kind = LABELS.get(hit["label"].strip().lower())
    return (kind, hit["value"]) if kind is not None else None


def quote_end(lines: list[str], start: int) -> int | None:
    """The index after the `>` lines that begin at `start`; None when there are none, or when they go on to the end."""
    position = start
    while position < len(lines) and not lines[position].strip():
        position += 1
    if position == len(lines) or not _QUOTED.match(lines[position]):
        return None
    last = position
    while position < len(lines) and (not lines[position].strip() or is_quoted(lines, position)):
        if lines[position].strip():
            last = position
        position += 1
    return last + 1 if position < len(lines) else None


def is_quoted(lines: list[str], index: int) -> bool:
    """Whether a line is quoted: it starts with `>`, or it is the wrapped end of such a line."""
    if _QUOTED.match(lines[index]):
        return True
    before = index > 0 and len(lines[index - 1]) > 60 and _QUOTED.match(lines[index - 1])
    after = index + 1 < len(lines) and _QUOTED.match(lines[index + 1])
    return bool(before and after and lines[index].strip())


def is_only_signature(lines: list[str], start: int) -> bool:
    """Whether nothing but blank lines and a signature is left from a line on."""
    first = next((index for index in range(start, len(lines)) if lines[index].strip()), None)
    return first is None or is_signature_start(lines, first)


def is_signature_start(lines: list[str], index: int) -> bool:
    """Whether a signature starts here: `-- `, "Sent from my …", or the footer of a mailing list."""
    line = lines[index]
    if _SIGNATURE.match(line):
        return True
    if len(line) < 120 and SENT_FROM.match(line) and not _SENTENCE.search(line):
        return True
    return bool(_LIST_RULE.match(line)) and any(_LIST_FOOTER.search(later) for later in lines[index + 1 : index + 5])


def _with_rule_above(lines: list[str], index: int) -> int:
    """Move a cut above the rule (a row of dashes or underscores) that stands right over the quote."""
    above = index - 1
    while above >= 0 and (not lines[above].strip() or lines[above] == MARK):
        above -= 1
    if above >= 0 and _RULE.match(lines[above]):
        return above
    return index


def _trailing_quote(lines: list[str]) -> int:
    """The start of the `>` lines with which the text ends (a signature may follow them)."""
    end = len(lines)
    signature = next(
        (
            index
            for index in range(max(0, end - 60), end)
            if is_signature_start(lines, index) and not _has_own_text(lines[index:])
        ),
        None,
    )
    if signature is not None and any(is_quoted(lines, index) for index in range(signature)):
        end = signature
    position = end - 1
    while position >= 0 and not lines[position].strip():
        position -= 1
    if position < 0 or not is_quoted(lines, position):
        return len(lines)
    start = position
    while position >= 0 and (not lines[position].strip() or is_quoted(lines, position)):
        if lines[position].strip():
            start = position
        position -= 1
    above = lines[position].rstrip()[-_ATTRIBUTION_LENGTH:] if position >= 0 else ""
    if above.endswith((":", "：")) and (DATE.search(above) or ADDRESS.search(above) or VERB.search(above)):
        start = position
    return _with_rule_above(lines, start)


def _has_own_text(lines: list[str]) -> bool:
    """Whether more text follows than a signature has."""
    return sum(1 for line in lines if line.strip()) > 15
