"""Patterns that choose files: `*.bin`, `logs`, `data/*/raw`."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from modelyard_client.text import normalized


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern means this file, or a folder that it is in.

    A pattern without a slash is compared with every single name of the path, one with slashes with the path from
    its beginning. `*` and `?` stand for slashes, too. It makes no difference whether accents are composed (Unicode).
    """
    patterns = [normalized(pattern) for pattern in patterns]
    parts = normalized(path).split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return any(
        any(fnmatchcase(text, pattern.rstrip("/")) for text in (above if "/" in pattern.rstrip("/") else parts))
        for pattern in patterns
    )
