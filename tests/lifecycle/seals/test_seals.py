"""A sealed version: its manifest, and that it is sealed once."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import text

from app.lifecycle.seals import manifests, seals
from tests.lifecycle.seals.conftest import FILES, sealed_version


def manifest_by_hand(files, media_types):
    """As the documentation says, with nothing of the service."""
    entries = []
    for path in sorted(files, key=lambda path: path.encode()):
        kind, name = (json.dumps(text, ensure_ascii=False) for text in (media_types[path], path))
        sha256, size = hashlib.sha256(files[path]).hexdigest(), len(files[path])
        entries.append(f'{{"mediaType":{kind},"path":{name},"sha256":"{sha256}","size":{size}}}')
    return f'{{"files":[{",".join(entries)}],"format":"modelyard-manifest/1"}}'


async def test_digest_is_that_of_the_manifest_as_a_stranger_writes_it(runtime, project, model):
    version = await sealed_version(runtime, project)
    types = {
        "MLmodel": "text/plain", "data/a.txt": "text/plain",
        "data/Ä b.bin": "application/octet-stream", "Z": "application/octet-stream",
    }  # fmt: skip
    expected = manifest_by_hand(FILES, types)
    async with runtime.db.read() as snap:
        manifest = await manifests.of_version(snap, version)
    assert manifest.document == expected
    assert version.manifest_digest == hashlib.sha256(expected.encode()).digest()
    assert version.sealed_at is not None


async def test_sealing_twice_changes_nothing(runtime, project, model):
    first = await sealed_version(runtime, project)
    again = await seals.seal_version(runtime.db, project.owner, project.id, first.id)
    assert (again.sealed_at, again.manifest_digest) == (first.sealed_at, first.manifest_digest)
    async with runtime.db.read() as snap:
        count = text("SELECT count(*) FROM version_seals WHERE project_id = :p AND version_id = :v")
        assert await snap.scalar(count, {"p": project.id, "v": first.id}) == 1
