"""``modelyard push``: files of this machine become a version, in as many runs as it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.client import targets
from app.client.connection import Connection
from app.client.failures import Failure
from app.client.progress import Reporter, counted
from app.client.service import graphql as apis
from app.client.service.graphql import Api
from app.client.targets import NewVersion, Plan, Version
from app.client.transfer import hashing, local_files, resume_state, uploads
from app.client.transfer.hashing import Hashed
from app.client.transfer.local_files import LocalFile
from app.client.transfer.resume_state import RememberedFile, ResumeState
from app.client.transfer.sending import Sender
from app.client.transfer.uploads import Owner, Upload

_ROUNDS = 5
"""How often files may change, or uploads end, while they are sent."""
_TOLD = 20
"""How many bad files a message names."""
_FORGOTTEN = "the service does not know its upload any more; push again"


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What a push is to do."""

    paths: tuple[Path, ...]
    new: NewVersion
    candidate: str | None = None
    folder: str = ""
    exclude: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    create_model: bool = True
    jobs: int = 8
    restart: bool = False

    def key(self, connection: Connection) -> Mapping[str, Any]:
        """What makes two pushes the same push."""
        return {
            "url": connection.url,
            "project": connection.project,
            "model": self.new.model,
            "version": self.new.version,
            "increment": self.new.increment,
            "candidate": self.candidate,
            "folder": self.folder,
            "paths": [str(path.absolute()) for path in self.paths],
        }


@dataclass(slots=True)
class Pushed:
    """What a push has done."""

    version: Version
    files: int
    bytes: int
    sent_bytes: int
    sent_parts: int
    stored_before: int
    """Files whose bytes the project had already."""
    seconds: float
    resumed: bool
    warnings: list[str] = field(default_factory=list)


async def push(connection: Connection, order: PushRequest, cache: Path, reporter: Reporter) -> Pushed:
    """Send files and make a version of them.

    Raises:
        Failure: something was refused, or a file is no good.
        Unreachable: the service was away for too long; the same order goes on later.
    """
    began = time.monotonic()
    local = local_files.collect(order.paths, order.exclude, order.folder)
    with resume_state.remembered(cache, order.key(connection)) as kept:
        if order.restart:
            kept.begin_anew()
        async with apis.opened(connection, order.jobs, lambda reason: reporter.say(f"{reason}; trying again")) as api:
            work = _Push(api, order, kept, reporter)
            version = await work.run(local)
        kept.forget()
    size = sum(file.size for file in local)
    sent = work.sender.sent
    return Pushed(
        version,
        len(local),
        size,
        sent.bytes,
        sent.parts,
        work.stored_before,
        time.monotonic() - began,
        kept.resumed,
        work.warnings,
    )


