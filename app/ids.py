"""Identifiers: sortable unique ids, random object keys, and the opaque ids of GraphQL."""

from __future__ import annotations

import binascii
import os
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

_MARKS = 0x7 << 76 | 0x2 << 62
"""Version and variant."""
_MAX_GLOBAL_ID = 1_600
"""Characters; the longest is that of an alias of 255 letters of four bytes each."""
_FREE_BITS = (1 << 80) - 1 & ~(0xF << 76) & ~(0x3 << 62)


def uuid7() -> UUID:
    """A UUID that grows with time (RFC 9562 §5.7), so that indexes are appended to instead of torn apart."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    return UUID(int=milliseconds << 80 | random & _FREE_BITS | _MARKS)


def object_key(project_id: int) -> str:
    """A key for bytes in the store: random, never used twice, with nothing in it that a client chose."""
    random = secrets.token_hex(18)
    return f"v1/{project_id}/{random[:2]}/{random[2:]}"


@dataclass(frozen=True, slots=True)
class GlobalId:
    """What a GraphQL ``ID`` means: a type, and the key of the thing within it (project first)."""

    type_name: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return urlsafe_b64encode(":".join((self.type_name, *self.parts)).encode()).decode().rstrip("=")

    @classmethod
    def of(cls, type_name: str, *parts: int | str | UUID) -> GlobalId:
        return cls(type_name, tuple(part.hex if isinstance(part, UUID) else str(part) for part in parts))

    @classmethod
    def parse(cls, text: str) -> GlobalId | None:
        """The id behind the text, or None when it is not one of ours."""
        if len(text) > _MAX_GLOBAL_ID:
            return None
        try:
            plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        except (binascii.Error, ValueError):
            return None
        type_name, *parts = plain.split(":")
        return cls(type_name, tuple(parts)) if type_name and parts else None
