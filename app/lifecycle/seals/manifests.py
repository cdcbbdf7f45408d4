"""Manifests: every file of a version with path, size, SHA-256 and media type, as one text with one digest.

The text is JSON in canonical form (RFC 8785): UTF-8, keys sorted, no blanks. Files are sorted by path in byte order,
and paths begin at the version's folder. Where the files are kept elsewhere there are none here, but the address. The
digest is the SHA-256 of this text, so ``sha256sum`` of it says the same as the service::

    {"files":[{"mediaType":"text/plain","path":"MLmodel","sha256":"9f86d0…","size":812}],"format":"modelyard-manifest/1"}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from app.artifacts.reads import manifest
from app.artifacts.reads.manifest import Entry
from app.db.database import Snapshot
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion

__all__ = ["Entry", "Manifest", "of_version"]

FORMAT = "modelyard-manifest/1"
"""Names these rules; others will get another name."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a version at one moment; ``location`` is where they are kept, if that is not here."""

    entries: Sequence[Entry]
    location: str = ""

    @property
    def document(self) -> str:
        """The text that the digest is of."""
        files = [
            {"mediaType": one.media_type, "path": one.path, "sha256": one.sha256.hex(), "size": one.size}
            for one in self.entries
        ]
        value = {"files": files, "format": FORMAT} | ({"location": self.location} if self.location else {})
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the text, 32 bytes."""
        return hashlib.sha256(self.document.encode()).digest()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.entries)


async def of_version(snap: Snapshot, version: ModelVersion) -> Manifest:
    """Read step: what the version consists of now; of a sealed one, what it consisted of when it was sealed."""
    if version.location:
        return Manifest([], version.location)
    root, folder = lookup.root_of(version)
    return Manifest(await manifest.entries(snap, root, folder))


def path_below(folder: str, path: str) -> str:
    """A path of the candidate as manifests have it; a folder that is a file itself has that one by its name."""
    if path == folder:
        return path.rpartition("/")[2]
    return path.removeprefix(f"{folder}/") if folder else path


def shown_digest(digest: bytes) -> str:
    """The digest as users see it: ``sha256:`` and 64 hexadecimal digits."""
    return f"sha256:{digest.hex()}"
