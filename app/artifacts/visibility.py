"""Who may see and write which files: the one rule, whatever protocol asks.

Files belong to candidates (or logged models), so the switch of experiments rules over them. A version shows those of
its candidate that are below its folder: the switch of the registry opens these, too, as long as the version lives.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, TextClause, and_, bindparam, or_, text

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.token_rules import model_patterns
from app.artifacts.owners import is_beside_models, is_of_version
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


@dataclass(frozen=True, slots=True)
class View:
    """What an actor may see of a project's files: with patterns, those of versions of models that match one."""

    kind: Visibility
    patterns: tuple[str, ...] | None = None

    @property
    def sees_all(self) -> bool:
        return self.kind is Visibility.ALL

    @property
    def values(self) -> dict[str, Any]:
        """What a statement with the condition of :func:`shown_sql` takes beside its own values."""
        return {} if self.sees_all else {"patterns": model_patterns.like(self.patterns)}


ALL_FILES = View(Visibility.ALL)
FILES_OF_VERSIONS = View(Visibility.OF_VERSIONS)


def of_actor(actor: Actor, access: ProjectAccess) -> View:
    """Which files of the project the actor may see.

    Raises:
        SwitchedOff: none: experiments and registry are switched off, or open to members only.
        Forbidden: none: the token's scopes allow neither candidates nor versions.
    """
    if policy.allows(actor, access, Permission.CANDIDATE_READ):
        return ALL_FILES
    policy.require(actor, access, Permission.REGISTRY_READ, of_models=True)
    return View(Visibility.OF_VERSIONS, actor.model_patterns)


def shown_sql(file: str) -> dict[Visibility, Fragment]:
    """SQL for the end of a condition, by what may be seen: the file of a row of this name is shown.

    Statements with it take the :attr:`View.values` of who asks.
    """
    of_versions = Fragment(f"AND {is_of_version(file, ':patterns')}")
    return {Visibility.ALL: Fragment(""), Visibility.OF_VERSIONS: of_versions}


async def visible_files(snap: Snapshot, actor: Actor, project_ids: Collection[int]) -> ColumnElement[bool]:
    """Read step: which files of these projects the actor may see. One statement."""
    return await _shown(snap, actor, project_ids, Artifact)


async def visible_uploads(snap: Snapshot, actor: Actor, project_ids: Collection[int]) -> ColumnElement[bool]:
    """Read step: the same of files on their way, as if they were in place."""
    return await _shown(snap, actor, project_ids, MultipartUpload)


def conditions(table: type[Artifact | MultipartUpload], view: View) -> Sequence[TextClause]:
    """For statements about one project: the conditions that leave what may be seen."""
    return () if view.sees_all else (_of_versions(table, view.patterns),)


def is_limited(actor: Actor, access: ProjectAccess) -> bool:
    """Whether :func:`require_changeable` has to look at each path that the actor writes."""
    return bool(_limits(actor, access))


async def require_changeable(
    snap: Snapshot, actor: Actor, access: ProjectAccess, root: Owned, paths: Sequence[str]
) -> None:
    """Read step: refuse to change files that the actor may not see or not change, whether there are any or not.

    A path stands for the file and for all below it; the empty one for all files. No statement for who sees everything,
    with a token for everything. Without the scope for candidates, one may change files of living versions only, without
    that for the registry none of them; and with patterns none that a version of another model shows.

    Raises:
        SwitchedOff, Forbidden: one of them is such a file.
    """
    limits = _limits(actor, access)
    if not limits:
        return
    barred = await BARRED_PATHS.fetch_one(
        snap,
        project=root.project_id,
        candidate=root.candidate_id,
        logged_model=root.logged_model_id,
        paths=list(paths),
        patterns=model_patterns.like(actor.model_patterns),
    )
    assert barred is not None, "an aggregate gives a row"
    if barred.hidden and "hidden" in limits:
        policy.require(actor, access, Permission.CANDIDATE_READ)
        policy.require_scope(actor, Permission.CANDIDATE_WRITE)
    if barred.of_versions and "of versions" in limits:
        policy.require_scope(actor, Permission.REGISTRY_WRITE)
    if barred.shared and "shared" in limits:
        raise policy.beyond_patterns(actor, "these files belong to a version of another one, too")


