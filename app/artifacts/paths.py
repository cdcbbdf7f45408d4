"""The one rule for artifact paths, applied once, to the decoded value."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

from app.errors import Invalid

MAX_BYTES = 1024
MAX_PART_BYTES = 255
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f]")
"""Control characters, and what turns the direction of writing."""
_ABSOLUTE = re.compile(r"[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*:/")
_EMPTY_PARTS = "it must not hold empty, `.` or `..` parts, not even percent-encoded"


class InvalidPath(Invalid):
    """The artifact path is not acceptable."""


def check(path: str, field: str = "path") -> str:
    """The path of a file or folder below an artifact root, normalised to NFC.

    Raises:
        InvalidPath: it is empty, absolute, leaves the root, or holds what no file name should.
    """
    text = unicodedata.normalize("NFC", path)
    reason = _objection(text)
    if reason:
        raise InvalidPath(
            f"Invalid path `{path[:120]!a}`: {reason}. A path is relative, like `model/weights.bin`.", field=field
        )
    return text


def check_folder(path: str, field: str = "path") -> str:
    """Like :func:`check`, but the root itself (the empty path) is fine and slashes at the end are dropped.

    Raises:
        InvalidPath: as above.
    """
    stripped = path.rstrip("/")
    return check(stripped, field) if stripped else ""


def _objection(text: str) -> str | None:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        return "it holds a lone surrogate"
    if not text or len(encoded) > MAX_BYTES:
        return f"it must have 1 to {MAX_BYTES} bytes, not {len(encoded)}"
    if any(len(part.encode()) > MAX_PART_BYTES for part in text.split("/")):
        return f"each part may have {MAX_PART_BYTES} bytes"
    if any(part in {"", ".", ".."} for part in text.split("/")[1:]) or text in {".", ".."}:
        return _EMPTY_PARTS
    # Clients and proxies decode more often than once; what would climb out after that is refused here already.
    return _objection_to_letters(text) or ("%" in text and _objection_to_letters(decoded(text))) or None


def _objection_to_letters(text: str) -> str | None:
    if "\\" in text or text.startswith("/") or _ABSOLUTE.match(text):
        return "it must not be absolute, name a drive or scheme, or use backslashes"
    if _CONTROL.search(text):
        return "it must not hold control characters"
    if any(part in {".", ".."} for part in text.split("/")):
        return _EMPTY_PARTS
    return None


def decoded(text: str) -> str:
    """The text without percent-encoding, however often it was applied; each round makes it shorter."""
    while (once := unquote(text)) != text:
        text = once
    return text
