"""Where the paths and links of a tar archive lead once it is unpacked.

The rule: PEP 706. A link may lead anywhere inside of the folder that the archive is unpacked to; links that lead
through other links of the archive are followed as the system would.
"""

from __future__ import annotations

from collections import deque

MOST_HOPS = 40
"""Links that are followed on one path; Linux follows as many."""


class Tree:
    """The links of an archive so far."""

    def __init__(self) -> None:
        self._links: dict[str, str] = {}

    def leaves(self, path: str) -> bool:
        """Whether writing to this path would leave the folder."""
        return self._resolved(path, []) is None

    def add_symbolic(self, path: str, target: str) -> bool:
        """Add a link whose target counts from where it stands; whether it leads out."""
        name = _parts(path)[-1:]
        folder = self._resolved(_folder(path), [])
        if folder is None or name in ([], [".."]):
            return True  # a link under the name of a folder that others are in
        self._links["/".join([*folder, *name])] = target
        return self._resolved(target, folder) is None

    def add_hard(self, path: str, target: str) -> bool:
        """Add a link whose target counts from the top; whether it leads out.

        A hard link to a symbolic one is that link under another path, from where it may lead out.
        """
        if self.leaves(target):
            return True
        folder = self._resolved(_folder(target), [])
        aliased = self._links.get("/".join([*(folder or []), *_parts(target)[-1:]]))
        return aliased is not None and self.add_symbolic(path, aliased)

    def leading_out(self) -> str | None:
        """A link that leads out now that all others are in place, too."""
        return next((path for path in self._links if self.leaves(path)), None)

    def _resolved(self, path: str, start: list[str]) -> list[str] | None:
        """The path with all links followed, None when it leaves the folder or never ends."""
        if is_absolute(path):
            return None
        at, pending, hops = list(start), deque(_parts(path)), 0
        while pending:
            part = pending.popleft()
            if part == "..":
                if not at:
                    return None
                at.pop()
                continue
            target = self._links.get("/".join([*at, part])) if self._links else None
            if target is None:
                at.append(part)
                continue
            hops += 1
            if hops > MOST_HOPS or is_absolute(target):
                return None
            pending.extendleft(reversed(_parts(target)))
        return at


def is_absolute(path: str) -> bool:
    """Whether it begins at the top of a file system or drive, on any system."""
    plain = path.replace("\\", "/")
    return plain.startswith("/") or (plain[:1].isalpha() and plain[1:3] == ":/") or "\0" in path


def climbs(path: str) -> bool:
    """Whether a path leaves the folder that it counts from; links are not looked at."""
    return Tree().leaves(path)


def _parts(path: str) -> list[str]:
    return [part for part in path.replace("\\", "/").split("/") if part not in {"", "."}]


def _folder(path: str) -> str:
    return "/".join(_parts(path)[:-1])
