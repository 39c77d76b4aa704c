"""Plain text of an RTF body, for mails whose only text is Outlook's RTF."""

from __future__ import annotations

import re

from .charsets import decode_text, tidy

_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.IGNORECASE
)
_HIDDEN = frozenset(
    {
        b"fonttbl",
        b"colortbl",
        b"stylesheet",
        b"info",
        b"pict",
        b"object",
        b"themedata",
        b"datastore",
        b"listtable",
        b"generator",
    }
)
_CHARACTERS = {
    b"par": "\n",
    b"line": "\n",
    b"tab": "\t",
    b"cell": "\t",
    b"row": "\n",
    b"emdash": "—",
    b"endash": "–",
    b"lquote": "‘",
}
_CHARACTERS |= {b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•"}


def rtf_to_text(rtf: bytes) -> str:
    """The visible text of an RTF document; HTML that was wrapped into RTF gives its text without the tags."""
    pieces: list[str] = []
    pending = bytearray()
    code_page = "cp1252"
    hidden: list[bool] = [False]
    unicode_skip: list[int] = [1]
    skip = 0

    def flush() -> None:
        if pending:
            pieces.append(decode_text(bytes(pending), code_page))
            pending.clear()

    for word, number, code, symbol, brace, plain in _TOKEN.findall(rtf):
        if brace == b"{":
            hidden.append(hidden[-1])
            unicode_skip.append(unicode_skip[-1])
        elif brace == b"}":
            if len(hidden) > 1:
                hidden.pop()
                unicode_skip.pop()
        elif symbol == b"*" or word in _HIDDEN or (word == b"htmlrtf" and number != b"0"):
            hidden[-1] = True
        elif word == b"htmlrtf":
            hidden[-1] = False
        elif word == b"ansicpg":
            code_page = "cp" + number.decode("ascii", "replace")
        elif word == b"uc":
            unicode_skip[-1] = min(int(number or b"1"), 8)
        elif hidden[-1]:
            continue
        elif word == b"u" and number:
            flush()
            pieces.append(chr(int(number) % 0x10000))
            skip = unicode_skip[-1]
        elif word in _CHARACTERS:
            flush()
            pieces.append(_CHARACTERS[word])
        elif code:
            if skip:
                skip -= 1
            else:
                pending.append(int(code, 16))
        elif symbol:
            pending.extend({b"~": b" ", b"_": b"-", b"-": b""}.get(symbol, symbol))
        elif plain:
            pending.extend(plain[skip:])
            skip = max(0, skip - len(plain))
    flush()
    return tidy("".join(pieces)).strip("\n")
