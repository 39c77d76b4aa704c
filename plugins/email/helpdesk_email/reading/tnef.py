"""TNEF (`winmail.dat`, Outlook's own wrapping, [MS-OXTNEF]): the files and the text inside.

Own reader: the libraries that exist are LGPL or unmaintained, and a gateway needs only this much of the format.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from .charsets import decode_text

SIGNATURE = b"\x78\x9f\x3e\x22"

_BODY = 0x800C
_MESSAGE_PROPERTIES = 0x9003
_ATTACH_RENDER = 0x9002
_ATTACH_TITLE = 0x8010
_ATTACH_DATA = 0x800F
_ATTACH_PROPERTIES = 0x9005
_CODE_PAGE = 0x9007

_P_BODY = 0x1000
_P_RTF = 0x1009
_P_HTML = 0x1013
_P_DATA = 0x3701
_P_LONG_NAME = 0x3707
_P_SHORT_NAME = 0x3704
_P_DISPLAY_NAME = 0x3001
_P_MIME = 0x370E
_P_CONTENT_ID = 0x3712

_FIXED = {0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset({0x0D, 0x1E, 0x1F, 0x102})
_MAX_FILES = 300
_MAX_VALUES = 10_000
_IID_LENGTH = 16
_RTF_LIMIT = 20_000_000


@dataclass(slots=True)
class TnefFile:
    """A file inside a TNEF stream; `content_type` may be empty."""

    name: str = ""
    content: bytes = b""
    content_type: str = ""
    content_id: str | None = None


@dataclass(slots=True)
class Tnef:
    """What a TNEF stream holds: plain text, HTML and RTF where present, and files."""

    text: str | None = None
    html: str | None = None
    rtf: bytes | None = None
    files: list[TnefFile] = field(default_factory=list)
    complete: bool = True


def read_tnef(data: bytes) -> Tnef | None:
    """Read a TNEF stream as far as it goes; None when it is no TNEF."""
    if not data.startswith(SIGNATURE) or len(data) < 6:
        return None
    found = Tnef()
    code_page = "cp1252"
    position = 6
    while position + 9 <= len(data):
        attribute, length = struct.unpack_from("<xHxxI", data, position)
        position += 9
        if length > len(data) - position:
            found.complete = False
            break
        value = data[position : position + length]
        position += length + 2
        if attribute == _CODE_PAGE and length >= 4:
            code_page = f"cp{struct.unpack_from('<I', value)[0]}"
        elif attribute == _BODY:
            found.text = decode_text(value.rstrip(b"\0"), code_page)
        elif attribute == _MESSAGE_PROPERTIES:
            _message(found, _properties(value), code_page)
        elif attribute == _ATTACH_RENDER and len(found.files) < _MAX_FILES:
            found.files.append(TnefFile())
        elif found.files and attribute == _ATTACH_TITLE:
            found.files[-1].name = decode_text(value.rstrip(b"\0"), code_page)
        elif found.files and attribute == _ATTACH_DATA:
            found.files[-1].content = value
        elif found.files and attribute == _ATTACH_PROPERTIES:
            _file(found.files[-1], _properties(value), code_page)
    return found


def _message(found: Tnef, properties: dict[int, tuple[int, bytes]], code_page: str) -> None:
    if _P_BODY in properties:
        found.text = _text(properties[_P_BODY], code_page)
    if _P_HTML in properties:
        kind, value = properties[_P_HTML]
        found.html = _text((kind, value), code_page) if kind == 0x1F else decode_text(value.rstrip(b"\0"), code_page)
    if _P_RTF in properties:
        found.rtf = decompress_rtf(properties[_P_RTF][1])


def _file(file: TnefFile, properties: dict[int, tuple[int, bytes]], code_page: str) -> None:
    for name in (_P_LONG_NAME, _P_DISPLAY_NAME, _P_SHORT_NAME):
        if name in properties and (written := _text(properties[name], code_page).strip()):
            file.name = written
            break
    if _P_DATA in properties and not file.content:
        kind, value = properties[_P_DATA]
        file.content = value[_IID_LENGTH:] if kind == 0x0D else value
    if _P_MIME in properties:
        file.content_type = _text(properties[_P_MIME], code_page).strip().lower()
    if _P_CONTENT_ID in properties:
        file.content_id = _text(properties[_P_CONTENT_ID], code_page).strip(" <>") or None


def _text(value: tuple[int, bytes], code_page: str) -> str:
    kind, data = value
    if kind == 0x1F:
        return decode_text(data.decode("utf-16-le", "replace").rstrip("\0").encode("utf-8", "replace"), "utf-8")
    return decode_text(data.rstrip(b"\0"), code_page)


def _properties(data: bytes) -> dict[int, tuple[int, bytes]]:
    """MAPI properties by id: type and the bytes of the (first) value. Stops where the stream makes no sense."""
    found: dict[int, tuple[int, bytes]] = {}
    try:
        (count,) = struct.unpack_from("<I", data)
        position = 4
        for _ in range(min(count, _MAX_VALUES)):
            kind, identifier = struct.unpack_from("<HH", data, position)
            position += 4
            if identifier >= 0x8000:
                position = _skip_name(data, position)
            multiple = bool(kind & 0x1000)
            kind &= 0x0FFF
            values = 1
            if multiple or kind in _VARIABLE:
                (values,) = struct.unpack_from("<I", data, position)
                position += 4
            for index in range(min(values, _MAX_VALUES)):
                size, padded, head = _size(data, position, kind)
                value = data[position + head : position + head + size]
                if index == 0:
                    found.setdefault(identifier, (kind, value))
                position += head + padded
    except (struct.error, KeyError):
        return found
    return found


def _size(data: bytes, position: int, kind: int) -> tuple[int, int, int]:
    """Size of a value, the same padded to four bytes, and the size of its length field."""
    if kind in _VARIABLE:
        (size,) = struct.unpack_from("<I", data, position)
        return size, size + (-size % 4), 4
    size = _FIXED[kind]
    return size, size + (-size % 4), 0


def _skip_name(data: bytes, position: int) -> int:
    position += 16
    (by_name,) = struct.unpack_from("<I", data, position)
    position += 4
    if not by_name:
        return position + 4
    (length,) = struct.unpack_from("<I", data, position)
    return int(position + 4 + length + (-length % 4))


_RTF_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def decompress_rtf(data: bytes) -> bytes | None:
    """Undo the compression of RTF bodies ([MS-OXRTFCP]); None when the bytes are something else."""
    if len(data) < 16:
        return None
    raw_size, magic = struct.unpack_from("<4xII", data)
    if magic == 0x414C454D:  # "MELA": not compressed
        return data[16 : 16 + raw_size]
    if magic != 0x75465A4C or raw_size > _RTF_LIMIT:
        return None
    window = bytearray(_RTF_DICTIONARY.ljust(4096, b" "))
    write = len(_RTF_DICTIONARY)
    result = bytearray()
    position = 16
    while position < len(data) and len(result) < raw_size:
        control = data[position]
        position += 1
        for bit in range(8):
            if control >> bit & 1:
                if position + 2 > len(data):
                    return bytes(result)
                reference = data[position] << 8 | data[position + 1]
                position += 2
                offset, length = reference >> 4, (reference & 15) + 2
                if offset == write:
                    return bytes(result)
                for step in range(length):
                    byte = window[(offset + step) % 4096]
                    result.append(byte)
                    window[write] = byte
                    write = (write + 1) % 4096
            elif position < len(data):
                result.append(data[position])
                window[write] = data[position]
                write = (write + 1) % 4096
                position += 1
    return bytes(result)
