"""Writing and reading files through app.files, as an edge would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256

from sqlalchemy import select

from app.access.policy import Actor
from app.artifacts.tables import Artifact, Blob
from app.files import file_sets, read, store
from app.files.file_sets import NewFile, StagedBytes
from app.files.store import Body
from app.files.targets import Target
from app.runtime import Runtime


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def body(data: bytes) -> Body:
    return Body(chunks(data), len(data))


async def put(runtime: Runtime, actor: Actor, target: Target, path: str, data: bytes) -> Artifact:
    return await store.put(runtime, actor, target, path, body(data))


async def stage(runtime: Runtime, actor: Actor, project: int | str, data: bytes) -> StagedBytes:
    return await file_sets.stage(runtime, actor, project, body(data))


def new_file(path: str, staged: StagedBytes) -> NewFile:
    return NewFile(path, staged.sha256, staged.id)


def stored_file(path: str, data: bytes) -> NewFile:
    """A file whose bytes the project is expected to have."""
    return NewFile(path, sha256(data).digest())


async def content(runtime: Runtime, actor: Actor, target: Target, path: str) -> bytes:
    download = await read.open(runtime, actor, await read.find(runtime.db, actor, target, path), {})
    async with download.closing:
        return b"".join([chunk async for chunk in download.chunks or chunks()])


async def paths_of(runtime: Runtime, project_id: int) -> list[str]:
    """All paths of the project, visible or not."""
    async with runtime.db.read() as snap:
        statement = select(Artifact.path).where(Artifact.project_id == project_id)
        return sorted((await snap.scalars(statement)).all())


async def blob_states(runtime: Runtime, project_id: int) -> list[str]:
    async with runtime.db.read() as snap:
        return sorted((await snap.scalars(select(Blob.state).where(Blob.project_id == project_id))).all())
