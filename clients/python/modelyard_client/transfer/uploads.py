"""Uploads as the API knows them: make, complete, look after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from modelyard_client.failures import Failure
from modelyard_client.service import documents
from modelyard_client.service.graphql import Api
from modelyard_client.transfer.hashing import Hashed

T = TypeVar("T")
Owner = Mapping[str, Any]
"""``ArtifactOwner`` of the API."""

_FIRST_LOOK, _LAST_LOOK = 0.05, 2.0
_NODES = 100
"""How many things the API looks up at once."""
MOST_FILES, MOST_BYTES, MOST_TEXT = 1_000, 4 * 1024**3, 256 * 1024
"""Of one batch: files, their bytes (so that the worker verifies while we send), letters of their names."""


@dataclass(frozen=True)
class Part:
    """A stretch of a file and where it goes."""

    number: int
    offset: int
    size: int
    url: str


@dataclass(frozen=True)
class Upload:
    """How far the service is with one file."""

    id: str
    path: str
    state: str
    reason: str | None
    already_stored: bool
    part_size: int
    part_count: int
    job: str | None
    parts: tuple[Part, ...] = ()
    """The first of its parts, as far as they came along."""
    artifact_state: str | None = None
    artifact_reason: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why the file is not fit for use, in words; None when it is in place and nothing is known against it."""
        if self.state != "READY":
            return self.reason or f"the upload is {self.state}"
        if self.artifact_state in {"FAILED", "QUARANTINED"}:
            return f"{self.artifact_state}: {self.artifact_reason or 'no reason was given'}"
        return None if self.artifact_state else "it was deleted while it was pushed"


def in_batches(files: Iterable[Hashed]) -> Iterator[list[Hashed]]:
    """Files in their order, in batches that one request may hold."""
    batch: list[Hashed] = []
    size = text = 0
    for hashed in files:
        size += hashed.file.size
        text += len(hashed.file.name)
        if batch and (len(batch) >= MOST_FILES or size > MOST_BYTES or text > MOST_TEXT):
            yield batch
            batch, size, text = [], hashed.file.size, len(hashed.file.name)
        batch.append(hashed)
    if batch:
        yield batch


async def create(api: Api, owner: Owner, batch: Sequence[Hashed]) -> list[Upload]:
    """Announce files; the answers are in their order.

    Raises:
        Failure: the service refused one; then none was made.
    """
    files = [{"path": one.file.name, "size": one.file.size, "sha256": one.sha256} for one in batch]
    payload = await api.change(documents.UPLOAD_CREATE, input={"owner": owner, "files": files})
    return [_upload(node) for node in payload["artifactUploads"]]


async def find(api: Api, ids: Sequence[str]) -> dict[str, Upload]:
    """Those of the uploads that still exist, by id."""
    uploads: dict[str, Upload] = {}
    for some in _slices(ids, _NODES):
        data = await api.ask(documents.UPLOADS, ids=some)
        uploads |= {upload.id: upload for upload in (_upload(node) for node in data["nodes"] if node)}
    return uploads


async def missing_parts(api: Api, id: str, after: int) -> list[Part]:
    """At most 1,000 parts after this number that have not arrived."""
    data = await api.ask(documents.MISSING_PARTS, id=id, afterNumber=after)
    upload = data["artifactUpload"]
    return _parts(upload) if upload else []


async def complete(api: Api, ids: Sequence[str]) -> str | None:
    """Have them joined and verified; the id of the job that does it, None when there is nothing to do.

    Raises:
        Failure: with the code ``PARTS_MISSING`` when not all of them have arrived.
    """
    payload = await api.change(documents.UPLOAD_COMPLETE, input={"ids": list(ids)})
    return payload["backgroundJob"]["id"] if payload["backgroundJob"] else None


async def abort(api: Api, ids: Sequence[str]) -> None:
    """Give uploads up; those that are over already stay as they are."""
    for some in _slices(ids, MOST_FILES):
        try:
            await api.change(documents.UPLOAD_ABORT, input={"ids": some})
        except Failure:
            continue  # they end by themselves


async def await_job(api: Api, id: str, advance: Callable[[int], None]) -> None:
    """Return when a background job has ended well; ``advance`` is told of steps done.

    Raises:
        Failure: it was given up.
    """
    pause, done = _FIRST_LOOK, 0
    while True:
        job = (await api.ask(documents.JOB, id=id))["node"]
        if job is None:
            return
        advance(int(job["done"]) - done)
        done = int(job["done"])
        if job["status"] == "SUCCEEDED":
            return
        if job["status"] == "DEAD":
            raise Failure(f"The service gave up verifying the files: {job['statusReason']}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LAST_LOOK)


def _upload(node: Mapping[str, Any]) -> Upload:
    artifact, job = node["artifact"] or {}, node["backgroundJob"] or {}
    return Upload(
        node["id"],
        node["path"],
        node["status"],
        node["statusReason"],
        node["alreadyStored"],
        int(node["partSize"]),
        int(node["partCount"]),
        job.get("id"),
        tuple(_parts(node)),
        artifact.get("status"),
        artifact.get("statusReason"),
    )


def _parts(node: Mapping[str, Any]) -> list[Part]:
    parts = node.get("parts") or ()
    return [Part(int(part["number"]), int(part["offset"]), int(part["size"]), part["url"]) for part in parts]


def _slices(items: Sequence[T], size: int) -> Iterator[list[T]]:
    return (list(items[start : start + size]) for start in range(0, len(items), size))
