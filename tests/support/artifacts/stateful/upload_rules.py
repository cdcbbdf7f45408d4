"""Steps that send files in parts: by MLflow's protocol, and announced ones that a worker verifies."""

from __future__ import annotations

import hashlib
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, rule

from app.artifacts.uploads import announced as uploads_announced
from app.artifacts.uploads import multipart
from app.artifacts.uploads import parts as uploads_parts
from app.artifacts.uploads.announced import AnnouncedFile
from app.artifacts.uploads.multipart import CompleteUpload, CreateUpload
from app.errors import NotFound
from app.tracking import file_owners
from tests.support.artifacts.stateful.expected import Announced, InParts, Owner
from tests.support.artifacts.stateful.file_rules import FileRules
from tests.support.artifacts.stateful.state import (
    BYTES,
    LIMIT,
    PATHS,
    announced,
    chunks,
    in_parts,
    owners,
    refused,
)


class UploadRules(FileRules):
    """Files in parts."""

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
            part = await self.blobs.put_part(made.object_key, made.store_id, 1, chunks(data), size=len(data))
            return made, part

        made = self.attempt(begin())
        if refused(made):
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
            assert refused(done)
        else:
            self.note_stored(upload.owner, upload.path, upload.data, done, may_be_late=upload.is_overdue)
            upload.artifact = None if refused(done) else done

    def abort_in_parts(self, upload: InParts) -> None:
        done = self.attempt(
            multipart.abort(
                self.db, self.actor, self.blobs, upload.owner.root, upload.path, upload.upload.id
            )
        )  # fmt: skip
        assert refused(done) is (upload.artifact is not None) or upload.is_overdue
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
        if refused(made):
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
            self.run(uploads_parts.receive(self.db, self.blobs, made[0], chunks(data), len(data)))
        return upload

    @rule(upload=announced, aborting=st.integers(0, 3).map(lambda number: number == 0))
    def end_announced(self, upload: Announced, aborting: bool) -> None:
        verb = uploads_announced.abort if aborting else uploads_announced.complete
        done = self.attempt(verb(self.db, self.actor, self.blobs, self.project.id, [upload.id]))
        if refused(done):
            assert upload.is_overdue or upload.state == ("completed" if aborting else "aborted"), done
        elif upload.state in {"open", "verifying"}:
            upload.state = "aborted" if aborting else "verifying"
