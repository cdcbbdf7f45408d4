"""Version ranges as npm writes them, turned into intervals of precedence keys that a database can search."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.errors import Invalid
from app.registry.references.semver import (
    MAX_LENGTH,
    InvalidVersion,
    SemVer,
    floor_key,
    parse,
    precedence_key,
    release_key,
)
from app.text import quoted

MAX_COMPARATORS = 20

GRAMMAR = (
    "A range is comparators joined by a comma or a blank (and) or by || (or); a comparator is ^1.2, ~1.2.0, >=1, >1, "
    "<2, <=2.1, =1.2.3, 1.x, 1.2.* or *"
)

_COMPARATOR = re.compile(r"(\^|~|>=|<=|>|<|=|)[ \t]*([^\s,^~<>=|]+)")
_SEPARATOR = re.compile(r"[ \t]*,[ \t]*|[ \t]+")
_NUMBER = re.compile(r"0|[1-9][0-9]*")
_WILDCARDS = frozenset("xX*")


class InvalidRange(Invalid):
    """The text is not a version range."""

    code = "INVALID_RANGE"


@dataclass(frozen=True, slots=True)
class Interval:
    """Versions between two precedence keys; None is an open end.

    A release between the bounds belongs to it; a prerelease only if, besides, its key lies in one of
    ``prerelease_windows``, each from its first key on and below its second.
    """

    lower: bytes | None = None
    lower_inclusive: bool = True
    upper: bytes | None = None
    upper_inclusive: bool = False
    prerelease_windows: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no key lies between the bounds."""
        if self.lower is None or self.upper is None:
            return False
        both = self.lower_inclusive and self.upper_inclusive
        return self.lower > self.upper or (self.lower == self.upper and not both)

    def contains(self, version: SemVer) -> bool:
        """Whether the version lies in it."""
        key = precedence_key(version)
        if self.lower is not None and not (key >= self.lower if self.lower_inclusive else key > self.lower):
            return False
        if self.upper is not None and not (key <= self.upper if self.upper_inclusive else key < self.upper):
            return False
        return not version.is_prerelease or any(low <= key < high for low, high in self.prerelease_windows)

    def intersect(self, other: Interval) -> Interval:
        """What lies in both, with the prereleases that either admits: npm asks any comparator of an and-list."""
        lower, lower_inclusive = max((self._start, other._start), key=lambda start: (start[0], not start[1]))
        upper, upper_inclusive = self.upper, self.upper_inclusive
        if upper is None or (
            other.upper is not None and (other.upper, other.upper_inclusive) < (upper, upper_inclusive)
        ):
            upper, upper_inclusive = other.upper, other.upper_inclusive
        windows = tuple(sorted({*self.prerelease_windows, *other.prerelease_windows}))
        return Interval(lower or None, lower_inclusive, upper, upper_inclusive, windows)

    @property
    def _start(self) -> tuple[bytes, bool]:
        return self.lower or b"", self.lower_inclusive


@dataclass(frozen=True, slots=True)
class Range:
    """A set of versions: what lies in any of ``intervals``; none of them when it can match nothing.

    ``exact`` are the versions that a comparator names in full: among those of equal precedence they come first.
    """

    text: str
    intervals: tuple[Interval, ...]
    exact: tuple[str, ...] = ()

    def contains(self, version: SemVer) -> bool:
        """Whether the version lies in any of the intervals."""
        return any(interval.contains(version) for interval in self.intervals)


_ANY = Interval()
_NOTHING = Interval(lower=floor_key(0, 0, 0), upper=floor_key(0, 0, 0))


@dataclass(frozen=True, slots=True)
class _Partial:
    """A version whose last numbers may be left open; ``full`` is set when none is."""

    numbers: tuple[int, ...]
    full: SemVer | None = None

    @property
    def key(self) -> bytes:
        """The precedence of the version itself, or of the lowest release that it stands for."""
        return precedence_key(self.full) if self.full else release_key(*_padded(self.numbers))

    @property
    def windows(self) -> tuple[tuple[bytes, bytes], ...]:
        if self.full is None or not self.full.is_prerelease:
            return ()
        return ((floor_key(*self.full.core), release_key(*self.full.core)),)

    def next(self, position: int) -> tuple[int, int, int]:
        """The lowest core above all that share the numbers up to ``position``."""
        return _padded((*self.numbers[:position], self.numbers[position] + 1))


@dataclass(frozen=True, slots=True)
class _Comparator:
    """The meaning of one comparator; ``exact`` is the version that it names in full, if it does."""

    interval: Interval
    exact: str = ""


