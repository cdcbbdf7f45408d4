"""Random lives of files against the real database and the real bucket, compared with a model of dictionaries.

After every step: whatever the model says can be reached has its bytes, and what was deleted cannot be seen. After a
day in which workers did their work: the bucket holds exactly the bytes that can be reached, each once.

``HYPOTHESIS_PROFILE=night`` tries much more, and differently each time.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run_as_test
from sqlalchemy import select, update

from app.artifacts import artifacts, removal
from app.artifacts.artifacts import FileTarget, Root
from app.artifacts.reads import downloads
from app.artifacts.tables import Artifact, Blob, CondemnedObject, MultipartUpload
from app.artifacts.upkeep import garbage, reconcile
from app.artifacts.uploads import announced as uploads_announced
from app.artifacts.uploads import multipart, small_batch, stream
from app.artifacts.uploads import parts as uploads_parts
from app.artifacts.uploads.announced import AnnouncedFile
from app.artifacts.uploads.multipart import CompleteUpload, CreateUpload
from app.artifacts.uploads.small_batch import IncomingFile
from app.artifacts.uploads.stream import StoreArtifact
from app.errors import ModelyardError, NotFound
from app.ids import object_key
from app.queue import leases
from app.queue.jobs import decode
from app.queue.outbox import BackgroundJob
from app.registry import aliases, models
from app.registry.models import CreateModel, ModelTaken
from app.registry.reads import details
from app.registry.references.parse import parse_reference
from app.registry.versions import create, delete
from app.registry.versions.request import CreateVersion
from app.runtime import Runtime, open_runtime
from app.tracking import candidates, file_owners
from app.tracking.candidates import CreateCandidate
from tests.conftest import TestProject, new_project
from workers.executor import execute
from workers.handlers import HANDLERS

COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": True,
}
PROFILES = {
    # The same lives each time: a change is to be blamed for what it breaks, not the dice.
    "default": settings(max_examples=24, stateful_step_count=30, derandomize=True, phases=[Phase.generate], **COMMON),
    "night": settings(max_examples=2_000, stateful_step_count=60, **COMMON),
}
PROFILE = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "default")]
LIMIT = 1 << 20
A_MINUTE, A_DAY = timedelta(minutes=1), timedelta(hours=26)
PATHS = st.sampled_from(["a", "d/b", "d/e/c", "model/MLmodel"])
BYTES = st.sampled_from([b"", b"one", b"two", b"three", b"four"])


@dataclass(eq=False)
class Owner:
    """A candidate and its files, as they should be."""

    root: Root
    model: Model | None = None
    """Whose experiment it stands in."""
    of_version: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    in_trash: bool = False
    condemned: bool = False
    versions: list[Version] = field(default_factory=list)

    @property
    def is_needed(self) -> bool:
        return any(version.is_alive for version in self.versions)

    @property
    def is_seen(self) -> bool:
        return self.is_needed or not self.condemned

    @property
    def takes_files(self) -> bool:
        return not (self.condemned or self.in_trash)


@dataclass(eq=False)
class Model:
    id: int
    name: str
    is_alive: bool = True
    numbers: list[int] = field(default_factory=list)
    aliases: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False)
class Version:
    id: int
    number: int
    model: Model
    owner: Owner
    is_deleted: bool = False

    @property
    def is_alive(self) -> bool:
        return self.model.is_alive and not self.is_deleted


@dataclass(eq=False)
class Slow:
    """An upload whose bytes are on their way."""

    owner: Owner
    path: str
    data: bytes
    may_end: asyncio.Event
    task: asyncio.Task[Artifact]
    is_overdue: bool = False


@dataclass(eq=False)
class InParts:
    """A multipart upload; ``artifact`` is what completing it has answered."""

    owner: Owner
    path: str
    data: bytes
    upload: MultipartUpload
    part: Any
    artifact: Any = None
    is_aborted: bool = False
    is_overdue: bool = False


@dataclass(eq=False)
class Announced:
    """An upload through GraphQL: ``open`` until it is completed, ``verifying`` until a worker has looked at it."""

    owner: Owner
    path: str
    data: bytes
    id: Any
    state: str = "open"
    is_overdue: bool = False


class Installation:
    """A runtime with an event loop of its own, for the steps of Hypothesis, which are synchronous."""

    def __init__(self, runner: asyncio.Runner, runtime: Runtime, staff: Any) -> None:
        self.runner, self.runtime, self.staff = runner, runtime, staff

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def new_project(self) -> TestProject:
        return self.run(new_project(self.runtime, self.staff))


async def _outcome(work: Coroutine[Any, Any, Any]) -> Any:
    """What it answered, or how it was refused; anything but a refusal is a fault of ours."""
    try:
        return await work
    except ModelyardError as refused:
        return refused


def _refused(outcome: object) -> bool:
    return isinstance(outcome, ModelyardError)


class Files(RuleBasedStateMachine):
    """Everything that brings files, shares them and lets go of them, in one project."""

    owners = Bundle("owners")
    models = Bundle("models")
    versions = Bundle("versions")
    slow = Bundle("slow")
    in_parts = Bundle("in_parts")
    announced = Bundle("announced")

    def __init__(self, installation: Installation) -> None:
        super().__init__()
        self.installation = installation
        self.runtime = installation.runtime
        self.db, self.blobs = self.runtime.db, self.runtime.blobs
        self.project = installation.new_project()
        self.actor = self.project.owner
        self.all_owners: list[Owner] = []
        self.all_models: list[Model] = []
        self.all_slow: list[Slow] = []
        self.all_in_parts: list[InParts] = []
        self.all_announced: list[Announced] = []
        self.deaths = 0
        self.verified: set[str] = set()
        """Keys whose bytes were read; they are read again when days have passed."""

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.installation.run(work)

    def attempt(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.run(_outcome(work))

    # Candidates, models, versions

    @initialize(target=owners)
    def first_owners(self) -> Any:
        return multiple(*(self.create_candidate() for _ in range(3)))

    @initialize(target=models)
    def first_models(self) -> Any:
        return multiple(self.create_model("iris"), self.create_model("digits"))

    @rule(target=owners)
    def another_candidate(self) -> Owner:
        return self.create_candidate()

    @rule(target=models, name=st.sampled_from(["iris", "digits", "wine"]))
    def another_model(self, name: str) -> Any:
        return self.create_model(name)

    def create_candidate(self) -> Owner:
        made = self.run(candidates.create(self.db, self.actor, self.project.id, CreateCandidate())).candidate
        return self.keep_owner(made.id)

    def keep_owner(self, candidate_id: Any, **values: Any) -> Owner:
        owner = Owner(Root(self.project.id, candidate_id=candidate_id), **values)
        self.all_owners.append(owner)
        return owner

    def create_model(self, name: str) -> Any:
        taken = any(model.name == name and model.is_alive for model in self.all_models)
        made = self.attempt(models.create(self.db, self.actor, self.project.id, CreateModel(name)))
        assert isinstance(made, ModelTaken) is taken
        if taken:
            return multiple()
        model = Model(made.id, name)
        self.all_models.append(model)
        return model

    @rule(target=versions, model=models)
    def create_version(self, model: Model) -> Any:
        made = self.attempt(create.create(self.db, self.actor, self.project.id, CreateVersion(model.id)))
        if not model.is_alive:
            assert isinstance(made, NotFound)
            return multiple()
        return self.keep_version(model, made, self.keep_owner(made.candidate_id, model=model, of_version=True))

    @rule(target=versions, model=models, owner=owners | versions)
    def promote_or_copy(self, model: Model, owner: Owner | Version) -> Any:
        return self.version_from(model, owner if isinstance(owner, Owner) else owner.owner)

    def version_from(self, model: Model, owner: Owner) -> Any:
        command = CreateVersion(model.id, candidate_id=owner.root.candidate_id)
        made = self.attempt(create.create(self.db, self.actor, self.project.id, command))
        if _refused(made):
            assert not (model.is_alive and owner.takes_files), made
            return multiple()
        assert model.is_alive and owner.takes_files
        return self.keep_version(model, made, owner)

    def keep_version(self, model: Model, made: Any, owner: Owner) -> Version:
        assert made.number == len(model.numbers) + 1, "numbers have no gap and are never used again"
        model.numbers.append(made.number)
        version = Version(made.id, made.number, model, owner)
        owner.versions.append(version)
        return version

    @rule(version=versions, name=st.sampled_from(["champion", "rival"]))
    def set_alias(self, version: Version, name: str) -> None:
        reference = parse_reference(f"#{version.number}")
        done = self.attempt(aliases.set(self.db, self.actor, self.project.id, version.model.id, name, reference))
        assert _refused(done) is not version.is_alive
        if version.is_alive:
            version.model.aliases[name] = version.number

    @rule(version=versions)
    def delete_version(self, version: Version) -> None:
        done = self.attempt(delete.delete(self.db, self.actor, self.project.id, version.id))
        assert _refused(done) is not version.is_alive
        if version.is_alive:
            version.is_deleted = True
            model, number = version.model, version.number
            model.aliases = {name: at for name, at in model.aliases.items() if at != number}
            self.let_go(version.owner)

    @rule(model=models)
    def delete_model(self, model: Model) -> None:
        done = self.attempt(models.delete(self.db, self.actor, self.project.id, model.id))
        assert _refused(done) is not model.is_alive
        model.is_alive = False
        for owner in self.all_owners:
            if owner.model is model:
                owner.condemned = True
            if any(version.model is model for version in owner.versions):
                self.let_go(owner)

    def let_go(self, owner: Owner) -> None:
        owner.condemned = owner.condemned or (owner.of_version and not owner.is_needed)

    @rule(owner=owners, verb=st.sampled_from(["delete", "restore", "condemn"]))
    def change_candidate(self, owner: Owner, verb: str) -> None:
        done = self.attempt(getattr(candidates, verb)(self.db, self.actor, self.project.id, owner.root.id))
        if _refused(done):
            assert owner.condemned or (owner.is_needed and verb != "restore"), done
            return
        assert not owner.condemned
        if verb == "condemn":
            assert not owner.is_needed
            owner.condemned = True
        else:
            owner.in_trash = verb == "delete"

    # Files

    async def store(self, owner: Owner, path: str, chunks: Any, size: int | None = None) -> Artifact:
        command = StoreArtifact(owner.root, path, chunks, size=size)
        return await stream.store(
            self.db, self.actor, self.blobs, command, lock_owner=file_owners.lock(owner.root), limit=LIMIT
        )

    @rule(owner=owners, path=PATHS, data=BYTES, is_announced=st.booleans())
    def upload(self, owner: Owner, path: str, data: bytes, is_announced: bool) -> None:
        self.put(owner, path, data, size=len(data) if is_announced else None)

    @rule(owner=owners, path=PATHS, choice=st.integers(0, 99))
    def upload_what_is_there_already(self, owner: Owner, path: str, choice: int) -> None:
        values = [data for each in self.all_owners for data in each.files.values()] or [b"one"]
        data = values[choice % len(values)]
        self.put(owner, path, data, size=len(data))

    @rule(version=versions, path=PATHS, data=BYTES)
    def upload_to_version(self, version: Version, path: str, data: bytes) -> None:
        self.put(version.owner, path, data)

    @rule(choice=st.integers(0, 99), data=BYTES)
    def replace(self, choice: int, data: bytes) -> None:
        if values := [(each, path) for each in self.all_owners for path in each.files]:
            self.put(*values[choice % len(values)], data, size=len(data))

    def put(self, owner: Owner, path: str, data: bytes, size: int | None = None) -> None:
        done = self.attempt(self.store(owner, path, _chunks(data), size))
        self.note_stored(owner, path, data, done)

    def note_stored(self, owner: Owner, path: str, data: bytes, done: object, *, may_be_late: bool = False) -> None:
        if _refused(done):
            assert not owner.takes_files or may_be_late, done
        else:
            assert owner.takes_files
            owner.files[path] = data

    @rule(owner=owners, path=PATHS, data=BYTES)
    def upload_that_dies(self, owner: Owner, path: str, data: bytes) -> None:
        """Its process is killed when the bytes are in the bucket and the pointer is not."""

        async def work() -> None:
            lock, file = file_owners.lock(owner.root), IncomingFile.of(FileTarget(owner.root, path, "text/plain", None))
            if not await small_batch.reserve(self.db, file):
                await stream.begin(self.db, self.actor, file, lock, stream.Permission.CANDIDATE_WRITE)
            await self.blobs.put(file.key, _chunks(data), limit=LIMIT)

        self.deaths += not _refused(self.attempt(work()))

    @rule(target=slow, owner=owners, path=PATHS, data=BYTES)
    def begin_slow_upload(self, owner: Owner, path: str, data: bytes) -> Slow:
        async def begin() -> Slow:
            begun, may_end = asyncio.Event(), asyncio.Event()

            async def chunks() -> Any:
                begun.set()
                await may_end.wait()
                yield data

            task = asyncio.ensure_future(self.store(owner, path, chunks()))
            started = asyncio.ensure_future(begun.wait())
            await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
            started.cancel()
            return Slow(owner, path, data, may_end, task)

        upload = self.run(begin())
        self.all_slow.append(upload)
        return upload

    @rule(upload=slow)
    def end_slow_upload(self, upload: Slow) -> None:
        if upload not in self.all_slow:
            return
        self.all_slow.remove(upload)

        async def end() -> Any:
            upload.may_end.set()
            return await upload.task

        done = self.attempt(end())
        began_refused = upload.is_overdue or _refused(done)
        self.note_stored(upload.owner, upload.path, upload.data, done, may_be_late=began_refused)

    @rule(target=in_parts, owner=owners, path=PATHS, data=BYTES)
    def begin_in_parts(self, owner: Owner, path: str, data: bytes) -> Any:
        async def begin() -> Any:
            made = await multipart.create(
                self.db,
                self.actor,
                self.blobs,
                CreateUpload(owner.root, path, 1),
                lock_owner=file_owners.lock(owner.root),
            )
            part = await self.blobs.put_part(made.object_key, made.store_id, 1, _chunks(data), size=len(data))
            return made, part

        made = self.attempt(begin())
        if _refused(made):
            assert not owner.takes_files
            return multiple()
        upload = InParts(owner, path, data, *made)
        self.all_in_parts.append(upload)
        return upload

    @rule(upload=in_parts, aborting=st.booleans())
    def end_in_parts(self, upload: InParts, aborting: bool) -> None:
        (self.abort_in_parts if aborting else self.complete_in_parts)(upload)

    def complete_in_parts(self, upload: InParts) -> None:
        command = CompleteUpload(upload.owner.root, upload.path, upload.upload.id, [upload.part])
        lock = file_owners.lock(upload.owner.root)
        done = self.attempt(multipart.complete(self.db, self.actor, self.blobs, command, lock_owner=lock, limit=LIMIT))
        if upload.artifact is not None:
            assert done == upload.artifact or (upload.is_overdue and isinstance(done, NotFound))
        elif upload.is_aborted:
            assert _refused(done)
        else:
            self.note_stored(upload.owner, upload.path, upload.data, done, may_be_late=upload.is_overdue)
            upload.artifact = None if _refused(done) else done

    def abort_in_parts(self, upload: InParts) -> None:
        done = self.attempt(
            multipart.abort(
                self.db, self.actor, self.blobs, upload.owner.root, upload.path, upload.upload.id
            )
        )  # fmt: skip
        assert _refused(done) is (upload.artifact is not None) or upload.is_overdue
        upload.is_aborted = upload.is_aborted or upload.artifact is None

    @rule(target=announced, owner=owners, path=PATHS, data=BYTES, knows_hash=st.booleans())
    def announce(self, owner: Owner, path: str, data: bytes, knows_hash: bool) -> Any:
        file = AnnouncedFile(path, len(data), hashlib.sha256(data).digest() if knows_hash else None)
        lock = file_owners.lock(owner.root)
        made = self.attempt(
            uploads_announced.create(
                self.db, self.actor, self.blobs, owner.root, [file], lock_owner=lock, limit=LIMIT
            )
        )  # fmt: skip
        if _refused(made):
            assert not owner.takes_files
            return multiple()
        upload = Announced(owner, path, data, made[0].id)
        self.all_announced.append(upload)
        if made[0].state == "completed":
            assert knows_hash
            upload.state = "completed"
            self.note_stored(owner, path, data, made[0])
        elif made[0].state == "verifying":
            assert knows_hash
            upload.state = "verifying"
        elif data:
            self.run(uploads_parts.receive(self.db, self.blobs, made[0], _chunks(data), len(data)))
        return upload

    @rule(upload=announced, aborting=st.integers(0, 3).map(lambda number: number == 0))
    def end_announced(self, upload: Announced, aborting: bool) -> None:
        verb = uploads_announced.abort if aborting else uploads_announced.complete
        done = self.attempt(verb(self.db, self.actor, self.blobs, self.project.id, [upload.id]))
        if _refused(done):
            assert upload.is_overdue or upload.state == ("completed" if aborting else "aborted"), done
        elif upload.state in {"open", "verifying"}:
            upload.state = "aborted" if aborting else "verifying"

    async def note_verified(self) -> None:
        """A worker may have put files in their places, or found that it cannot."""
        waiting = {upload.id: upload for upload in self.all_announced if upload.state == "verifying"}
        statement = select(MultipartUpload.id, MultipartUpload.state).where(MultipartUpload.id.in_(waiting))
        async with self.db.read() as snap:
            rows = {row.id: row.state for row in await snap.execute(statement)}
        for id, upload in waiting.items():
            upload.state = rows.get(id, "aborted")
            if upload.state == "completed":
                assert upload.owner.takes_files
                upload.owner.files[upload.path] = upload.data
            else:
                assert upload.state == "verifying" or not upload.owner.takes_files or upload.is_overdue, upload.state

    @rule(owner=owners | versions, path=st.sampled_from(["a", "d/b", "d", "d/e", "nothing", None]))
    def remove(self, owner: Owner | Version, path: str | None) -> None:
        owner = owner if isinstance(owner, Owner) else owner.owner
        lock = file_owners.lock(owner.root)
        if path is None:
            done = self.attempt(removal.remove_all(self.db, self.actor, owner.root, lock_owner=lock))
            self.note_removed(owner, done, lambda _: True)
            return
        done = self.attempt(removal.remove(self.db, self.actor, owner.root, path, lock_owner=lock))
        self.note_removed(owner, done, lambda name: name == path or name.startswith(f"{path}/"))

    def note_removed(self, owner: Owner, done: Any, concerns: Callable[[str], bool]) -> None:
        if _refused(done):
            assert not owner.takes_files
            return
        gone = [name for name in owner.files if concerns(name)]
        assert done == len(gone)
        for name in gone:
            del owner.files[name]

    @rule(data=BYTES)
    def leave_an_object_that_no_row_knows(self, data: bytes) -> None:
        self.run(self.blobs.put(object_key(self.project.id), _chunks(data), limit=LIMIT))

    # Workers, and time

    @rule()
    def die_in_a_job(self) -> None:
        """A worker takes a job and is killed at its first report; the lease runs out with the time."""

        async def work() -> None:
            for job_id in await self.jobs("queued"):
                lease = await leases.claim(self.db, job_id, "doomed")
                if lease is not None:
                    job = decode(lease.job.kind, lease.job.payload)
                    try:
                        await HANDLERS[lease.job.kind](self.runtime, job, _die)
                    except* _Killed:
                        pass
                await self.note_verified()

        self.run(work())

    @rule()
    def repeat_done_jobs(self) -> None:
        async def work() -> None:
            async with self.db.read() as snap:
                mine = (BackgroundJob.project_id == self.project.id, BackgroundJob.state == "succeeded")
                done = (await snap.scalars(select(BackgroundJob).where(*mine))).all()
            for job in done:
                await HANDLERS[job.kind](self.runtime, decode(job.kind, job.payload), _quiet)
                await self.note_verified()

        self.run(work())

    @rule(chore=st.sampled_from(["jobs", "sweep", "expire", "uploads", "reconcile"]))
    def tick(self, chore: str) -> None:
        if chore == "jobs":
            self.run(self.run_jobs())
        elif chore == "sweep":
            self.run(garbage.sweep(self.db, self.blobs))
        elif chore == "expire":
            self.run(garbage.expire_pending(self.db))
        elif chore == "uploads":
            self.run(multipart.expire(self.db, self.blobs))
        else:
            self.pass_time(A_DAY)
            self.run(self.reconcile_as_if_old())

    @rule(span=st.sampled_from([A_MINUTE, A_DAY]))
    def pass_time(self, span: timedelta) -> None:
        """Everything that is due at some moment comes nearer; what lasts longer than it may is overdue."""
        self.run(self.move_moments(span))
        if span is A_DAY:
            for upload in [*self.all_slow, *self.all_in_parts, *self.all_announced]:
                upload.is_overdue = True

    @rule()
    def settle(self) -> None:
        """Workers do all there is to do, and two days pass: nothing is left but what can be reached."""
        for _ in range(2):
            self.pass_time(A_DAY)
            self.run(self.run_jobs())
            self.run(garbage.expire_pending(self.db))
            self.run(multipart.expire(self.db, self.blobs))
            assert self.run(self.kept())["uploads"] == []
            self.run(self.reconcile_as_if_old())
        self.pass_time(A_MINUTE)
        self.run(garbage.sweep(self.db, self.blobs))
        self.deaths = 0
        self.verified.clear()
        for owner in self.all_owners:
            owner.condemned = owner.condemned
        reachable = {data for owner in self.all_owners if owner.is_seen for data in owner.files.values()}
        kept = self.run(self.kept())
        assert sorted(kept["objects"].values()) == sorted(map(len, reachable))
        assert kept["objects"].keys() == kept["blobs"]
        assert kept["condemned"] == []
        assert kept["jobs"] in ([], ["succeeded"])
        seen = {owner.root.id for owner in self.all_owners if owner.is_seen and owner.files}
        assert kept["roots"] == seen

    @invariant()
    def what_can_be_reached_is_whole(self) -> None:
        self.run(self.compare())

    @invariant()
    def only_what_is_under_way_is_pending(self) -> None:
        """What has ended, well or not, waits for no lease to run out; only a killed process leaves that behind."""
        in_parts = [one for one in self.all_in_parts if one.artifact is None and not one.is_aborted]
        announced = [one for one in self.all_announced if one.state in {"open", "verifying"}]
        under_way = self.deaths + len(self.all_slow) + len(in_parts) + len(announced)
        assert len(self.run(self.pending())) <= under_way

    @invariant()
    def aliases_stand_where_they_were_put(self) -> None:
        for model in self.all_models:
            if model.is_alive and model.aliases:
                (shown,) = self.run(details.models_by_ids(self.db, self.actor, self.project.id, [model.id]))
                assert dict(shown.aliases) == model.aliases

    def teardown(self) -> None:
        for upload in self.all_slow:
            upload.may_end.set()
            self.run(asyncio.wait({upload.task}))
            if upload.task.exception() is None:
                upload.owner.files[upload.path] = upload.data
        self.all_slow.clear()
        self.settle()
        self.run(self.compare())

    async def compare(self) -> None:
        """Rows against the model, objects against the rows, and the bytes themselves."""
        async with self.db.read() as snap:
            statement = artifacts.details().where(Artifact.project_id == self.project.id)
            rows = [artifacts.ArtifactDetails(*row) for row in await snap.execute(statement)]
        objects = {one.key: one.size async for one in self.blobs.list_keys(f"v1/{self.project.id}/")}
        details: dict[Any, dict[str, bytes]] = {}
        for row in rows:
            assert objects.get(row.object_key) == row.size, f"{row.path} has lost its object"
            details.setdefault(row.root_id, {})[row.path] = row.sha256
        for owner in self.all_owners:
            expected = {path: hashlib.sha256(data).digest() for path, data in owner.files.items()}
            seen = details.pop(owner.root.id, {})
            assert seen == (expected if owner.is_seen else {})
        assert details == {}
        for row in {row.object_key: row for row in rows if row.object_key not in self.verified}.values():
            assert hashlib.sha256(await self.read(row)).digest() == row.sha256
            self.verified.add(row.object_key)

    async def read(self, row: artifacts.ArtifactDetails) -> bytes:
        answer = await downloads.answer(self.blobs, row, {})
        async with answer.closing:
            return b"".join([chunk async for chunk in answer.chunks]) if answer.chunks else b""

    async def kept(self) -> dict[str, Any]:
        mine = self.project.id
        async with self.db.read() as snap:
            return {
                "objects": {one.key: one.size async for one in self.blobs.list_keys(f"v1/{mine}/")},
                "blobs": set(await snap.scalars(select(Blob.object_key).where(Blob.project_id == mine))),
                "condemned": list(await snap.scalars(self.of_condemned(select(CondemnedObject.object_key)))),
                "uploads": [one.key async for one in self.blobs.list_uploads(f"v1/{mine}/")],
                "jobs": list(
                    await snap.scalars(select(BackgroundJob.state).where(BackgroundJob.project_id == mine).distinct())
                ),
                "roots": set(await snap.scalars(select(Artifact.root_id).where(Artifact.project_id == mine))),
            }

    async def pending(self) -> list[Any]:
        mine = (Blob.project_id == self.project.id, Blob.state == "pending")
        async with self.db.read() as snap:
            return list(await snap.scalars(select(Blob.id).where(*mine)))

    def of_condemned(self, statement: Any) -> Any:
        return statement.where(CondemnedObject.object_key.startswith(f"v1/{self.project.id}/"))

    async def jobs(self, *states: str) -> list[Any]:
        mine = (BackgroundJob.project_id == self.project.id, BackgroundJob.state.in_(states))
        async with self.db.read() as snap:
            return list(await snap.scalars(select(BackgroundJob.id).where(*mine).order_by(BackgroundJob.id)))

    async def run_jobs(self) -> None:
        """Until there is none: a job may promise others. None may fail."""
        while due := [id for id in await self.jobs("queued", "running") if await leases.kind_of(self.db, id)]:
            for job_id in due:
                await execute(self.runtime, job_id, "machine")
                await self.note_verified()
            async with self.db.read() as snap:
                mine = (BackgroundJob.project_id == self.project.id, BackgroundJob.last_error.is_not(None))
                assert (await snap.scalars(select(BackgroundJob.last_error).where(*mine))).all() == []

    async def reconcile_as_if_old(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reconcile, "ORPHAN_AGE", timedelta(seconds=-5))
            patch.setattr(reconcile, "SUSPICION", timedelta(seconds=-5))
            for _ in ("suspect", "condemn"):
                assert await reconcile.reconcile(self.db, self.blobs) is not None
        damaged = select(Blob.id).where(Blob.project_id == self.project.id, Blob.damaged_at.is_not(None))
        async with self.db.read() as snap:
            assert (await snap.scalars(damaged)).all() == []

    async def move_moments(self, span: timedelta) -> None:
        mine = self.project.id
        async with self.db.write() as tx:
            await tx.execute(
                self.of_condemned(update(CondemnedObject).values(not_before=CondemnedObject.not_before - span))
            )
            await tx.execute(update(Blob).where(Blob.project_id == mine).values(lease_until=Blob.lease_until - span))
            await tx.execute(
                update(MultipartUpload)
                .where(MultipartUpload.project_id == mine)
                .values(
                    expires_at=MultipartUpload.expires_at - span, claimed_until=MultipartUpload.claimed_until - span
                )
            )
            await tx.execute(
                update(BackgroundJob)
                .where(BackgroundJob.project_id == mine)
                .values(lease_until=BackgroundJob.lease_until - span, run_after=BackgroundJob.run_after - span)
            )


class _Killed(BaseException):
    """As kill -9: nobody hears of it."""


async def _die(_done: int, _total: int | None) -> None:
    raise _Killed


async def _quiet(_done: int, _total: int | None) -> None:
    pass


async def _chunks(*parts: bytes) -> Any:
    for part in parts:
        yield part


@pytest.fixture
def installation(migrated, runtime, staff):
    """The servers of this run, reached from an event loop that stands still between steps."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        opening = open_runtime(migrated, name="lives of files")
        opened = runner.run(opening.__aenter__())
        try:
            yield Installation(runner, opened, staff)
        finally:
            runner.run(opening.__aexit__(None, None, None))


def test_no_byte_is_lost_and_none_is_kept(installation):
    run_as_test(partial(Files, installation), settings=PROFILE)
