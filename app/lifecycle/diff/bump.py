"""The least step in SemVer that a difference takes, in GitLab's meaning.

Major breaks consumers (another algorithm, a required column), minor adds (an optional column), patch retrains. Each
reason names one difference that takes its step; the highest of them is the least increment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.lifecycle.diff import environment
from app.lifecycle.diff.documents import Documents
from app.lifecycle.diff.environment import RequirementChange
from app.lifecycle.diff.tensors import TensorDiff
from app.lifecycle.signatures import Change
from app.registry.references.semver import Increment, SemVer
from app.text import quoted

_ORDER = (Increment.PATCH, Increment.MINOR, Increment.MAJOR)


class Cause(StrEnum):
    """What kind of difference it is."""

    SIGNATURE = "signature"
    ALGORITHM = "algorithm"
    ARCHITECTURE = "architecture"
    TENSOR_TYPES = "tensor_types"
    ENVIRONMENT = "environment"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Reason:
    """A difference, the step that it takes, and a sentence about it."""

    increment: Increment
    cause: Cause
    message: str


@dataclass(frozen=True, slots=True)
class Differences:
    """What a conclusion is drawn from."""

    before: Documents
    after: Documents
    signature: Sequence[Change]
    tensors: TensorDiff
    requirements: Sequence[RequirementChange]
    changed_files: int
    location_differs: bool = False


def reasons(differences: Differences) -> list[Reason]:
    """Every difference that takes a step, the highest first; empty when nothing differs that users could notice."""
    every = [
        *_signature(differences),
        *_algorithm(differences),
        *_tensors(differences.tensors),
        *_environment(differences.requirements),
    ]
    if differences.changed_files:
        have = "1 file has" if differences.changed_files == 1 else f"{differences.changed_files} files have"
        every.append(Reason(Increment.PATCH, Cause.FILES, f"{have} other bytes"))
    if differences.location_differs:
        every.append(Reason(Increment.PATCH, Cause.FILES, "its files are kept at another address"))
    return sorted(every, key=lambda reason: -_ORDER.index(reason.increment))


def least(every: Sequence[Reason]) -> Increment | None:
    """The highest step that one of the reasons takes; None: none does."""
    return max((reason.increment for reason in every), key=_ORDER.index, default=None)


def between(before: SemVer, after: SemVer) -> Increment | None:
    """The step from one version to a later one; None where it is no step forward."""
    if after.core == before.core:
        return Increment.PRERELEASE if after.text != before.text else None
    if after.core < before.core:
        return None
    if after.major != before.major:
        return Increment.MAJOR
    return Increment.MINOR if after.minor != before.minor else Increment.PATCH


def is_enough(before: SemVer, after: SemVer, needed: Increment | None) -> bool:
    """Whether the step from one version to the other says as much as is needed.

    Below 1.0.0 anything may change with a minor step (SemVer 2.0 §4). Prereleases of one version, and that version
    after them, announce what it will be, whatever it is by now: the step is that from the release before.
    """
    if needed is None:
        return True
    made = between(before, after)
    if made is None:
        return False
    if made is Increment.PRERELEASE:
        return before.is_prerelease
    if before.major == 0 and after.major == 0 and needed is Increment.MAJOR:
        needed = Increment.MINOR
    return _ORDER.index(made) >= _ORDER.index(needed)


def _signature(differences: Differences) -> Iterator[Reason]:
    before, after = differences.before.signature, differences.after.signature
    if before is not None and after is None:
        yield Reason(Increment.MAJOR, Cause.SIGNATURE, "it declares no signature any more")
    elif before is None and after is not None:
        yield Reason(Increment.MINOR, Cause.SIGNATURE, "it declares a signature for the first time")
    for change in differences.signature if before is not None and after is not None else ():
        yield Reason(Increment.MAJOR if change.breaks else Increment.MINOR, Cause.SIGNATURE, str(change))


def _algorithm(differences: Differences) -> Iterator[Reason]:
    before, after = differences.before, differences.after
    if before.flavors and after.flavors and before.flavors != after.flavors:
        gone, new = sorted({*before.flavors} - {*after.flavors}), sorted({*after.flavors} - {*before.flavors})
        increment = Increment.MAJOR if gone else Increment.MINOR
        yield Reason(increment, Cause.ALGORITHM, f"its flavors were {_names(before)} and are {_names(after)}")
        if gone and new:
            return
    if before.loader and after.loader and before.loader != after.loader:
        message = f"it is loaded by {quoted(after.loader)} and was by {quoted(before.loader)}"
        yield Reason(Increment.MAJOR, Cause.ALGORITHM, message)


def _tensors(differences: TensorDiff) -> Iterator[Reason]:
    if differences.is_reshaped:
        first = next((change.name for change in differences.changes if change.is_reshaped), None)
        which = f", the first is {quoted(first)}" if first is not None else ""
        told = f"{differences.before.count:,} tensors with {differences.before.parameters:,} parameters became "
        told += f"{differences.after.count:,} with {differences.after.parameters:,}{which}"
        yield Reason(Increment.MAJOR, Cause.ARCHITECTURE, told)
    elif differences.is_retyped:
        was, now = (", ".join(sorted(side.dtypes)) for side in (differences.before, differences.after))
        message = f"its numbers are kept as {now} and were as {was}"
        if was == now:
            message = f"other amounts of its numbers are kept as {now}"
        yield Reason(Increment.MINOR, Cause.TENSOR_TYPES, message)


def _environment(changes: Sequence[RequirementChange]) -> Iterator[Reason]:
    for change in changes:
        new = change.before is None and change.after is not None
        increment = Increment.MINOR if new or environment.is_other_python(change) else Increment.PATCH
        was, now = (f"{change.name}{spec}" if spec is not None else "nothing" for spec in (change.before, change.after))
        yield Reason(increment, Cause.ENVIRONMENT, f"it requires {now} and required {was}"[:500])


def _names(side: Documents) -> str:
    return ", ".join(side.flavors)
