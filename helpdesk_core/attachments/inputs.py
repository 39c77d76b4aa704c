"""What one gives to be attached."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it arrived; name and content type are the sender's word and are checked before they are believed."""

    name: str
    content: bytes
    content_type: str = "application/octet-stream"
    content_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that was checked and whose bytes are kept under their SHA-256, with no row yet; `size` is in bytes."""

    name: str
    content_type: str
    size: int
    sha256: str
    content_id: str | None = None