def _limits(actor: Actor, access: ProjectAccess) -> frozenset[str]:
    limits = set()
    if not of_actor(actor, access).sees_all or not policy.has_scope(actor, Permission.CANDIDATE_WRITE):
        limits.add("hidden")
    if not policy.has_scope(actor, Permission.REGISTRY_WRITE):
        limits.add("of versions")
    if actor.model_patterns is not None:
        limits.add("shared")
    return frozenset(limits)


async def require_permitted(
    snap: Snapshot, actor: Actor, root: Owned, paths: Sequence[str], permission: Permission
) -> ProjectAccess:
    """Read step: the project of the files, if the actor has the permission there and may change files at these paths.

    Raises:
        NotFound, Unauthenticated, Forbidden: see :func:`app.access.policy.require` and :func:`require_changeable`.
    """
    access = await projects.visible(snap, actor, root.project_id)
    policy.require(actor, access, permission, of_models=True)
    await require_changeable(snap, actor, access, root, paths)
    return access


def require_writer(actor: Actor, access: ProjectAccess) -> None:
    """Refuse those who may write neither candidates nor versions.

    Raises:
        NotFound, Unauthenticated, Forbidden: see :func:`app.access.policy.require`.
    """
    policy.require(actor, access, write_permission(actor, access), of_models=True)


def write_permission(actor: Actor, access: ProjectAccess) -> Permission:
    """What writing files of candidates and versions takes: the registry's permission.

    The candidates' where the registry is switched off, and with a token for candidates alone.
    """
    if access.project.registry_access == "disabled":
        return Permission.CANDIDATE_WRITE
    only_candidates = not policy.has_scope(actor, Permission.REGISTRY_WRITE) and has_write_scope(actor)
    return Permission.CANDIDATE_WRITE if only_candidates else Permission.REGISTRY_WRITE


def has_write_scope(actor: Actor) -> bool:
    """Whether the scopes of the actor's token allow any writing of files."""
    return policy.has_scope(actor, Permission.REGISTRY_WRITE) or policy.has_scope(actor, Permission.CANDIDATE_WRITE)


async def _shown(
    snap: Snapshot, actor: Actor, project_ids: Collection[int], table: type[Artifact | MultipartUpload]
) -> ColumnElement[bool]:
    visible = (await projects.visible_by_ids(snap, actor, project_ids)).values()
    of_candidates = [one.id for one in visible if policy.allows(actor, one, Permission.CANDIDATE_READ)]
    of_versions = [one.id for one in visible if policy.allows(actor, one, Permission.REGISTRY_READ, of_models=True)]
    shown = _of_versions(table, actor.model_patterns)
    return or_(table.project_id.in_(of_candidates), and_(table.project_id.in_(of_versions), shown))


def _of_versions(table: type[Artifact | MultipartUpload], patterns: tuple[str, ...] | None) -> TextClause:
    if patterns is None:
        return _CONDITIONS[table]
    return _MATCHING[table].bindparams(bindparam("patterns", model_patterns.like(patterns), ARRAY(Text)))


_TABLES = (Artifact, MultipartUpload)
_CONDITIONS = {table: text(is_of_version(table.__tablename__, "NULL")) for table in _TABLES}
_MATCHING = {table: text(is_of_version(table.__tablename__, ":patterns")) for table in _TABLES}


class Barred(NamedTuple):
    """What is among some paths: files of no version that the actor may see, of some version, or of another model."""

    hidden: bool
    of_versions: bool
    shared: bool


# A folder of a version counts as its own, so that all of it can be deleted at once.
BARRED_PATHS = Statement(
    "artifacts.barred_paths",
    "Whether paths of a root are below the folder of no living version, touch one, or touch one of another model.",
    f"""
    SELECT coalesce(bool_or(NOT {is_of_version("file", ":patterns")}), false) AS hidden,
      coalesce(bool_or({is_beside_models("file", "'{}'")}), false) AS of_versions,
      coalesce(bool_or({is_beside_models("file", "coalesce(:patterns, '{%}'::text[])")}), false) AS shared
    FROM unnest(:paths::text[]) AS given(path), LATERAL (SELECT :project::bigint AS project_id,
      :candidate::uuid AS candidate_id, :logged_model::uuid AS logged_model_id,
      CASE given.path WHEN '' THEN '' ELSE given.path || '/' END AS path) AS file
    """,  # noqa: S608 - put together from constants
    row=Barred,
)
