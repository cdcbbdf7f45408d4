"""Whose files a caller means, whatever protocol it speaks; and what follows from that for paths and permissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias
from uuid import UUID

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.artifacts import paths, visibility
from app.artifacts.artifacts import LockOwner, Root
from app.artifacts.visibility import View
from app.db.database import Database
from app.errors import Conflict, NotFound
from app.registry import guards
from app.registry.references.resolve import Named
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.text import quoted
from app.tracking import file_owners


class KeptElsewhere(NotFound):
    """The files of the version are in a store of the client's own."""


class WrittenElsewhere(Conflict):
    """The same, told to a caller who wants to change them."""


@dataclass(frozen=True, slots=True)
class CandidateFiles:
    """All files of a candidate of the project (its id or full path)."""

    project: int | str
    id: UUID


@dataclass(frozen=True, slots=True)
class LoggedModelFiles:
    """All files of a logged model of the project."""

    project: int | str
    id: UUID


@dataclass(frozen=True, slots=True)
class VersionFiles:
    """The files of a version: those of its logged model or candidate that are below its folder.

    ``version`` is its id, a model with a reference, or the version itself where the caller has read it. Paths begin at
    the folder of the version. With ``from_root`` they may begin at the root of the owner as well, as in GraphQL, which
    shows a file under the same path whether it is reached by the candidate or by the version.
    """

    project: int | str
    version: int | Named | ModelVersion
    from_root: bool = False


Target: TypeAlias = CandidateFiles | LoggedModelFiles | VersionFiles


class Client(Enum):
    """What kind of client writes; on it depends which permission that takes (product.md: Access)."""

    TRAINING = "training"
    """Code that logs runs, through MLflow or as MLflow does: developers."""
    REGISTRY = "registry"
    """All others: reporters, as for models and versions."""


@dataclass(frozen=True, slots=True)
class FileOwner:
    """A target that was looked up: the root of the files, and the folder below which they are."""

    root: Root
    folder: str = ""
    view: View = visibility.FILES_OF_VERSIONS
    """What the caller may see of the root. Of the files of a version, which the caller has found, all are shown."""
    version: ModelVersion | None = None
    from_root: bool = False

    def lock(self, actor: Actor, paths: Sequence[str], lock: LockOwner | None = None) -> LockOwner:
        """The step that holds the owner against deletion for the rest of a transaction that changes its files.

        It refuses an actor who may not change the files at these paths of the root, or below them: see
        :mod:`app.registry.guards`. ``lock`` is another step that locks the owner.
        """
        return guards.owner_lock(lock or file_owners.lock(self.root), actor, self.root, paths)

    def path(self, path: str, field: str = "path") -> str:
        """The path of a file or folder below the root.

        Raises:
            InvalidPath: see :func:`app.artifacts.paths.check`; ``field`` is the name of the input that is blamed.
        """
        return self.below(paths.check(path, field))

    def below(self, path: str) -> str:
        """The same for a path that is checked elsewhere; the empty one is the folder itself."""
        if not self.folder or (self.from_root and f"{path}/".startswith(f"{self.folder}/")):
            return path
        return f"{self.folder}/{path}" if path else self.folder


async def find(
    db: Database, actor: Actor, target: Target, *, to_write: bool = False, also_elsewhere: bool = False
) -> FileOwner:
    """Look up whose files are meant. One statement for a version, none for a project that the request knows.

    ``also_elsewhere``: versions whose files are not kept here are no error; their candidate may have uploads.

    Whether a candidate or logged model exists is left to who reads or writes its files: no such one has any.

    Raises:
        NotFound: the project, model or version does not exist or may not be seen.
        SwitchedOff: the actor may see no files of the project.
        KeptElsewhere, WrittenElsewhere: the files of the version are not kept by this service.
    """
    if isinstance(target, VersionFiles):
        version = await _version(db, actor, target)
        return _of_version(version, target, to_write=to_write, also_elsewhere=also_elsewhere)
    access = await projects.get(db, actor, target.project)
    view = visibility.of_actor(actor, access)
    if isinstance(target, CandidateFiles):
        return FileOwner(Root(access.id, candidate_id=target.id), view=view)
    return FileOwner(Root(access.id, logged_model_id=target.id), view=view)


def of_version(version: ModelVersion) -> FileOwner:
    """The owner of the files of a version that was read, for lists: one that keeps its files elsewhere shows none."""
    root, folder = lookup.root_of(version)
    return FileOwner(root, folder, version=version)


def may_write(actor: Actor, access: ProjectAccess) -> bool:
    """Whether the actor may write and delete files of the project that it may see, through the registry."""
    return policy.allows(actor, access, visibility.write_permission(actor, access), of_models=True)


async def permission(db: Database, actor: Actor, project: int | str, client: Client) -> Permission:
    """What writing and deleting files of a project takes.

    Raises:
        NotFound: the project may not be seen any more.
    """
    if client is Client.TRAINING:
        return Permission.MLFLOW_WRITE
    return visibility.write_permission(actor, await projects.get(db, actor, project))


async def _version(db: Database, actor: Actor, target: VersionFiles) -> ModelVersion:
    match target.version:
        case Named(model=model, reference=reference):
            return await lookup.by_reference(db, actor, target.project, model, reference)
        case int(version_id):
            return await lookup.get(db, actor, target.project, version_id)
        case version:
            return version


def _of_version(version: ModelVersion, target: VersionFiles, *, to_write: bool, also_elsewhere: bool) -> FileOwner:
    if version.location and not also_elsewhere:
        message = f"The files of this version are not kept here but at {quoted(version.source, 200)}."
        raise WrittenElsewhere(message) if to_write else KeptElsewhere(message)
    return replace(of_version(version), from_root=target.from_root)
