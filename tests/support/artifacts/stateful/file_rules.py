"""Steps that store files as a whole, replace and delete them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from app.artifacts import removal
from app.artifacts.artifacts import FileTarget
from app.artifacts.tables import Artifact
from app.artifacts.uploads import small_batch, staged, stream
from app.artifacts.uploads.small_batch import IncomingFile, NeedsSlowPath
from app.artifacts.uploads.staged import NewFile, StagedBytes
from app.artifacts.uploads.stream import StoreArtifact
from app.ids import object_key
from app.tracking import file_owners
from tests.support.artifacts.stateful.expected import Owner, Slow, Version
from tests.support.artifacts.stateful.state import (
    BYTES,
    LIMIT,
    PATHS,
    LifeOfFiles,
    chunks,
    owners,
    refused,
    slow,
    versions,
)


class FileRules(LifeOfFiles):
    """Whole files."""

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
        done = self.attempt(self.store(owner, path, chunks(data), size))
        self.note_stored(owner, path, data, done)

    def note_stored(self, owner: Owner, path: str, data: bytes, done: object, *, may_be_late: bool = False) -> None:
        if refused(done):
            assert not owner.takes_files or may_be_late, done
        else:
            assert owner.takes_files
            owner.files[path] = data

    @rule(owner=owners, path=PATHS, data=BYTES)
    def upload_that_dies(self, owner: Owner, path: str, data: bytes) -> None:
        """Its process is killed when the bytes are in the bucket and the pointer is not."""

        async def work() -> None:
            lock, file = file_owners.lock(owner.root), IncomingFile.of(FileTarget(owner.root, path, "text/plain", None))
            if isinstance(await small_batch.reserve(self.db, file), NeedsSlowPath):
                await stream.begin(self.db, self.actor, file, lock, stream.Permission.CANDIDATE_WRITE)
            await self.blobs.put(file.key, chunks(data), limit=LIMIT)

        self.deaths += not refused(self.attempt(work()))

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
        began_refused = upload.is_overdue or refused(done)
        self.note_stored(upload.owner, upload.path, upload.data, done, may_be_late=began_refused)

    @rule(owner=owners, paths=st.lists(PATHS, min_size=1, max_size=3, unique=True), data=BYTES)
    def write_set(self, owner: Owner, paths: list[str], data: bytes) -> None:
        """Several files of one owner, staged one by one and written together."""

        async def stage(content: bytes) -> StagedBytes:
            return await staged.stage(
                self.db,
                self.actor,
                self.blobs,
                self.project.id,
                chunks(content),
                size=len(content),
                limit=LIMIT,
                permission=stream.Permission.CANDIDATE_WRITE,
            )

        contents = {path: data + bytes([number % 2]) for number, path in enumerate(paths)}
        bytes_of = {path: self.run(stage(content)) for path, content in contents.items()}
        files = [NewFile(path, one.sha256, one.id) for path, one in bytes_of.items()]
        lock, permission = file_owners.lock(owner.root), stream.Permission.CANDIDATE_WRITE
        done = self.attempt(
            staged.write(self.db, self.actor, owner.root, files, lock_owner=lock, permission=permission)
        )
        if refused(done):
            self.deaths += len(files)
        for path, content in contents.items():
            self.note_stored(owner, path, content, done)

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
        if refused(done):
            assert not owner.takes_files
            return
        gone = [name for name in owner.files if concerns(name)]
        assert done == len(gone)
        for name in gone:
            del owner.files[name]

    @rule(data=BYTES)
    def leave_an_object_that_no_row_knows(self, data: bytes) -> None:
        self.run(self.blobs.put(object_key(self.project.id), chunks(data), limit=LIMIT))
