"""Bytes to text that never fails: the declared charset, its superset, UTF-8, detection, and at last Windows-1252."""

from __future__ import annotations

import re
import unicodedata
from codecs import getincrementaldecoder

import cchardet

# A label as mails write it (lower case, without separators) and the codecs to try, best first. Supersets come in
# place of what is declared: bytes outside the declared set are what the sender's program really meant.
_SUPERSETS: dict[str, tuple[str, ...]] = {
    "gb2312": ("gb18030",),
    "gb231280": ("gb18030",),
    "euccn": ("gb18030",),
    "gbk": ("gb18030",),
    "cp936": ("gb18030",),
    "hzgb2312": ("hz", "gb18030"),
    "big5": ("cp950", "big5hkscs"),
    "xxbig5": ("cp950", "big5hkscs"),
    "iso88591": ("cp1252", "latin-1"),
    "latin1": ("cp1252", "latin-1"),
    "iso8859": ("cp1252", "latin-1"),
    "isolatin1": ("cp1252", "latin-1"),
    "l1": ("cp1252", "latin-1"),
    "cp1252": ("cp1252", "latin-1"),
    "windows1252": ("cp1252", "latin-1"),
    "western": ("cp1252", "latin-1"),
    "iso88599": ("cp1254", "iso8859-9"),
    "iso885911": ("cp874", "iso8859-11"),
    "tis620": ("cp874",),
    "windows874": ("cp874",),
    "iso88598i": ("iso8859-8", "cp1255"),
    "iso88598e": ("iso8859-8", "cp1255"),
    "ksc5601": ("cp949",),
    "ksc56011987": ("cp949",),
    "ksc56011989": ("cp949",),
    "euckr": ("cp949",),
    "windows949": ("cp949",),
    "korean": ("cp949",),
    "shiftjis": ("cp932", "shift_jis_2004"),
    "sjis": ("cp932", "shift_jis_2004"),
    "xsjis": ("cp932", "shift_jis_2004"),
    "windows31j": ("cp932", "shift_jis_2004"),
    "mskanji": ("cp932", "shift_jis_2004"),
    "eucjp": ("euc_jp", "eucjp_ms", "euc_jis_2004"),
    "xeucjp": ("euc_jp", "euc_jis_2004"),
    "koi8": ("koi8-r",),
    "koi8ru": ("koi8-u",),
    "unicode11utf8": ("utf-8",),
    "unicode11utf7": ("utf-7",),
    "utf8mb4": ("utf-8",),
    "unicode": ("utf-16",),
    "macintosh": ("mac-roman",),
    "xmacroman": ("mac-roman",),
    "xmaccyrillic": ("mac-cyrillic",),
    "cp1251koi8r": ("cp1251",),
    "win1250": ("cp1250",),
    "win1251": ("cp1251",),
    "xcp1251": ("cp1251",),
    "xcp1252": ("cp1252", "latin-1"),
    "xuserdefined": (),
    "visual": ("iso8859-8",),
    "ibm850": ("cp850",),
}
_NO_CHARSET = frozenset(
    {"", "unknown", "unknown8bit", "xunknown", "default", "defaultcharset", "binary", "8bit", "7bit", "none", "charset"}
)
_ASCII = frozenset({"ascii", "usascii", "ansix341968", "iso646us", "us"})
_CYRILLIC = frozenset(
    {"koi8-r", "koi8-u", "cp1251", "windows-1251", "mac-cyrillic", "x-mac-cyrillic", "ibm855", "ibm866", "iso-8859-5"}
)
_WESTERN = frozenset({"cp1252", "latin-1"})
_RUSSIAN = frozenset({"koi8-r", "koi8-u", "cp1251", "windows-1251"})
# Codecs of Python that are no charsets of mails; some of them take quadratic time.
_NOT_CHARSETS = frozenset(
    {"idna", "punycode", "undefined", "unicodeescape", "rawunicodeescape", "charmap", "mbcs", "oem", "palmos"}
)
_MAX_LABEL = 60
DETECT_BYTES = 20_000
_LONG = 1000
_PIECES = re.compile(r"[\x00-\x7f]*[^\x00-\x7f]{0,500}", re.DOTALL)
_SURROGATES = re.compile("[\ud800-\udfff]")
_IS_CYRILLIC = re.compile("[\u0400-\u04ff]")
_JIS_ESCAPE = re.compile(rb"\x1b(\$[@B]|\$\([DOPQ]|\([BJIH])")


