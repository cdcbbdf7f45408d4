"""Header values that carry what users have typed."""

from __future__ import annotations

from urllib.parse import quote

UNESCAPED = "!#$&+-.^_`|~"


def attachment(filename: str) -> str:
    """``Content-Disposition`` that makes browsers save, never show, under this name (RFC 6266, RFC 8187).

    Only the last component of a path is used; control characters and separators cannot get out of the value.
    """
    name = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in name if letter.isprintable()) or "artifact"
    plain = "".join(letter if letter.isascii() and letter not in '"\\%;' else "_" for letter in name)
    extended = quote(name, safe=UNESCAPED, errors="replace")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{extended}"
