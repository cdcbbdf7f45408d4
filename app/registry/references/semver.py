"""Semantic versions: strict SemVer 2.0, their precedence as bytes, and the next one of a model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from semver import Version

from app.errors import Invalid
from app.text import quoted

MAX_LENGTH = 255
"""Characters of a version."""

RULE = "A version is MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD] as SemVer 2.0 defines it, e.g. 1.2.3 or 2.0.0-rc.1"

_RELEASE = b"\xff"
_END, _NUMERIC, _ALPHANUMERIC = b"\x00", b"\x01", b"\x02"


class InvalidVersion(Invalid):
    """The text is not a semantic version."""

    code = "INVALID_VERSION"


class Increment(StrEnum):
    """Which part of a model's highest version the next one raises."""

    MAJOR = "MAJOR"
    MINOR = "MINOR"
    PATCH = "PATCH"
    PRERELEASE = "PRERELEASE"


@dataclass(frozen=True, slots=True)
class SemVer:
    """A version and its parts; equal when the text is equal, build included."""

    text: str
    major: int
    minor: int
    patch: int
    prerelease: str = ""
    build: str = ""

    def __str__(self) -> str:
        return self.text

    @property
    def is_prerelease(self) -> bool:
        """Whether it has a prerelease part."""
        return bool(self.prerelease)

    @property
    def core(self) -> tuple[int, int, int]:
        """The three numbers."""
        return self.major, self.minor, self.patch


def parse(text: str) -> SemVer:
    """Read a version (SemVer 2.0 §2, §9, §10), at most 255 characters.

    Raises:
        InvalidVersion: it is anything else; the message quotes the rule, the text and a way out.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidVersion(f"{quoted(text)} has {len(text)} characters; a version has at most {MAX_LENGTH}.")
    try:
        version = Version.parse(text)
    except ValueError as error:
        raise InvalidVersion(f"{quoted(text)} is not a version: {_hint(text)}. {RULE}.") from error
    return SemVer(text, version.major, version.minor, version.patch, version.prerelease or "", version.build or "")


def precedence_key(version: SemVer) -> bytes:
    """Bytes that sort as SemVer 2.0 §11 orders versions: the build is left out, a release is above its prereleases."""
    if not version.prerelease:
        return release_key(*version.core)
    identifiers = b"".join(_identifier(part) for part in version.prerelease.split("."))
    return floor_key(*version.core) + identifiers + _END


def release_key(major: int, minor: int, patch: int) -> bytes:
    """The precedence of the release ``major.minor.patch``."""
    return floor_key(major, minor, patch) + _RELEASE


def floor_key(major: int, minor: int, patch: int) -> bytes:
    """Bytes above every version of a lower core and below the first prerelease of ``major.minor.patch``."""
    return _natural(major) + _natural(minor) + _natural(patch)


def bump(highest_release: SemVer | None, highest: SemVer | None, increment: Increment = Increment.PATCH) -> SemVer:
    """The version that follows when none is named; prerelease and build of the old one are never kept in a release.

    MAJOR, MINOR and PATCH raise the highest release. Without a release the first one is ``1.0.0``, or what the
    highest prerelease announces if that is more: ``2.0.0-rc.3`` becomes ``2.0.0``.

    PRERELEASE goes on from the highest version of all: ``2.0.0-rc.1`` becomes ``2.0.0-rc.2``, ``2.0.0-beta``
    becomes ``2.0.0-beta.1``, the release ``1.4.0`` becomes ``1.4.1-rc.1``, nothing becomes ``1.0.0-rc.1``.

    Args:
        highest_release: the highest living release of the model.
        highest: the highest living version of the model, prereleases included.
        increment: the part to raise.

    Raises:
        InvalidVersion: the next version would be too long.
    """
    if increment is Increment.PRERELEASE:
        return _checked(_next_prerelease(highest), highest)
    return _checked(".".join(map(str, _next_release(highest_release, highest, increment))), highest_release)


def _next_release(highest_release: SemVer | None, highest: SemVer | None, increment: Increment) -> tuple[int, int, int]:
    if highest_release is None:
        return max((1, 0, 0), highest.core) if highest else (1, 0, 0)
    major, minor, patch = highest_release.core
    match increment:
        case Increment.MAJOR:
            return major + 1, 0, 0
        case Increment.MINOR:
            return major, minor + 1, 0
        case _:
            return major, minor, patch + 1


def _next_prerelease(highest: SemVer | None) -> str:
    if highest is None:
        return "1.0.0-rc.1"
    major, minor, patch = highest.core
    if not highest.prerelease:
        return f"{major}.{minor}.{patch + 1}-rc.1"
    *front, last = highest.prerelease.split(".")
    end = [str(int(last) + 1)] if last.isdigit() else [last, "1"]
    return f"{major}.{minor}.{patch}-{'.'.join(front + end)}"


def _checked(text: str, previous: SemVer | None) -> SemVer:
    if len(text) > MAX_LENGTH:
        raise InvalidVersion(
            f"The version after {quoted(str(previous))} would have {len(text)} characters, more than {MAX_LENGTH}; "
            "name a version instead of an increment."
        )
    return parse(text)


def _natural(number: int) -> bytes:
    """Length, then big-endian bytes: a longer number is a larger one."""
    digits = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes((len(digits),)) + digits


def _identifier(part: str) -> bytes:
    """Numeric identifiers by value and below the others, which go by ASCII (SemVer 2.0 §11.4)."""
    if part.isdigit():
        return _NUMERIC + _natural(int(part))
    return _ALPHANUMERIC + part.encode("ascii") + _END


def _hint_without_prefix(bare: str) -> str:
    rest = bare.lstrip("vV=")
    if not rest:
        return "there is no number in it"
    if Version.is_valid(rest):
        return f"leave out the {bare[0]!r}, e.g. {quoted(rest)}"
    return f"leave out the {bare[0]!r}, and then: {_hint(rest)}"


def _hint(text: str) -> str:
    """What is wrong with it, said of the text as it was typed."""
    bare = text.strip()
    core = re.split(r"[-+]", bare, maxsplit=1)[0]
    numbers = core.split(".")
    if not bare:
        return "it is empty"
    if bare != text:
        return "leave out the blanks around it"
    if bare[0] in "vV=":
        return _hint_without_prefix(bare)
    if all(number.isascii() and number.isdigit() for number in numbers):
        return _core_hint(bare, numbers)
    if foreign := re.search(r"[^0-9A-Za-z.+-]", bare):
        return f"{quoted(foreign.group())} may not stand in a version"
    return "it does not begin with three numbers"


def _core_hint(text: str, numbers: list[str]) -> str:
    if padded := next((number for number in numbers if len(number) > 1 and number[0] == "0"), None):
        return f"the number {quoted(padded)} has a leading zero"
    if len(numbers) < 3:
        lacking = "patch number" if len(numbers) == 2 else "minor and patch number"
        return f"it lacks the {lacking}, e.g. {quoted('.'.join([*numbers, '0', '0'][:3]))}"
    if len(numbers) > 3:
        return "it has more than three numbers"
    if foreign := re.search(r"[^0-9A-Za-z.+-]", text):
        return f"{quoted(foreign.group())} may not stand in a version"
    if re.search(r"[-.](0\d+)(?=[.+]|$)", text.split("+", maxsplit=1)[0]):
        return "a numeric part of the prerelease has a leading zero"
    return "prerelease and build are dot-separated, non-empty parts of letters, digits and hyphens"
