"""What several sides have in common and in what they differ, as rows of keys with a value per side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from app.errors import Invalid

T = TypeVar("T")

MIN_SIDES = 2
MAX_SIDES = 50


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """A key, its value on each side (None where it is absent), and whether they differ."""

    key: str
    values: list[T | None]
    differs: bool


def check_sides(count: int, distinct: int, field: str = "ids") -> None:
    """Refuse comparisons that make no sense.

    Raises:
        Invalid: not 2 to 50, or one stands twice.
    """
    if not MIN_SIDES <= count <= MAX_SIDES:
        message = f"There are {count} ids; {MIN_SIDES} to {MAX_SIDES} can be compared."
        raise Invalid(message, field=field)
    if distinct < count:
        raise Invalid("An id stands more than once; name each once.", field=field)


def rows(
    sides: Sequence[Mapping[str, T]], *, differences_only: bool, essence: Callable[[T], Any] = lambda value: value
) -> list[Row[T]]:
    """Every key of any side, by key. ``essence`` gives the part of a value in which it may differ from another."""
    compared = []
    for key in sorted(set().union(*sides)):
        values = [side.get(key) for side in sides]
        seen = {None if value is None else repr(essence(value)) for value in values}
        if len(seen) > 1 or not differences_only:
            compared.append(Row(key, values, len(seen) > 1))
    return compared


def signature(files: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
    """The columns of the uppermost MLmodel among the files, as ``inputs.name``, ``outputs.name`` and ``params.name``.

    ``files`` are paths with the facts of MLmodel files. Columns without a name are counted from 0.
    """
    facts = next((files[path] for path in sorted(files, key=lambda path: (path.count("/"), path)) if files[path]), None)
    described = facts.get("signature") if facts else None
    columns: dict[str, Any] = {}
    for part in ("inputs", "outputs", "params"):
        listed = described.get(part) if isinstance(described, Mapping) else None
        for position, column in enumerate(listed if isinstance(listed, list) else []):
            name = column.get("name") if isinstance(column, Mapping) else None
            columns[f"{part}.{name or position}"] = column
    return columns