def decode_text(data: bytes, declared: str | None = None) -> str:
    """Decode the bytes of a text, whatever they are.

    `declared` is the charset label the mail gives, as written. The order: the superset of the declared charset, the
    declared charset, strict UTF-8, detection, Windows-1252 with replacement. The result is NFC, without NUL and
    lone surrogates.
    """
    return tidy(_decode(data, declared))


def decode_undeclared(data: bytes, hint: str | None = None) -> str:
    """Decode bytes that no label belongs to, such as raw bytes in a header.

    What is UTF-8, be it with a little damage, is UTF-8; else `hint` goes before detection: the charset of other text in
    the same mail.
    """
    if not data.isascii() and (text := _strict(data, "utf-8") or _mostly_utf8(data, always_right=0)) is not None:
        return tidy(text)
    return decode_text(data, hint)


def is_utf8(data: bytes) -> bool:
    """Whether all of it is UTF-8, as ASCII is; the last letter may have been cut off."""
    try:
        getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def says_charset(label: str) -> bool:
    """Whether a label names a charset with more than ASCII in it."""
    return bool(_candidates(label))


def likely_charset(data: bytes) -> str | None:
    """The codec that bytes without a label are in, as far as they tell; UTF-8 is not asked for here."""
    # Only what is not ASCII tells charsets apart: long English around one Russian word must not hide it.
    found = cchardet.detect(data[:DETECT_BYTES])
    codecs = _candidates(found.get("encoding") or "") if (found.get("confidence") or 0) >= 0.5 else ()
    if (not codecs or codecs[0] in _CYRILLIC) and (codec := _cyrillic(data)) is not None:
        return codec
    if codecs == ("koi8-r",):
        return "koi8-u"  # the same letters and the Ukrainian ones, which koi8-r has lines of tables for
    return next((codec for codec in codecs if _strict(data, codec) is not None), None)


