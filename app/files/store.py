"""Writing a file: the one way in for a file that comes as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.access.policy import Actor
from app.artifacts import paths
from app.artifacts.artifacts import Artifact, Root
from app.artifacts.uploads import stream
from app.artifacts.uploads.stream import StoreArtifact
from app.files import targets
from app.files.backend import Backend
from app.files.targets import Client, Target, VersionFiles


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of a file as they come; ``size`` is their number where the sender has said so."""

    chunks: AsyncIterator[bytes]
    size: int | None = None
    media_type: str | None = None
    """What to serve it as; None: guessed from the name."""


async def put(
    backend: Backend, actor: Actor, target: Target, path: str, body: Body, *, client: Client = Client.REGISTRY
) -> Artifact:
    """Store a file under the path; an older one is replaced. When this answers, its bytes are verified and kept.

    Raises:
        InvalidPath: no file can be called so; see :mod:`app.artifacts.paths`.
        NotFound, Forbidden: see :func:`app.files.targets.find` and :func:`app.access.policy.require`.
        WrittenElsewhere: the version keeps its files in a store of the client's own.
        PathOccupied: a file is where this one needs a folder, or the reverse.
        TooLarge: more bytes than the settings allow.
        SizeMismatch: other than the announced number of bytes arrived; nothing is kept.
        Unavailable: the store is away; nothing is kept.
    """
    paths.require_text(path)
    if isinstance(target, VersionFiles):  # a path that leaves the folder must not be looked at below it
        paths.check(path)
    owner = await targets.find(backend.db, actor, target, to_write=True)
    below = owner.below(path)
    return await stream.store(
        backend.db,
        actor,
        backend.blobs,
        StoreArtifact(owner.root, below, body.chunks, body.size, body.media_type),
        lock_owner=owner.lock(actor, [below]),
        limit=backend.settings.max_artifact_bytes,
        permission=await targets.permission(backend.db, actor, owner.root.project_id, client),
    )


async def permit(
    backend: Backend, actor: Actor, target: Target, path: str, *, client: Client = Client.REGISTRY
) -> tuple[Root, str]:
    """Whether :func:`put` would take a file of that path now; the root and path that it would have there.

    Raises:
        InvalidPath, NotFound, Forbidden, WrittenElsewhere, PathOccupied: as :func:`put`.
    """
    paths.check(path)
    paths.require_text(path)
    owner = await targets.find(backend.db, actor, target, to_write=True)
    permission = await targets.permission(backend.db, actor, owner.root.project_id, client)
    below = owner.below(path)
    lock = owner.lock(actor, [below])
    checked = await stream.permit(backend.db, actor, owner.root, below, lock_owner=lock, permission=permission)
    return owner.root, checked
