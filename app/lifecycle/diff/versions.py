"""What differs between two versions: of one model or of two, whatever was stored of them; no byte is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.artifacts.artifacts import Root
from app.artifacts.reads import differences
from app.artifacts.reads.differences import ChangedFile, Described, Totals
from app.db.database import Database, Snapshot
from app.errors import ModelyardError, NotFound
from app.lifecycle import signatures
from app.lifecycle.diff import bump, documents, environment, tensors
from app.lifecycle.diff.bump import Differences, Reason
from app.lifecycle.diff.documents import Documents
from app.lifecycle.diff.environment import RequirementChange
from app.lifecycle.diff.tensors import TensorDiff
from app.lifecycle.signatures import Change
from app.registry.references import semver
from app.registry.references.resolve import Target
from app.registry.references.semver import Increment
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.text import quoted
from app.tracking.reads import log_loaders
from app.tracking.reads.compare import Row, rows
from app.tracking.reads.log_loaders import LatestPoint

_NOWHERE = UUID(int=0)
"""The owner of no file: what a version keeps elsewhere is not here."""


class NoEarlierRelease(NotFound):
    """The model has no release before this version."""


@dataclass(frozen=True, slots=True)
class Content:
    """What differs in files and in what they say."""

    totals: Totals
    before: Documents
    after: Documents
    signature: list[Change]
    tensors: TensorDiff
    requirements: list[RequirementChange]
    reasons: list[Reason]
    is_certain: bool
    """Whether all that says something of the models was looked into, and told in full."""

    @property
    def least(self) -> Increment | None:
        """The least step that a version after the other has to make; None: nothing differs."""
        return bump.least(self.reasons)


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """Two versions, and all that differs; for ``params`` and ``metrics`` the refusal, where they may not be seen."""

    before: ModelVersion
    after: ModelVersion
    content: Content
    files: list[ChangedFile]
    params: list[Row[str]] | ModelyardError
    metrics: list[Row[LatestPoint]] | ModelyardError

    @property
    def made(self) -> Increment | None:
        """The step from the one to the other; None: it is none forward."""
        return bump.between(semver.parse(self.before.version), semver.parse(self.after.version))

    @property
    def is_enough(self) -> bool:
        """Whether that step says as much as the differences take."""
        before, after = semver.parse(self.before.version), semver.parse(self.after.version)
        return bump.is_enough(before, after, self.content.least)


async def diff(
    db: Database,
    actor: Actor,
    project: int | str,
    target: Target,
    base: tuple[int | str, Target] | None = None,
) -> VersionDiff:
    """What differs between ``base`` (a project and a version) and a version; without it, the release before it.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version, or it may not be seen.
        NoEarlierRelease: there is none to compare with, and no other was named.
    """
    async with db.read() as snap:
        after = await _find(snap, actor, project, target)
        if base is not None:
            before = await _find(snap, actor, *base)
        else:
            before = await _release_before(snap, after)
        content = await of_content(snap, before, after)
        files = await differences.changes(snap, _folder(before), _folder(after))
    keys = [(one.project_id, one.candidate_id) for one in (before, after)]
    params = await log_loaders.params(db, actor, keys)
    metrics = await log_loaders.metrics(db, actor, keys)
    return VersionDiff(before, after, content, files, _param_rows(params), _metric_rows(metrics))


async def of_content(snap: Snapshot, before: ModelVersion, after: ModelVersion) -> Content:
    """Read step: what differs in files and in what they say; two statements. Permissions are the caller's to ask."""
    sides = _folder(before), _folder(after)
    totals = await differences.totals(snap, *sides)
    described = await differences.described(snap, *sides)
    return _content(totals, described, location_differs=before.location != after.location)


def _content(totals: Totals, described: Described, *, location_differs: bool) -> Content:
    before, after = documents.read(described.before), documents.read(described.after)
    changes = signatures.compare(before.signature, after.signature) if before.signature and after.signature else []
    weights = tensors.compare(tensors.read(described.before), tensors.read(described.after))
    requirements = environment.compare(before.requirements, after.requirements)
    changed = totals.changed + totals.added + totals.removed
    every = Differences(before, after, changes, weights, requirements, changed, location_differs)
    told = [side.signature.is_whole for side in (before, after) if side.signature is not None]
    return Content(
        totals,
        before,
        after,
        changes,
        weights,
        requirements,
        bump.reasons(every),
        is_certain=not totals.uninspected and described.is_whole and all(told),
    )


async def _find(snap: Snapshot, actor: Actor, project: int | str, target: Target) -> ModelVersion:
    access = await projects.visible(snap, actor, project)
    policy.require(actor, access, Permission.REGISTRY_READ, of_models=True)
    return (await lookup.find(snap, actor, access.id, target))[1]


async def _release_before(snap: Snapshot, version: ModelVersion) -> ModelVersion:
    before = await lookup.predecessor(snap, version)
    if before is None:
        raise NoEarlierRelease(
            f"The model has no release before {quoted(version.version)}; name another version as `base`.", field="base"
        )
    return before


def _folder(version: ModelVersion) -> tuple[Root, str]:
    if version.location:
        return Root(version.project_id, candidate_id=_NOWHERE), ""
    return lookup.root_of(version)


def _param_rows(sides: Sequence[list[tuple[str, str]] | ModelyardError]) -> list[Row[str]] | ModelyardError:
    shown = []
    for side in sides:
        if isinstance(side, ModelyardError):
            return side
        shown.append(dict(side))
    return rows(shown, differences_only=True)


def _metric_rows(sides: Sequence[list[LatestPoint] | ModelyardError]) -> list[Row[LatestPoint]] | ModelyardError:
    shown = []
    for side in sides:
        if isinstance(side, ModelyardError):
            return side
        shown.append({point.key: point for point in side})
    return rows(shown, differences_only=True, essence=lambda point: point.value)