def parse_range(text: str) -> Range:
    """Read an npm-like range of at most 255 characters and 20 comparators.

    A prerelease matches only where a comparator of the same and-list names a prerelease of the same
    ``major.minor.patch`` (npm's rule). Builds are ignored, as in SemVer 2.0 §10; only where versions differ by
    nothing else, ``=1.0.0+b`` prefers the one that it names, and ``=1.0.0`` the one without a build.

    Raises:
        InvalidRange: the text is anything else; the message quotes the grammar.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidRange(f"{quoted(text)} has {len(text)} characters; a range has at most {MAX_LENGTH}.")
    lists = [_comparators(part, text) for part in text.split("||")]
    exact = tuple(sorted({one.exact for comparators in lists for one in comparators if one.exact}))
    if sum(map(len, lists)) > MAX_COMPARATORS:
        raise InvalidRange(f"{quoted(text)} has more than {MAX_COMPARATORS} comparators.")
    unions = (_all_of(comparators) for comparators in lists)
    return Range(text, tuple(interval for interval in unions if not interval.is_empty), exact)


def _all_of(comparators: list[_Comparator]) -> Interval:
    result = _ANY
    for comparator in comparators:
        result = result.intersect(comparator.interval)
    return result


def _comparators(part: str, text: str) -> list[_Comparator]:
    """The comparators of one and-list, in one pass."""
    part = part.strip(" \t")
    if not part:
        raise _invalid(text, "there is no comparator" if not text.strip() else "a comparator is missing beside ||")
    comparators, position = [], 0
    while match := _COMPARATOR.match(part, position):
        comparators.append(_comparator(match[1], _partial(match[2], text)))
        position = match.end()
        if position == len(part):
            return comparators
        separator = _SEPARATOR.match(part, position)
        if separator is None:
            break
        position = separator.end()
    raise _invalid(text, f"no comparator begins at {quoted(part[position:])}")


def _comparator(operator: str, version: _Partial) -> _Comparator:
    exact = version.full.text if version.full and operator in {"", "="} else ""
    return _Comparator(_interval(operator, version), exact)


def _interval(operator: str, version: _Partial) -> Interval:
    """The meaning of one comparator, as the documentation of npm's ``semver`` gives it."""
    if not version.numbers:
        return _NOTHING if operator in {"<", ">"} else _ANY
    last = len(version.numbers) - 1
    match operator:
        case "^" | "~":
            raised = _leading(version.numbers) if operator == "^" else min(1, last)
            return Interval(version.key, upper=floor_key(*version.next(raised)), prerelease_windows=version.windows)
        case ">" | ">=":
            return _above(version, inclusive=operator == ">=")
        case "<" | "<=":
            return _below(version, inclusive=operator == "<=")
        case _ if version.full:
            return Interval(version.key, True, version.key, True, version.windows)
        case _:
            return Interval(version.key, upper=floor_key(*version.next(last)))


def _above(version: _Partial, *, inclusive: bool) -> Interval:
    """``>1.2`` leaves out all of 1.2.x."""
    if version.full or inclusive:
        return Interval(version.key, inclusive, prerelease_windows=version.windows)
    return Interval(release_key(*version.next(len(version.numbers) - 1)))


def _below(version: _Partial, *, inclusive: bool) -> Interval:
    """``<=1.2`` takes in all of 1.2.x."""
    if version.full:
        return Interval(upper=version.key, upper_inclusive=inclusive, prerelease_windows=version.windows)
    core = version.next(len(version.numbers) - 1) if inclusive else _padded(version.numbers)
    return Interval(upper=floor_key(*core))


def _leading(numbers: tuple[int, ...]) -> int:
    """The index of the number that ``^`` fixes: the first one above zero, else the last one given."""
    return next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)


def _partial(word: str, text: str) -> _Partial:
    numbers: list[int] = []
    parts = word.split(".")
    open_from = next((at for at, part in enumerate(parts) if part in _WILDCARDS), len(parts))
    if len(parts) <= 3 and all(part in _WILDCARDS for part in parts[open_from:]):
        numbers = [int(part) for part in parts[:open_from] if _NUMBER.fullmatch(part)]
        if len(numbers) == open_from and open_from < 3:
            return _Partial(tuple(numbers))
    try:
        version = parse(word)
    except InvalidVersion as error:
        hint = "; hyphen ranges are written >=1.0,<=2.0" if word == "-" else ""
        raise _invalid(text, f"{quoted(word)} is neither a version nor the beginning of one{hint}") from error
    return _Partial(version.core, version)


def _padded(numbers: tuple[int, ...]) -> tuple[int, int, int]:
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major, minor, patch


def _invalid(text: str, reason: str) -> InvalidRange:
    return InvalidRange(f"{quoted(text)} is not a version range: {reason}. {GRAMMAR}.")
