"""The state of a version while its files are uploaded through GraphQL."""

from __future__ import annotations

from app.registry.versions import complete, create
from app.registry.versions.request import CreateVersion
from tests.graphql import test_uploads
from tests.graphql.test_uploads import Uploads, described
from tests.inspection.test_headers import LLAMA, gguf

uploads = test_uploads.uploads

VERSION = """query v($id: ID!) { node(id: $id) {
  ... on ModelVersion { status statusReason model { latestVersion { id } } } } }"""


async def version_of(uploads) -> tuple[str, str | None, bool]:
    """State and reason of the version, and whether it is the latest."""
    id = uploads.owner["modelVersion"]["id"]
    answer = (await uploads.data(uploads.person, VERSION, id=id))["node"]
    latest = answer["model"]["latestVersion"]
    return answer["status"], answer["statusReason"], latest is not None and latest["id"] == id


async def test_a_version_that_gets_its_first_files_is_open_until_all_of_them_are_ready(uploads):
    assert await version_of(uploads) == ("READY", None, True)
    one, two = await uploads.begin(described("a.bin", b"1"), described("b.bin", b"2"))
    assert (await version_of(uploads))[::2] == ("OPEN", False)
    await uploads.send(one, b"1")
    await uploads.complete(one)
    await uploads.work()
    assert (await version_of(uploads))[0] == "OPEN"
    await uploads.send(two, b"2")
    await uploads.complete(two)
    await uploads.work()
    assert await version_of(uploads) == ("READY", None, True)
    (more,) = await uploads.begin(described("c.bin", b"3"))
    assert (await version_of(uploads))[0] == "READY", "more files do not take away what is there"
    assert more["status"] == "OPEN"


async def test_stored_bytes_complete_a_version(uploads, runtime, project):
    await uploads.put("a.bin", b"known")
    model_id = uploads.version.model_id
    version = await create.create(runtime.db, project.owner, project.id, CreateVersion(model_id))
    other = Uploads(uploads.data, uploads.client, runtime, project, version)
    await other.begin(described("copy.bin", b"known"))
    await other.work()
    assert await version_of(other) == ("READY", None, True)


async def test_bad_file_fails_its_version_and_a_good_one_makes_it_ready(uploads):
    await uploads.put("model.gguf", b"GGUF\x03\0\0\0" + b"\xff" * 40)
    state, reason, is_latest = await version_of(uploads)
    assert (state, is_latest) == ("FAILED", False)
    assert reason.startswith("`model.gguf`: ")
    await uploads.put("model.gguf", gguf(LLAMA, [("w", [32, 4], 2, 0)], 96))
    assert await version_of(uploads) == ("READY", None, True)


async def test_chore_completes_versions_that_a_killed_worker_left(uploads, runtime, monkeypatch):
    async def killed(*_given):
        raise RuntimeError("killed")

    (upload,) = await uploads.begin(described("a.bin", b"1"))
    await uploads.send(upload, b"1")
    with monkeypatch.context() as patched:
        patched.setattr("app.registry.versions.complete.complete_announced", killed)
        await uploads.complete(upload)
        await uploads.work()
    assert (await version_of(uploads))[0] == "OPEN"
    await complete.complete_all_announced(runtime.db)
    assert (await version_of(uploads))[0] == "READY"
