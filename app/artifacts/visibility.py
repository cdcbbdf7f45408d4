"""Who may see and write which files: the one rule, whatever protocol asks.

Files belong to candidates (or logged models), so the switch of experiments rules over them. A version shows those of
its candidate that are below its folder: the switch of the registry opens these, too, as long as the version lives.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, and_, or_, text

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess, SwitchedOff
from app.artifacts.owners import is_of_version
from app.artifacts.tables import Artifact, MultipartUpload
from app.db.database import Snapshot
from app.db.statements import Fragment, Statement


class Owned(Protocol):
    """Whose files are meant: those of a candidate or of a logged model."""

    @property
    def project_id(self) -> int: ...
    @property
    def candidate_id(self) -> UUID | None: ...
    @property
    def logged_model_id(self) -> UUID | None: ...


class Visibility(Enum):
    """Which files of a project an actor may see."""

    ALL = "all"
    OF_VERSIONS = "of versions"
    """Those below the folders of living versions; all others are as if they were not there."""


def of_actor(actor: Actor, access: ProjectAccess) -> Visibility:
    """Which files of the project the actor may see.

    Raises:
        SwitchedOff: none: experiments and registry are switched off, or open to members only.
    """
    if policy.allows(actor, access, Permission.CANDIDATE_READ):
        return Visibility.ALL
    policy.require(actor, access, Permission.REGISTRY_READ)
    return Visibility.OF_VERSIONS


def shown_sql(file: str) -> dict[Visibility, Fragment]:
    """SQL for the end of a condition, by what may be seen: the file of a row of this name is shown."""
    return {Visibility.ALL: Fragment(""), Visibility.OF_VERSIONS: Fragment(f"AND {is_of_version(file)}")}


async def visible_files(snap: Snapshot, actor: Actor, project_ids: Collection[int]) -> ColumnElement[bool]:
    """Read step: which files of these projects the actor may see. One statement."""
    return await _shown(snap, actor, project_ids, Artifact)


async def visible_uploads(snap: Snapshot, actor: Actor, project_ids: Collection[int]) -> ColumnElement[bool]:
    """Read step: the same of files on their way, as if they were in place."""
    return await _shown(snap, actor, project_ids, MultipartUpload)


def conditions(table: type[Artifact | MultipartUpload], seen: Visibility) -> Sequence[TextClause]:
    """For statements about one project: the conditions that leave what may be seen."""
    return () if seen is Visibility.ALL else (_CONDITIONS[table],)


async def require_visible(
    snap: Snapshot, actor: Actor, access: ProjectAccess, root: Owned, paths: Sequence[str]
) -> None:
    """Read step: refuse to change files that the actor may not see, whether there are any or not.

    A path stands for the file and for all below it; the empty one for all files. No statement for who sees everything.

    Raises:
        SwitchedOff: one of them is not below the folder of a living version, and candidates may not be seen.
    """
    if of_actor(actor, access) is Visibility.ALL:
        return
    hidden = await HAS_HIDDEN_PATH.fetch_value(
        snap,
        project=root.project_id,
        candidate=root.candidate_id,
        logged_model=root.logged_model_id,
        paths=list(paths),
    )
    if hidden:
        raise SwitchedOff(f"This part of project `{access.project.full_path}` is switched off.")


async def require_permitted(
    snap: Snapshot, actor: Actor, root: Owned, paths: Sequence[str], permission: Permission
) -> ProjectAccess:
    """Read step: the project of the files, if the actor has the permission there and may see files at these paths.

    Raises:
        NotFound, Unauthenticated, Forbidden: see :func:`app.access.policy.require` and :func:`require_visible`.
    """
    access = await projects.visible(snap, actor, root.project_id)
    policy.require(actor, access, permission)
    await require_visible(snap, actor, access, root, paths)
    return access


def require_writer(actor: Actor, access: ProjectAccess) -> None:
    """Refuse those who may write neither candidates nor versions.

    Raises:
        NotFound, Unauthenticated, Forbidden: see :func:`app.access.policy.require`.
    """
    policy.require(actor, access, write_permission(access))


def write_permission(access: ProjectAccess) -> Permission:
    """What writing files of candidates and versions takes: the registry's, or the other where that is switched off."""
    off = access.project.registry_access == "disabled"
    return Permission.CANDIDATE_WRITE if off else Permission.REGISTRY_WRITE


async def _shown(
    snap: Snapshot, actor: Actor, project_ids: Collection[int], table: type[Artifact | MultipartUpload]
) -> ColumnElement[bool]:
    visible = (await projects.visible_by_ids(snap, actor, project_ids)).values()
    of_candidates = [one.id for one in visible if policy.allows(actor, one, Permission.CANDIDATE_READ)]
    of_versions = [one.id for one in visible if policy.allows(actor, one, Permission.REGISTRY_READ)]
    return or_(table.project_id.in_(of_candidates), and_(table.project_id.in_(of_versions), _CONDITIONS[table]))


_CONDITIONS: dict[type[Artifact | MultipartUpload], TextClause] = {
    Artifact: text(is_of_version("artifacts")),
    MultipartUpload: text(is_of_version("multipart_uploads")),
}
# A folder of a version counts as its own, so that all of it can be deleted at once.
HAS_HIDDEN_PATH = Statement(
    "artifacts.has_hidden_path",
    "Whether one of these paths of a root is below the folder of no living version.",
    f"""
    SELECT EXISTS (SELECT FROM unnest(:paths::text[]) AS given(path), LATERAL (SELECT :project::bigint AS project_id,
      :candidate::uuid AS candidate_id, :logged_model::uuid AS logged_model_id, given.path || '/' AS path) AS file
      WHERE NOT {is_of_version("file")})
    """,  # noqa: S608 - put together from constants
)
