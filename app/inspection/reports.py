"""What comes of an inspection."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Literal, TypeAlias, TypedDict, cast, get_args

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"
Verdict: TypeAlias = Literal["safe", "suspicious", "dangerous", "unreadable"]


class Outcome(StrEnum):
    """What becomes of the artifact."""

    READY = "ready"
    FAILED = "failed"
    QUARANTINED = "quarantined"


class ScanJson(TypedDict):
    """:class:`Scan` as it is stored."""

    verdict: Verdict
    imports: list[str]
    findings: list[str]
    scanners: list[str]


class ReportJson(TypedDict):
    """:class:`Report` as it is stored."""

    outcome: str
    reason: str | None
    format: str | None
    facts: dict[str, JsonValue]
    scan: ScanJson | None


@dataclass(frozen=True, slots=True)
class Scan:
    """What loading the file would run, as far as can be told without loading it."""

    verdict: Verdict
    imports: list[str]
    """``module.name`` of everything that loading imports, sorted; at most ``Limits.listed``."""
    findings: list[str]
    """Sentences for people; at most ``Limits.listed``."""
    scanners: list[str]
    """Who looked, with their versions."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a file says of itself, and whether it may be handed out."""

    outcome: Outcome = Outcome.READY
    reason: str | None = None
    """Why it failed or is quarantined, in words for people."""
    format: str | None = None
    facts: dict[str, JsonValue] = field(default_factory=dict)
    scan: Scan | None = None
    """None when there is nothing in the file that a scanner looks at."""
    is_final: bool = True
    """False: the bytes alone do not explain it, so another inspection may find something else."""

    def to_json(self) -> bytes:
        """The report as one line of ASCII."""
        return json.dumps(asdict(self), ensure_ascii=True, allow_nan=False).encode()

    @staticmethod
    def from_json(text: bytes) -> Report:
        """The reverse of ``to_json``, for text of a process that a hostile file may have taken over.

        Raises:
            ValueError, KeyError, TypeError, RecursionError: it is no report, or holds what cannot be stored.
        """
        read = cast("ReportJson", json.loads(text, parse_constant=_no_number))
        _check(read)
        scan = read["scan"]
        return Report(
            Outcome(read["outcome"]),
            read["reason"],
            read["format"],
            read["facts"],
            None if scan is None else Scan(**scan),
        )


def _check(read: ReportJson) -> None:
    scan = read["scan"]
    words: list[object] = [read[name] for name in ("reason", "format") if read[name] is not None]
    words += [] if scan is None else [*scan["imports"], *scan["findings"], *scan["scanners"]]
    if scan is not None and scan["verdict"] not in get_args(Verdict):
        raise ValueError(f"no verdict: {scan['verdict']!r}")
    if not isinstance(read["facts"], dict) or not all(isinstance(word, str) for word in words):
        raise TypeError("a report has other fields")
    left: list[object] = [read]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            left += value
        elif isinstance(value, str):
            value.encode()  # refuses surrogates, as the database does
            if "\0" in value:
                raise ValueError("a text holds NUL, which the database cannot")
        elif isinstance(value, float) and not isfinite(value):
            raise ValueError("a number is not finite")


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


class Malformed(Exception):
    """The reference implementation of the format refuses the file; the text tells the numbers."""

    def __init__(self, reason: str, format: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.format = format


class Unread(Malformed):
    """Nothing is wrong with the file as far as can be told: it is larger or newer than what is read here."""


class Unlike(Malformed):
    """The bytes are not of this format: a failure only of a file whose name says that they are."""


def fitting(facts: Mapping[str, JsonValue], most: int) -> dict[str, JsonValue]:
    """The facts in at most ``most`` bytes of JSON: the largest are left out, and named under ``leftOut``."""
    kept = dict(facts)
    sizes = {name: len(json.dumps(value)) for name, value in kept.items()}
    left_out: list[JsonValue] = []
    while kept and sum(sizes[name] + len(name) + 8 for name in kept) > most - 1024:
        largest = max(kept, key=lambda name: sizes[name])
        del kept[largest]
        left_out.append(largest[:60])
    return kept | {"leftOut": left_out[:10]} if left_out else kept


def shown(text: str, most: int = 300) -> str:
    """Text of a file as it may be stored: cut, without control characters, surrogates and NUL."""
    cut = text if len(text) <= most else f"{text[:most]}…"
    return "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in cut)


def listing(values: Sequence[str], most: int) -> list[str]:
    """The first of them, and how many more there are."""
    return [*values[:most], f"… and {len(values) - most:,} more"] if len(values) > most else list(values)
