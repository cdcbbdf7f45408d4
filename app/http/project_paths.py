"""Addresses of projects, `<prefix>/<id or full path>/…`: the full path as one segment, whose slashes are encoded.

A full path may also stand there with plain slashes, as users paste it into a tracking URI: it has two segments at
least, none of which alone is a project, and it ends where calls of an edge begin. Only a path that itself holds such a
beginning has to be written with `%2F`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote_to_bytes


class ProjectPaths:
    """Reads addresses of projects: servers decode `group%2Fproject` before routing; this encodes that segment again.

    Routes then see it as one parameter, which ``urllib.parse.unquote`` turns into the full path.
    """

    def __init__(self, prefix: str, tails: Iterable[str]) -> None:
        """``tails`` are those of :class:`app.http.edge.ProjectRoutes`."""
        self._prefix, self._raw_prefix = prefix, prefix.encode()
        pattern = rf"(?P<project>[^/]+(?:/[^/]+)+?)(?=/(?:{'|'.join(tails)})\Z)"
        self._plain = re.compile(pattern.encode(), re.DOTALL)

    def normalized(self, raw_path: bytes) -> str | None:
        """The decoded path, but for the segment of the project; None if the path names no project."""
        if not raw_path.startswith(self._raw_prefix):
            return None
        segment, slash, rest = self._split(raw_path[len(self._raw_prefix) :].partition(b"?")[0])
        project = unquote_to_bytes(segment).decode(errors="replace")
        tail = unquote_to_bytes(rest).decode(errors="replace")
        return self._prefix + quote(project, safe="") + slash.decode() + tail

    def _split(self, path: bytes) -> tuple[bytes, bytes, bytes]:
        """The project, a slash, and what follows."""
        first, slash, rest = path.partition(b"/")
        if first.isdigit() or b"%2f" in first.lower():
            return first, slash, rest
        match = self._plain.match(path)
        if match is None:
            return first, slash, rest
        return match["project"], b"/", path[match.end() + 1 :]
