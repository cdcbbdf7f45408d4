"""Reading the opaque ids that clients hand back. Garbage and ids of another type mean nothing, never an error."""

from __future__ import annotations

from uuid import UUID

import strawberry

from app.errors import NotFound
from app.ids import GlobalId

_MAX_INTEGER = 2**63 - 1


def of(type_name: str, *parts: int | str | UUID) -> strawberry.ID:
    """The id of a thing: its type, then its key within that type, project first."""
    return strawberry.ID(str(GlobalId.of(type_name, *parts)))


def integer(id: str, type_name: str) -> int | None:
    """The key behind an id of one integer."""
    key_parts = parts(id, type_name, 1)
    return as_integer(key_parts[0]) if key_parts else None


def uuid(id: str, type_name: str) -> UUID | None:
    """The key behind an id of one UUID."""
    key_parts = parts(id, type_name, 1)
    return as_uuid(key_parts[0]) if key_parts else None


def pair(id: str, type_name: str) -> tuple[int, int] | None:
    """Project and number behind an id."""
    key_parts = parts(id, type_name, 2)
    keys = (as_integer(key_parts[0]), as_integer(key_parts[1])) if key_parts else (None, None)
    return (keys[0], keys[1]) if keys[0] is not None and keys[1] is not None else None


def in_project(id: str, type_name: str) -> tuple[int, UUID] | None:
    """Project and UUID behind an id."""
    key_parts = parts(id, type_name, 2)
    keys = (as_integer(key_parts[0]), as_uuid(key_parts[1])) if key_parts else (None, None)
    return (keys[0], keys[1]) if keys[0] is not None and keys[1] is not None else None


def missing(what: str, id: str, field: str) -> NotFound:
    """The error for an id that means nothing."""
    return NotFound(f"There is no {what} with the id `{id[:80]}`, or you may not see it.", field=field)


def as_integer(text: str) -> int | None:
    """The number that a text writes in ASCII digits; None for other texts and numbers beyond 64 bits."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    number = int(text)
    return number if number <= _MAX_INTEGER else None


def as_uuid(text: str) -> UUID | None:
    """A UUID in either spelling, with or without hyphens."""
    try:
        return UUID(text) if len(text) in {32, 36} else None
    except ValueError:
        return None


def parts(id: str, type_name: str, count: int) -> tuple[str, ...] | None:
    """The parts of the key behind an id, if it is of that type and has so many."""
    parsed = GlobalId.parse(id)
    if parsed is None or parsed.type_name != type_name or len(parsed.parts) != count:
        return None
    return parsed.parts
