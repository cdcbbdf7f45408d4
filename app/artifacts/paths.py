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
_OUTSIDE = "it must not be absolute, name a drive or scheme, or use backslashes"


class InvalidPath(Invalid):
    """The artifact path is not acceptable; ``leaves_root`` tells whether it means something outside of the root."""

    def __init__(self, message: str, *, field: str | None = "path", leaves_root: bool = False) -> None:
        super().__init__(message, field=field)
        self.leaves_root = leaves_root


def check(path: str, field: str = "path") -> str:
    """The path of a file or folder below an artifact root, normalised to NFC.

    Raises:
        InvalidPath: it is empty, absolute, leaves the root, or holds what no file name should.
    """
    text = unicodedata.normalize("NFC", path)
    reason = _objection(text)
    if reason:
        raise InvalidPath(
            f"Invalid path `{path[:120]!a}`: {reason}. A path is relative, like `model/weights.bin`.",
            field=field,
            leaves_root=_leaves_root(text) or _leaves_root(decoded(text)),
        )
    return text


def check_folder(path: str, field: str = "path") -> str:
    """Like :func:`check`, but the root itself (the empty path) is fine and slashes at the end are dropped.

    Raises:
        InvalidPath: as above.
    """
    stripped = path.rstrip("/")
    return check(stripped, field) if stripped else ""


def require_text(path: str, field: str = "path") -> None:
    """Refuse the name of a new file that holds what a decoder writes for bytes that it cannot read.

    Raises:
        InvalidPath: two such names could be one; older files that have one are found by it.
    """
    if "\ufffd" in path:
        raise InvalidPath(
            f"Invalid path `{path[:120]!a}`: it must be UTF-8, and must not hold U+FFFD, which stands for other bytes.",
            field=field,
        )


def plain(path: str) -> str:
    """A relative path without what means nothing: `a/b` for `./a//b/.`, and nothing at all for the root, `.`.

    For looking things up as a file system does. What is absolute or leads upwards stays, for :func:`check` to refuse.
    """
    if path.startswith("/"):
        return path
    return "/".join(part for part in path.split("/") if part not in {"", "."})


def _objection(text: str) -> str | None:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        return "it holds a lone surrogate"
    if not text or len(encoded) > MAX_BYTES:
        return f"it must have 1 to {MAX_BYTES} bytes, not {len(encoded)}"
    if any(len(part.encode()) > MAX_PART_BYTES for part in text.split("/")):
        return f"each part may have {MAX_PART_BYTES} bytes"
    # Clients and proxies decode more often than once; what would climb out after that is refused here already. Nothing
    # else is read into a percent sign: `dog%step%0%timestamp%1760000000000%8f.png` is the name of an image.
    return _objection_to_letters(text) or ("%" in text and _objection_to_decoded(decoded(text))) or None


def _objection_to_letters(text: str) -> str | None:
    if "\\" in text or text.startswith("/") or _ABSOLUTE.match(text):
        return _OUTSIDE
    if _CONTROL.search(text):
        return "it must not hold control characters"
    return _EMPTY_PARTS if any(part in {"", ".", ".."} for part in text.split("/")) else None


def _objection_to_decoded(text: str) -> str | None:
    parts = re.split(r"[/\\]", text)
    if parts[0] == "" or _ABSOLUTE.match(text):
        return f"{_OUTSIDE}, not even percent-encoded"
    return _EMPTY_PARTS if any(part in {".", ".."} for part in parts) else None


def _leaves_root(text: str) -> bool:
    parts = re.split(r"[/\\]", text)
    return bool(_ABSOLUTE.match(text)) or ".." in parts or (len(parts) > 1 and parts[0] == "")


def decoded(text: str) -> str:
    """The text without percent-encoding, however often it was applied; each round makes it shorter."""
    while (once := unquote(text)) != text:
        text = once
    return text
