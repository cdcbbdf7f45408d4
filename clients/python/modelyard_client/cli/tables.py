"""Tables for people: columns as wide as what is in them, by what a terminal makes of each letter, cut to its width."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Sequence

from modelyard_client.text import legible

_GAP = "  "
_NARROWEST = 6
"""Columns of a terminal below which no column of a table is cut."""


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], columns: int | None = None) -> str:
    """Rows below headings; texts of several rows are joined. ``columns`` is the width; the terminal's by default."""
    cells = [list(headings), *([_single(cell) for cell in row] for row in rows)]
    widths = [max(width(row[index]) for row in cells) for index in range(len(headings))]
    _fit(widths, _columns() if columns is None else columns)
    return "\n".join(_row(row, widths) for row in cells)


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """One fact a row, names in a column; rows without a value are left out. Texts keep their rows, indented."""
    there = [(name, value) for name, value in pairs if value]
    indent = max((width(name) for name, _ in there), default=0) + len(_GAP)
    return "\n".join(
        f"{name}{' ' * (indent - width(name))}{legible(value).replace(chr(10), chr(10) + ' ' * indent)}"
        for name, value in there
    )


def width(text: str) -> int:
    """The columns that a terminal needs: two for wide letters of East Asia and emoji, none for combining marks."""
    return sum(_letter_width(letter) for letter in text)


def cut(text: str, columns: int) -> str:
    """The text in at most so many columns, with an ellipsis where something is missing."""
    if width(text) <= columns:
        return text
    kept, used = [], 1
    for letter in text:
        used += _letter_width(letter)
        if used > columns:
            break
        kept.append(letter)
    return "".join(kept) + "…"


def _letter_width(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def _single(text: str) -> str:
    return legible(" ".join(text.split()))


def _fit(widths: list[int], columns: int) -> None:
    """Take from the widest columns until all fit."""
    room = columns - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _NARROWEST:
        widest = widths.index(max(widths))
        others = max((other for index, other in enumerate(widths) if index != widest), default=0)
        widths[widest] -= min(sum(widths) - room, max(widths[widest] - max(others, _NARROWEST), 1))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = [cut(cell, columns) for cell, columns in zip(cells, widths)]
    padded = [f"{text}{' ' * (columns - width(text))}" for text, columns in zip(shown, widths)]
    return _GAP.join(padded).rstrip()


def _columns() -> int:
    """Of the terminal; a file or another program gets all."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 1_000_000
