"""NumPy's own files: one array behind a short header.

The format: ``numpy.lib.format`` (NEP 1). The header is a Python literal; it is read as one, never evaluated.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from enum import IntEnum
from math import prod
from typing import Any

from app.inspection.pickles.dissection import LETTER_SIZES, PLAIN_DTYPE, SIZED_DTYPE
from app.inspection.reports import JsonValue, Malformed, shown
from app.inspection.source import Stream

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 1024 * 1024
"""Bytes; a structure of 10,000 fields needs some 300 KiB."""
OTHER_DTYPE = re.compile(r"[<>=|]?[A-NP-SU-Za-np-su-z]\d{1,3}")
"""A letter for a type, which is not O or T, and a number of bytes."""


class TooShort(Malformed):
    """The data is shorter than the header says."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the bytes of an array."""

    version: str
    dtype: str
    shape: tuple[int, ...]
    fortran: bool
    objects: bool
    """The array is a pickle."""
    item_size: int | None
    """Bytes; None for structures."""
    unknown: bool = False
    """The type is none that is known here: of numbers, as far as its name tells, which NumPy itself need not know."""

    def facts(self) -> dict[str, JsonValue]:
        """What the report tells of the array."""
        return {
            "version": self.version,
            "dtype": shown(self.dtype, 200),
            "shape": [*self.shape],
            "fortranOrder": self.fortran,
            "objects": self.objects,
        }


def header(stream: Stream) -> Header:
    """Read the header; the stream then stands at the data.

    Raises:
        Malformed: it is none.
    """
    head = stream.take(8)
    if not head.startswith(MAGIC):
        raise Malformed(f"A NumPy array begins with {MAGIC!r}, not with {head[:6]!r}.")
    if head[6] not in {1, 2, 3}:
        raise Malformed(f"The NumPy format {head[6]}.{head[7]} is not known.")
    length = int.from_bytes(stream.take(2 if head[6] == 1 else 4), "little")
    if length > LONGEST_HEADER:
        raise Malformed(f"The NumPy header claims {length:,} bytes; at most {LONGEST_HEADER:,} are read.")
    return _header(f"{head[6]}.{head[7]}", _literal(stream.take(length)))


def _literal(raw: bytes) -> dict[str, Any]:
    try:
        read = ast.literal_eval(raw.decode("utf-8" if raw.isascii() else "latin-1").strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise Malformed("The NumPy header is no literal.") from None
    if not isinstance(read, dict) or set(read) != {"descr", "fortran_order", "shape"}:
        raise Malformed("The NumPy header must have descr, fortran_order and shape.")
    return read


def _header(version: str, read: dict[str, Any]) -> Header:
    shape, descr = read["shape"], read["descr"]
    if not isinstance(shape, tuple) or not all(type(side) is int and 0 <= side < 2**63 for side in shape):
        raise Malformed(f"The shape of the NumPy array is {shown(repr(shape), 100)}.")
    if len(shape) > 64:
        raise Malformed(f"The NumPy array has {len(shape):,} dimensions.")
    text = descr if isinstance(descr, str) else repr(descr)
    items = _items(descr)
    return Header(
        version,
        text,
        shape,
        bool(read["fortran_order"]),
        items is Items.OBJECTS,
        _size(descr),
        items is Items.UNKNOWN,
    )


class Items(IntEnum):
    """What an array is made of; the worst of its parts."""

    NUMBERS = 0
    UNKNOWN = 1
    OBJECTS = 2
    """It may be stored as a pickle."""


def _items(descr: Any) -> Items:
    """`object`, `4O` and `i4,O` are objects to NumPy, and `T` is texts of any length, which it pickles.

    Structures are lists of name, dtype and perhaps shape (numpy.lib.format: ``descr_to_dtype``). Every name of NumPy
    for objects has an O; what has none, such as ``<W4`` of ml_dtypes, can be no pickle.
    """
    if isinstance(descr, str):
        if PLAIN_DTYPE.fullmatch(descr.split("[", 1)[0]) or SIZED_DTYPE.fullmatch(descr):
            return Items.NUMBERS
        return Items.UNKNOWN if OTHER_DTYPE.fullmatch(descr) else Items.OBJECTS
    if isinstance(descr, tuple):
        return _items(descr[0]) if len(descr) == 2 else Items.OBJECTS
    if isinstance(descr, list) and all(isinstance(one, tuple) and len(one) in {2, 3} for one in descr):
        return max((_items(one[1]) for one in descr), default=Items.NUMBERS)
    return Items.OBJECTS


def _size(descr: Any) -> int | None:
    if not isinstance(descr, str):
        return None
    plain = PLAIN_DTYPE.fullmatch(descr.split("[", 1)[0])
    if plain:
        return LETTER_SIZES[plain[1]] if plain[1] else int(plain[3])
    letter, count = descr.lstrip("<>=|")[:1], descr.lstrip("<>=|")[1:]
    if letter and letter in "SUVa" and count.isdigit() and len(count) < 10:
        return int(count) * (4 if letter == "U" else 1)
    return None


def check_size(header: Header, left: int) -> None:
    """The data that follows is as long as the header says; ``left`` in bytes.

    Raises:
        TooShort: it is not.
    """
    if header.objects or header.unknown or header.item_size is None:
        return
    needed = prod(header.shape) * header.item_size
    if left < needed:
        raise TooShort(
            f"The NumPy array is {header.dtype} of shape {shown(str(header.shape), 100)}, which takes {needed:,} bytes,"
            f" but {left:,} follow."
        )
