"""``modelyard push``: files of this machine become a version, in as many runs as it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from modelyard_client import targets
from modelyard_client.connection import Connection
from modelyard_client.failures import Failure, Misused
from modelyard_client.progress import Reporter
from modelyard_client.registry import logs
from modelyard_client.registry.logs import Evidence
from modelyard_client.service import graphql as apis
from modelyard_client.service.graphql import Api
from modelyard_client.targets import NewVersion, Plan, Version
from modelyard_client.text import counted
from modelyard_client.transfer import hashing, local_files, resume_state, uploads
from modelyard_client.transfer.hashing import Hashed
from modelyard_client.transfer.local_files import LocalFile
from modelyard_client.transfer.resume_state import RememberedFile, ResumeState
from modelyard_client.transfer.sending import Sender
from modelyard_client.transfer.uploads import Owner, Upload

_ROUNDS = 5
"""How often files may change, or uploads end, while they are sent."""
_TOLD = 20
"""How many bad files a message names."""
_FORGOTTEN = "the service does not know its upload any more; push again"


@dataclass(frozen=True)
class PushOptions:
    """What a push is to do."""

    paths: tuple[Path, ...]
    new: NewVersion
    candidate: str | None = None
    evidence: Evidence = field(default_factory=Evidence)
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


@dataclass
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


async def push(connection: Connection, options: PushOptions, cache: Path, reporter: Reporter) -> Pushed:
    """Send files and make a version of them.

    Raises:
        Failure: something was refused, or a file is no good.
        Unreachable: the service was away for too long; the same order goes on later.
    """
    began = time.monotonic()
    if not options.paths and options.candidate is None:
        raise Misused("Name files or folders, or the candidate whose files the version has.")
    options.evidence.as_input()  # what makes no sense is refused before anything is sent
    local = local_files.collect(options.paths, options.exclude, options.folder) if options.paths else []
    with resume_state.remembered(cache, options.key(connection)) as resume:
        if options.restart:
            resume.begin_anew()
        async with apis.opened(connection, options.jobs, lambda reason: reporter.say(f"{reason}; trying again")) as api:
            work = _Push(api, options, resume, reporter)
            version = await work.run(local)
        resume.forget()
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
        resume.resumed,
        work.warnings,
    )


class _Push:
    def __init__(self, api: Api, options: PushOptions, resume: ResumeState, reporter: Reporter) -> None:
        self._api = api
        self._options = options
        self._resume = resume
        self._reporter = reporter
        self.sender = Sender(api, options.jobs, reporter.advance)
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
        hashed = await self._hash(local) if local else []
        # A candidate may have files beside these, and the version only those of a folder: the service compares them.
        if (plan.new.version or plan.new.tags) and self._options.candidate is None:
            await targets.require_possible(self._api, replace(plan, files=(), manifest=hashing.manifest(hashed)))
        await targets.require_model(self._api, self._options.new.model, create=self._options.create_model)
        owner = await self._owner()
        await self._log(owner)
        for _ in range(_ROUNDS):
            if not await self._transfer_all(owner, hashed):
                break
            hashed = await self._hash([_again(one.file) for one in hashed])
        else:
            raise Failure("The files kept changing while they were sent; push them when they are at rest.")
        await self._tell_missing(hashed)
        version = await self._version()
        await targets.complete(self._api, version, self._options.aliases)
        return version

    async def _plan(self, local: Sequence[LocalFile]) -> Plan:
        """What the push is going to ask for. Begins anew when the version of the interrupted push is gone.

        A version that was made by an earlier run is not asked for again.
        """
        if self._options.candidate is not None:
            await targets.candidate(self._api, self._options.candidate)
        if self._resume.resumed:
            self._reporter.say("Going on with the push that was interrupted.")
        made = await targets.made_version(self._api, self._resume, self._options.new.model)
        if made is None:
            if self._resume.version:
                self._reporter.say("The version of the interrupted push has been deleted; beginning anew.")
                self._resume.begin_anew()
            return Plan(self._options.new, local, self._options.aliases, self._options.create_model)
        new = replace(self._options.new, version=None, increment=None, tags={})
        return Plan(new, local, self._options.aliases, self._options.create_model)

    async def _hash(self, local: Sequence[LocalFile]) -> list[Hashed]:
        """The hashes of all files; those that look as they did are taken from memory."""
        remembered = self._resume.files
        new = [file for file in local if file.name not in remembered or _look(remembered[file.name]) != file.look]
        self._reporter.begin("Hashing", sum(file.size for file in new))
        async for hashed in hashing.hashed(new, self._reporter.advance):
            before = remembered.get(hashed.file.name)
            upload = before.upload if before and before.sha256 == hashed.sha256 else None
            if before and before.upload and not upload:
                await uploads.abort(self._api, [before.upload])
            remembered[hashed.file.name] = RememberedFile(*hashed.file.look, hashed.sha256, upload)
            self._resume.save_now_and_then()
        self._resume.save()
        return [Hashed(file, remembered[file.name].sha256) for file in local]

    async def _owner(self) -> Owner:
        if self._options.candidate is None:
            return {"modelVersion": {"id": (await self._version()).id}}
        candidate = await targets.candidate(self._api, self._options.candidate)
        return {"candidate": {"id": candidate["id"]}}

    async def _log(self, owner: Owner) -> None:
        """Log what is known of the version before its files are sent: a caller who may not is told at once.

        An interrupted push that has logged the same does not log it again.
        """
        evidence = self._options.evidence
        digest = evidence.digest
        if not evidence or self._resume.logged == digest:
            return
        if "candidate" in owner:
            candidate = owner["candidate"]["id"]
        else:
            candidate = await logs.candidate_of(self._api, owner["modelVersion"], self._options.new.model)
        await logs.to_candidate(self._api, candidate, evidence)
        self._resume.logged = digest
        self._resume.save()

    async def _version(self) -> Version:
        if self._options.candidate is None:
            return await targets.make_version(self._api, self._resume, self._options.new)
        candidate = await targets.candidate(self._api, self._options.candidate)
        new = self._options.new
        return await targets.make_version(
            self._api,
            self._resume,
            NewVersion(
                new.model, new.version, new.increment, new.description, new.tags, candidate["id"], self._options.folder
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
        existing = await self._existing_uploads(hashed)
        self._note_jobs(hashed, existing)
        self._reporter.begin("Sending", sum(one.file.size for one in hashed if _to_send(existing, one)))
        again = False
        for batch in uploads.in_batches(one for one in hashed if _to_send(existing, one)):
            again |= await self._send(owner, batch, existing)
        return again

    def _note_jobs(self, hashed: Sequence[Hashed], existing: Mapping[str, Upload]) -> None:
        """Jobs of earlier runs that still verify, and of files whose bytes are there but have to be inspected."""
        sizes: dict[str, int] = {}
        for one in hashed:
            upload = existing.get(one.file.name)
            if upload and upload.state == "VERIFYING" and upload.job:
                sizes[upload.job] = sizes.get(upload.job, 0) + one.file.size
        self._jobs = sizes | self._jobs

    async def _existing_uploads(self, hashed: Sequence[Hashed]) -> dict[str, Upload]:
        """By file name what the service still knows of earlier runs and can be gone on with."""
        ids = {self._resume.files[one.file.name].upload: one.file.name for one in hashed}
        existing = await uploads.find(self._api, [id for id in ids if id])
        return {ids[id]: upload for id, upload in existing.items() if upload.state not in {"FAILED", "ABORTED"}}

    async def _send(self, owner: Owner, batch: Sequence[Hashed], existing: Mapping[str, Upload]) -> bool:
        fresh = [one for one in batch if one.file.name not in existing]
        made = dict(existing)
        if fresh:
            answers = await uploads.create(self._api, owner, fresh)
            made |= {one.file.name: upload for one, upload in zip(fresh, answers)}
            for name, upload in made.items():
                self._resume.files[name].upload = upload.id
            self._resume.save()
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
        ids = {id: one for one in hashed if (id := self._resume.files[one.file.name].upload)}
        if self._jobs:
            self._reporter.begin("Verifying", sum(self._jobs.values()))
            await asyncio.gather(*(uploads.await_job(self._api, job, self._reporter.advance) for job in self._jobs))
            self._jobs = {}
        results = await uploads.find(self._api, list(ids))
        failed = {one.file.name for id, one in ids.items() if id in results and results[id].state == "FAILED"}
        troubles = {one.file.name: results[id].trouble if id in results else _FORGOTTEN for id, one in ids.items()}
        self._require_good(troubles, failed)

    def _require_good(self, troubles: Mapping[str, str | None], failed: Collection[str]) -> None:
        """Files that are not fit for use are announced anew by the next run; or left out, if they are gone by then."""
        bad = {name: trouble for name, trouble in troubles.items() if trouble}
        if not bad:
            return
        for name in bad.keys() - failed:
            self._resume.files[name].upload = None
        self._resume.save()
        lines = [f"  {name}: {trouble}" for name, trouble in list(bad.items())[:_TOLD]]
        lines += [f"  … and {len(bad) - _TOLD:,} more"] if len(bad) > _TOLD else []
        verb = "is" if len(bad) == 1 else "are"
        raise Failure("\n".join([f"{counted(len(bad), 'file')} {verb} not fit for use:", *lines]), code="BAD_FILES")

    async def _tell_missing(self, hashed: Sequence[Hashed]) -> None:
        """Files of the interrupted push that are not here any more."""
        gone = {name: self._resume.files[name].upload for name in self._resume.files}
        for one in hashed:
            gone.pop(one.file.name, None)
        existing = await uploads.find(self._api, [id for id in gone.values() if id])
        stay = sorted(upload.path for upload in existing.values() if upload.state in {"READY", "VERIFYING"})
        self.warnings += [
            f"`{path}` was sent before the interruption and stays, but is not here any more." for path in stay
        ]
        # What has failed keeps the version from being completed until it is left out.
        await uploads.abort(self._api, [one.id for one in existing.values() if one.state in {"OPEN", "FAILED"}])


def _again(file: LocalFile) -> LocalFile:
    try:
        now = file.path.stat()
    except OSError as error:
        raise Failure(f"{file.path} cannot be read any more: {error.strerror}.", code="UNREADABLE") from None
    return LocalFile(file.name, file.path, now.st_size, now.st_mtime_ns)


def _look(file: RememberedFile) -> tuple[int, int]:
    return file.size, file.mtime


def _to_send(existing: Mapping[str, Upload], one: Hashed) -> bool:
    upload = existing.get(one.file.name)
    return upload is None or upload.state == "OPEN"