class _Push:
    def __init__(self, api: Api, order: PushRequest, kept: ResumeState, reporter: Reporter) -> None:
        self._api = api
        self._order = order
        self._memory = kept
        self._reporter = reporter
        self.sender = Sender(api, order.jobs, reporter.advance)
        self._jobs: dict[str, int] = {}
        """The bytes that each job verifies."""
        self._stored: set[str] = set()
        """Hashes of bytes that the project had."""
        self.stored_before = 0
        self.warnings: list[str] = []

    async def run(self, local: Sequence[LocalFile]) -> Version:
        await targets.require_project(self._api)
        plan = await self._plan(local)
        await targets.require_possible(self._api, plan)
        hashed = await self._hash(local)
        # A candidate may have files beside these, and the version only those of a folder: the service compares them.
        if (plan.new.version or plan.new.tags) and self._order.candidate is None:
            await targets.require_possible(self._api, replace(plan, files=(), manifest=hashing.manifest(hashed)))
        await targets.require_model(self._api, self._order.new.model, create=self._order.create_model)
        owner = await self._owner()
        for _ in range(_ROUNDS):
            if not await self._transfer_all(owner, hashed):
                break
            hashed = await self._hash([_again(one.file) for one in hashed])
        else:
            raise Failure("The files kept changing while they were sent; push them when they are at rest.")
        await self._tell_missing(hashed)
        version = await self._version()
        await targets.complete(self._api, version, self._order.aliases)
        return version

    async def _plan(self, local: Sequence[LocalFile]) -> Plan:
        """What the push is going to ask for. Begins anew when the version of the interrupted push is gone.

        A version that was made by an earlier run is not asked for again.
        """
        if self._order.candidate is not None:
            await targets.candidate(self._api, self._order.candidate)
        if self._memory.resumed:
            self._reporter.say("Going on with the push that was interrupted.")
        made = await targets.made_version(self._api, self._memory, self._order.new.model)
        if made is None:
            if self._memory.version:
                self._reporter.say("The version of the interrupted push has been deleted; beginning anew.")
                self._memory.begin_anew()
            return Plan(self._order.new, local, self._order.aliases, self._order.create_model)
        new = replace(self._order.new, version=None, increment=None, tags={})
        return Plan(new, local, self._order.aliases, self._order.create_model)

    async def _hash(self, local: Sequence[LocalFile]) -> list[Hashed]:
        """The hashes of all files; those that look as they did are taken from memory."""
        known = self._memory.files
        new = [file for file in local if file.name not in known or _look(known[file.name]) != file.look]
        self._reporter.begin("Hashing", sum(file.size for file in new))
        async for hashed in hashing.hashed(new, self._reporter.advance):
            before = known.get(hashed.file.name)
            upload = before.upload if before and before.sha256 == hashed.sha256 else None
            if before and before.upload and not upload:
                await uploads.abort(self._api, [before.upload])
            known[hashed.file.name] = RememberedFile(*hashed.file.look, hashed.sha256, upload)
            self._memory.save_now_and_then()
        self._memory.save()
        return [Hashed(file, known[file.name].sha256) for file in local]

    async def _owner(self) -> Owner:
        if self._order.candidate is None:
            return {"modelVersion": {"id": (await self._version()).id}}
        found = await targets.candidate(self._api, self._order.candidate)
        return {"candidate": {"id": found["id"]}}

    async def _version(self) -> Version:
        if self._order.candidate is None:
            return await targets.make_version(self._api, self._memory, self._order.new)
        found = await targets.candidate(self._api, self._order.candidate)
        new = self._order.new
        return await targets.make_version(
            self._api,
            self._memory,
            NewVersion(
                new.model, new.version, new.increment, new.description, new.tags, found["id"], self._order.folder
            ),
        )

    async def _transfer_all(self, owner: Owner, hashed: Sequence[Hashed]) -> bool:
        """Send and verify everything that the service lacks; whether another round is needed.

        Files with the same bytes are sent once: the others follow when the service has them.
        """
        first, copies = hashing.distinct(hashed)
        for some in filter(None, (first, copies)):
            if await self._transfer(owner, some):
                return True
            await self._verify(some)
            if some is first:
                self.stored_before = sum(one.sha256 in self._stored for one in hashed)
        return False

    async def _transfer(self, owner: Owner, hashed: Sequence[Hashed]) -> bool:
        """Send everything that the service lacks; whether another round is needed."""
        known = await self._known_uploads(hashed)
        self._note_jobs(hashed, known)
        self._reporter.begin("Sending", sum(one.file.size for one in hashed if _to_send(known, one)))
        again = False
        for batch in uploads.in_batches(one for one in hashed if _to_send(known, one)):
            again |= await self._send(owner, batch, known)
        return again

    def _note_jobs(self, hashed: Sequence[Hashed], known: Mapping[str, Upload]) -> None:
        """Jobs of earlier runs that still verify, and of files whose bytes are there but have to be inspected."""
        found: dict[str, int] = {}
        for one in hashed:
            upload = known.get(one.file.name)
            if upload and upload.state == "VERIFYING" and upload.job:
                found[upload.job] = found.get(upload.job, 0) + one.file.size
        self._jobs = found | self._jobs

    async def _known_uploads(self, hashed: Sequence[Hashed]) -> dict[str, Upload]:
        """By file name what the service still knows of earlier runs and can be gone on with."""
        ids = {self._memory.files[one.file.name].upload: one.file.name for one in hashed}
        found = await uploads.find(self._api, [id for id in ids if id])
        return {ids[id]: upload for id, upload in found.items() if upload.state not in {"FAILED", "ABORTED"}}

    async def _send(self, owner: Owner, batch: Sequence[Hashed], known: Mapping[str, Upload]) -> bool:
        fresh = [one for one in batch if one.file.name not in known]
        made = dict(known)
        if fresh:
            answers = await uploads.create(self._api, owner, fresh)
            made |= {one.file.name: upload for one, upload in zip(fresh, answers, strict=True)}
            for name, upload in made.items():
                self._memory.files[name].upload = upload.id
            self._memory.save()
        stored = [one for one in fresh if made[one.file.name].already_stored]
        self._stored |= {one.sha256 for one in stored}
        self._note_jobs(fresh, made)
        self._reporter.advance(sum(one.file.size for one in stored))
        return await self._send_parts([(one.file, made[one.file.name]) for one in batch])

    async def _send_parts(self, work: Sequence[tuple[LocalFile, Upload]]) -> bool:
        opened = [(file, upload) for file, upload in work if upload.state == "OPEN"]
        await self.sender.send(opened)
        sent = self.sender.sent
        # A file may have changed between two of its parts: then the whole is neither the old one nor the new.
        again = sent.gone | sent.changed | {file.name for file, _ in opened if file.has_changed()}
        sent.gone.clear()
        sent.changed.clear()
        whole = {upload.id: file.size for file, upload in opened if file.name not in again}
        try:
            job = await uploads.complete(self._api, list(whole)) if whole else None
            self._jobs |= {job: sum(whole.values())} if job else {}
        except Failure as failure:
            if failure.code not in {"PARTS_MISSING", "NOT_FOUND", "CONFLICT"}:
                raise
            return True
        return bool(again)

    async def _verify(self, hashed: Sequence[Hashed]) -> None:
        """Wait until the service has looked at every file.

        Raises:
            Failure: one is not what was sent, or not what it claims to be.
        """
        ids = {id: one for one in hashed if (id := self._memory.files[one.file.name].upload)}
        if self._jobs:
            self._reporter.begin("Verifying", sum(self._jobs.values()))
            await asyncio.gather(*(uploads.await_job(self._api, job, self._reporter.advance) for job in self._jobs))
            self._jobs = {}
        found = await uploads.find(self._api, list(ids))
        failed = {one.file.name for id, one in ids.items() if id in found and found[id].state == "FAILED"}
        troubles = {one.file.name: found[id].trouble if id in found else _FORGOTTEN for id, one in ids.items()}
        self._require_good(troubles, failed)

    def _require_good(self, troubles: Mapping[str, str | None], failed: Collection[str]) -> None:
        """Files that are not fit for use are announced anew by the next run; or left out, if they are gone by then."""
        bad = {name: trouble for name, trouble in troubles.items() if trouble}
        if not bad:
            return
        for name in bad.keys() - failed:
            self._memory.files[name].upload = None
        self._memory.save()
        lines = [f"  {name}: {trouble}" for name, trouble in list(bad.items())[:_TOLD]]
        lines += [f"  … and {len(bad) - _TOLD:,} more"] if len(bad) > _TOLD else []
        verb = "is" if len(bad) == 1 else "are"
        raise Failure("\n".join([f"{counted(len(bad), 'file')} {verb} not fit for use:", *lines]), code="BAD_FILES")

    async def _tell_missing(self, hashed: Sequence[Hashed]) -> None:
        """Files of the interrupted push that are not here any more."""
        gone = {name: self._memory.files[name].upload for name in self._memory.files}
        for one in hashed:
            gone.pop(one.file.name, None)
        found = await uploads.find(self._api, [id for id in gone.values() if id])
        stay = sorted(upload.path for upload in found.values() if upload.state in {"READY", "VERIFYING"})
        self.warnings += [
            f"`{path}` was sent before the interruption and stays, but is not here any more." for path in stay
        ]
        # What has failed keeps the version from being completed until it is left out.
        await uploads.abort(self._api, [one.id for one in found.values() if one.state in {"OPEN", "FAILED"}])


def _again(file: LocalFile) -> LocalFile:
    try:
        now = file.path.stat()
    except OSError as error:
        raise Failure(f"{file.path} cannot be read any more: {error.strerror}.", code="UNREADABLE") from None
    return LocalFile(file.name, file.path, now.st_size, now.st_mtime_ns)


def _look(known: RememberedFile) -> tuple[int, int]:
    return known.size, known.mtime


def _to_send(known: Mapping[str, Upload], one: Hashed) -> bool:
    upload = known.get(one.file.name)
    return upload is None or upload.state == "OPEN"
