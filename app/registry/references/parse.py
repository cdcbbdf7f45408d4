"""Everything by which a version of a model can be named, read by one parser for all protocols."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from app.errors import Invalid
from app.registry.names import alias_key, is_alias, is_stage, stage_key
from app.registry.references.ranges import InvalidRange, Range, parse_range
from app.registry.references.semver import InvalidVersion, parse
from app.text import quoted

MAX_NUMBER = 2**63 - 1
"""The largest number that a version can have."""

FORMS = (
    "A version is named by 1.2.3, a range such as ^1.2, ~1.2.0, >=1,<2 or 1.x, latest, latest-prerelease, @alias, "
    "stage:production or #7"
)

_MOMENT = re.compile(r"(?P<reference>[^{}]+)@\{(?P<at>[^{}]*)\}")
_DIGITS = re.compile(r"[0-9]+")
_RANGE_SIGNS = re.compile(r"[\^~<>=*|,\s]|(?:^|\.)[xX](?:\.|$)")


class InvalidReference(Invalid):
    """The text names no version in any supported form."""

    code = "INVALID_REFERENCE"


@dataclass(frozen=True, slots=True)
class Exact:
    """The version with this very text, build included."""

    text: str


@dataclass(frozen=True, slots=True)
class InRange:
    """The highest version in the range."""

    range: Range


@dataclass(frozen=True, slots=True)
class Latest:
    """The highest release, or the highest prerelease where there is no release; of all versions if ``prerelease``."""

    prerelease: bool = False


@dataclass(frozen=True, slots=True)
class ByAlias:
    """The version that the alias points to."""

    name: str


@dataclass(frozen=True, slots=True)
class InStage:
    """The highest version in the stage; the name is in lower case."""

    name: str


@dataclass(frozen=True, slots=True)
class ByNumber:
    """The version with this number within its model."""

    number: int


@dataclass(frozen=True, slots=True)
class AsOf:
    """The version that the reference meant at a moment."""

    reference: Exact | InRange | Latest | ByAlias | InStage | ByNumber
    at: datetime


Reference: TypeAlias = Exact | InRange | Latest | ByAlias | InStage | ByNumber | AsOf


def parse_reference(text: str) -> Reference:
    """Read a reference: ``1.2.3``, ``^1.2``, ``latest``, ``latest-prerelease``, ``@champion``, ``stage:x``, ``#7``.

    Blanks around it do not count. ``@1.2.3`` is the version of that name and ``@latest`` the latest one, since no
    alias can be called so. With ``@{2026-05-03}`` behind it, or a time of ISO 8601, it is what it meant then.

    Raises:
        InvalidReference: none of these forms; the message lists them.
    """
    text = _trimmed(text)
    if moment := _MOMENT.fullmatch(text):
        return as_of(parse_reference(moment["reference"]), _moment(moment["at"], text))
    if text.startswith("@"):
        return _alias(text[1:], text)
    if text.startswith("stage:"):
        return _stage(text.removeprefix("stage:"), text)
    if text.startswith("#"):
        return _number(text[1:], text)
    if _DIGITS.fullmatch(text):
        raise _invalid(text, f"write #{text[:20]} for the version's number or {text[:20]}.x for a range")
    return _latest(text) or _exact_or_range(text)


def as_of(reference: Reference, at: datetime | None) -> Reference:
    """The reference as it was meant at a moment; None: as it is meant now.

    Raises:
        InvalidReference: it names a moment already.
    """
    if at is None:
        return reference
    if isinstance(reference, AsOf):
        raise _invalid(format_reference(reference), "it names two moments")
    return AsOf(reference, at if at.tzinfo else at.replace(tzinfo=UTC))


def parse_mlflow_version(text: str) -> Reference:
    """Read what an MLflow client sends as ``version``: a number in digits, else any reference.

    Raises:
        InvalidReference: neither.
    """
    text = _trimmed(text)
    return _number(text, text) if _DIGITS.fullmatch(text) else parse_reference(text)


def parse_mlflow_stage(text: str) -> Reference:
    """Read what stands after ``models:/m/`` and reaches the server as a stage.

    Version, range, ``latest`` and the prefixed forms are what they are anywhere; everything else is a stage's
    name in any case.

    Raises:
        InvalidReference: neither a reference nor what a stage can be called.
    """
    text = _trimmed(text)
    try:
        return parse_mlflow_version(text)
    except InvalidReference:
        if is_stage(text) and not text.isdecimal():
            return InStage(stage_key(text))
        raise


def format_reference(reference: Reference) -> str:
    """The reference as one would write it, for messages."""
    match reference:
        case Exact(text):
            return text
        case InRange(range):
            return range.text
        case Latest(prerelease):
            return "latest-prerelease" if prerelease else "latest"
        case ByAlias(name) | InStage(name):
            return f"{'@' if isinstance(reference, ByAlias) else 'stage:'}{name}"
        case AsOf(meant, at):
            return f"{format_reference(meant)}@{{{at.isoformat()}}}"
    return f"#{reference.number}"


def _moment(text: str, whole: str) -> datetime:
    """A date (its first moment) or a time; of none that names no zone, that of UTC."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _invalid(whole, "between @{ and } stands a time such as 2026-05-03 or 2026-05-03T12:00:00Z") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _trimmed(text: str) -> str:
    """Without blanks around it, as MLflow's server reads numbers; nothing but blanks stays, for the message."""
    return text.strip() or text


def _latest(text: str) -> Latest | None:
    match text.lower():
        case "latest":
            return Latest()
        case "latest-prerelease":
            return Latest(prerelease=True)
        case _:
            return None


def _exact_or_range(text: str) -> Exact | InRange:
    try:
        return Exact(parse(text).text)
    except InvalidVersion as no_version:
        try:
            return InRange(parse_range(text))
        except InvalidRange as no_range:
            wrong = no_range if _RANGE_SIGNS.search(text) else no_version
            raise InvalidReference(f"{wrong.message} {FORMS}.") from wrong


def _alias(name: str, text: str) -> Reference:
    if latest := _latest(name):
        return latest if not latest.prerelease else ByAlias(name)
    if is_alias(name):
        return ByAlias(alias_key(name))
    try:
        return Exact(parse(name).text)
    except InvalidVersion:
        raise _invalid(text, "after @ stands an alias (letters, digits, _ and -) or a version") from None


def _stage(name: str, text: str) -> InStage:
    if not is_stage(name):
        raise _invalid(text, "a stage has 1 to 63 letters, digits, _ and -")
    return InStage(stage_key(name))


def _number(digits: str, text: str) -> ByNumber:
    significant = digits.lstrip("0")
    if not _DIGITS.fullmatch(digits) or len(significant) > 19 or not 1 <= int(significant or "0") <= MAX_NUMBER:
        raise _invalid(text, f"the number of a version is an integer from 1 to {MAX_NUMBER}")
    return ByNumber(int(significant))


def _invalid(text: str, reason: str) -> InvalidReference:
    return InvalidReference(f"{quoted(text)} names no version: {reason}. {FORMS}.")