def tidy(text: str) -> str:
    """Unicode NFC without NUL and without lone surrogates, so that any database can store it."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    text = text.replace("\0", "").replace("\ufeff", "")
    text = _SURROGATES.sub("\ufffd", text)
    if len(text) < _LONG:
        return unicodedata.normalize("NFC", text)
    # Sorting accents takes quadratic time, so a hostile heap of them is cut; a letter stays with its accents.
    return "".join(unicodedata.normalize("NFC", piece) for piece in _PIECES.findall(text))


def _decode(data: bytes, declared: str | None) -> str:
    if not declared and data.isascii() and b"\x1b" not in data:
        return data.decode("ascii")
    codecs = _candidates(declared or "")
    if data.isascii() and not codecs and b"\x1b" not in data:
        return data.decode("ascii")
    if (text := _utf8_instead_of(codecs, data)) is not None:
        return text
    for codec in codecs:
        if codec == "iso2022_jp":
            return _iso_2022_jp(data)
        if (text := _strict(data, codec)) is not None:
            return text
        if codec == "utf-8":
            if (text := _mostly_utf8(data)) is not None:
                return text
        elif codec not in _WESTERN and (text := _mostly(data, codec)) is not None:
            return text
    return _guess(data)


def _utf8_instead_of(declared: tuple[str, ...], data: bytes) -> str | None:
    """Decode UTF-8 that calls itself Latin-1 or Russian, which is common; None for what is as it says.

    Latin-1 that happens to be valid UTF-8 does not occur in practice, nor does Russian that reads as Cyrillic in UTF-8.
    Short words read as something else: "Ні" of windows-1251 is a Greek letter.
    """
    if not (_WESTERN | _RUSSIAN).issuperset(declared) or (text := _strict(data, "utf-8")) is None:
        return None
    return text if _WESTERN.issuperset(declared) or _IS_CYRILLIC.search(text) else None


def _candidates(label: str) -> tuple[str, ...]:
    """The Python codecs to try for a charset label, best first; empty when the label says nothing."""
    label = label[:_MAX_LABEL].strip(" \t\"'<>;,=").lower()
    label = label.removeprefix("charset=").removeprefix('"').split("*")[0].split(";")[0].strip()
    key = re.sub(r"[^a-z0-9]", "", label)
    if key in _NO_CHARSET or key in _ASCII or key in _NOT_CHARSETS:
        return ()
    if key in _SUPERSETS:
        return _SUPERSETS[key]
    if key.startswith("utf8"):
        return ("utf-8",)
    if key.startswith("iso2022jp") or key in {"jis", "csiso2022jp", "cp50220", "cp50221"}:
        return ("iso2022_jp",)
    for codec in (label, re.sub(r"[^a-z0-9_-]", "", label), key):
        try:
            "".encode(codec)
        except (LookupError, ValueError):
            continue
        return (codec,)
    if (numbered := re.fullmatch(r"(?:x?cp|win|windows|xwindows|ansi|dos|ibm|x)?(\d{3,4})", key)) is not None:
        return _candidates("cp" + numbered[1]) if key != "cp" + numbered[1] else ()
    return ()


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (LookupError, ValueError):
        return None


def _mostly(data: bytes, codec: str) -> str | None:
    """Decode with the declared charset in spite of a few wrong bytes."""
    try:
        text = data.decode(codec, "replace")
    except (LookupError, ValueError):
        return None
    wrong = text.count("\ufffd")
    return text if wrong * 20 <= sum(1 for char in text[:100_000] if char > "\x7f") else None


def _mostly_utf8(data: bytes, always_right: int = 2) -> str | None:
    """Decode UTF-8 with a few wrong bytes, reading those as Windows-1252; None when most of it is something else.

    A fifth may be wrong, and `always_right` bytes in any case.
    """
    text = data.decode("utf-8", "surrogateescape")
    wrong = len(_SURROGATES.findall(text))
    right = sum(1 for char in text[:100_000] if char > "\x7f" and not "\ud800" <= char <= "\udfff")
    if wrong > max(always_right, right // 4) or (wrong and not right):
        return None
    return _SURROGATES.sub(lambda hit: bytes([ord(hit[0]) - 0xDC00]).decode("cp1252", "replace"), text)


def _guess(data: bytes) -> str:
    if b"\x1b$" in data or b"\x1b(J" in data:
        return _iso_2022_jp(data)
    if (text := _strict(data, "utf-8")) is not None:
        return text
    if (text := _mostly_utf8(data)) is not None:
        return text
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") and (text := _strict(data, "utf-16")) is not None:
        return text
    return data.decode(likely_charset(data) or "cp1252", "replace")


def _cyrillic(data: bytes) -> str | None:
    """The codec of a short Russian text: nearly every byte above ASCII stands in a run like a Russian word."""
    high = [byte for byte in data[:DETECT_BYTES] if byte > 0x7F]
    runs = re.findall(rb"[\xc0-\xff]{3,}", data[:DETECT_BYTES])
    if not high or sum(map(len, runs)) * 10 < len(high) * 8:
        return None
    return max(("koi8-u", "cp1251"), key=lambda codec: _russian_score(data.decode(codec, "replace")))


def _russian_score(text: str) -> int:
    """How Russian a text looks: frequent letters speak for it, a capital after a small letter against it."""
    score = 0
    before = " "
    for char in text:
        if char > "\x7f":
            score += 2 if char.lower() in "оеаинтсрвл" else 1 if char.isalpha() else 0
            score -= 3 if before.islower() and char.isupper() else 0
        before = char
    return score


def _iso_2022_jp(data: bytes) -> str:
    """ISO-2022-JP with the vendor characters that Python's codec refuses (circled digits and the like)."""
    if (text := _strict(data, "iso2022_jp_ext")) is not None:
        return text
    pieces = _JIS_ESCAPE.split(data)
    result = [_single_byte(pieces[0])]
    for escape, chunk in zip(pieces[1::2], pieces[2::2], strict=False):
        if escape.startswith(b"$"):
            plain = chunk.translate(None, b"\r\n") if len(chunk) % 2 else chunk
            euc = bytes(byte | 0x80 if 0x21 <= byte <= 0x7E else byte for byte in plain)
            result.append(_from_euc(euc))
        elif escape == b"(I":
            result.append(bytes(byte | 0x80 for byte in chunk).decode("cp932", "replace"))
        else:
            result.append(_single_byte(chunk))
    return "".join(result)


def _single_byte(chunk: bytes) -> str:
    return chunk.decode("ascii") if chunk.isascii() else chunk.decode("cp932", "replace")


def _from_euc(euc: bytes) -> str:
    text = _strict(euc, "euc_jp")
    return text if text is not None else euc.decode("euc_jis_2004", "replace")
