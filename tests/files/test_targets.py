"""One rule for all protocols: whose files are meant, below which folder, and what is kept elsewhere."""

from __future__ import annotations

import pytest

from app.access import projects
from app.access.policy import Role
from app.access.projects import UpdateProject
from app.artifacts.artifacts import ArtifactNotFound
from app.artifacts.paths import InvalidPath
from app.artifacts.reads.folders import Entry
from app.artifacts.uploads.announced import AnnouncedFile
from app.errors import Forbidden, NotFound, TooLarge
from app.files import announced, links, multipart, read, remove, store
from app.files.store import Body
from app.files.targets import CandidateFiles, Client, KeptElsewhere, LoggedModelFiles, VersionFiles, WrittenElsewhere
from app.pagination import Window
from app.registry import models
from app.registry.models import CreateModel
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named
from app.registry.versions import create
from app.registry.versions.request import CreateVersion
from app.tracking import logged_models
from app.tracking.logged_models import CreateLoggedModel
from tests.support.files import body, chunks, content, paths_of, put


@pytest.fixture
def files(project, candidate):
    return CandidateFiles(project.id, candidate.id)


async def test_versions_are_named_by_id_reference_or_row(runtime, project, files, version):
    await put(runtime, project.owner, files, "model/weights.bin", b"weights")
    for named in (version.id, Named("digits", parse_reference("latest")), version):
        target = VersionFiles(project.id, named)
        assert await content(runtime, project.owner, target, "weights.bin") == b"weights"


async def test_paths_of_a_version_begin_at_its_folder_or_at_the_root_where_the_caller_says_so(
    runtime, project, version
):
    await put(runtime, project.owner, VersionFiles(project.id, version.id), "model/weights.bin", b"below")
    from_root = VersionFiles(project.id, version.id, from_root=True)
    await put(runtime, project.owner, from_root, "model/weights.bin", b"at the folder")
    await put(runtime, project.owner, from_root, "notes.txt", b"notes")
    assert await paths_of(runtime, project.id) == ["model/model/weights.bin", "model/notes.txt", "model/weights.bin"]
    assert await content(runtime, project.owner, from_root, "model/weights.bin") == b"at the folder"


async def test_folders_of_a_version_are_listed_below_its_folder(runtime, project, files, version):
    await put(runtime, project.owner, files, "model/a/b.bin", b"b")
    await put(runtime, project.owner, files, "model/c.bin", b"cc")
    await put(runtime, project.owner, files, "other.bin", b"other")
    target = VersionFiles(project.id, version.id)
    listing = await read.list_folder(runtime.db, project.owner, target)
    assert listing.is_whole
    assert listing.entries == [Entry("a", True), Entry("c.bin", False, 2)]
    page = await read.list_files(runtime.db, project.owner, target, Window(first=1))
    assert [file.path for file in page.items] == ["model/a/b.bin"]
    every = await read.list_files(runtime.db, project.owner, files, Window(first=100))
    assert [file.path for file in every.items] == ["model/a/b.bin", "model/c.bin", "other.bin"]


async def test_files_of_a_version_can_be_removed_one_by_one_and_all_at_once(runtime, project, files, version):
    for path in ("model/a", "model/b/c", "model/b/d", "logs/train.log"):
        await put(runtime, project.owner, files, path, path.encode())
    target = VersionFiles(project.id, version.id)
    with pytest.raises(InvalidPath):
        await remove.remove(runtime.db, project.owner, target, "")
    assert await remove.remove(runtime.db, project.owner, target, "b/") == 2
    assert await remove.remove_all(runtime.db, project.owner, target) == 1
    assert await paths_of(runtime, project.id) == ["logs/train.log"]
    assert await remove.remove_all(runtime.db, project.owner, files) == 1


async def test_logged_models_own_files(runtime, project):
    made = (await logged_models.create(runtime.db, project.owner, project.id, CreateLoggedModel(0))).model
    target = LoggedModelFiles(project.path, made.id)
    await put(runtime, project.owner, target, "MLmodel", b"flavors: {}")
    assert await content(runtime, project.owner, target, "MLmodel") == b"flavors: {}"


async def test_what_a_version_keeps_elsewhere_is_neither_read_nor_written_here(runtime, project):
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("theirs"))
    command = CreateVersion(model.id, source="s3://theirs/m", location="s3://theirs/m")
    version = await create.create(runtime.db, project.owner, project.id, command)
    target = VersionFiles(project.id, version.id)
    for reading in (
        read.find(runtime.db, project.owner, target, "a"),
        read.find_listed(runtime.db, project.owner, target, "a"),
        read.list_folder(runtime.db, project.owner, target),
        read.list_files(runtime.db, project.owner, target, Window(first=1)),
        read.by_digest(runtime.db, project.owner, project.id, bytes(32), within=target),
    ):
        with pytest.raises(KeptElsewhere, match="s3://theirs/m"):
            await reading
    assert (await announced.page(runtime.db, project.owner, target, Window(first=1))).items == []
    for writing in (
        store.put(runtime, project.owner, target, "a", body(b"x")),
        store.permit(runtime, project.owner, target, "a"),
        remove.remove(runtime.db, project.owner, target, "a"),
        remove.remove_all(runtime.db, project.owner, target),
        multipart.begin(runtime, project.owner, target, "a", 1),
        announced.announce(runtime, project.owner, target, [AnnouncedFile("a", 1)]),
    ):
        with pytest.raises(WrittenElsewhere, match="s3://theirs/m"):
            await writing


@pytest.mark.parametrize("client", Client)
@pytest.mark.parametrize("role", Role)
async def test_what_writing_takes_is_the_same_for_every_way_in(runtime, project, files, role, client):
    actor = project[role].actor
    least = Role.DEVELOPER if client is Client.TRAINING else Role.REPORTER
    ways = {
        "put": lambda: store.put(runtime, actor, files, "a", body(b"x"), client=client),
        "permit": lambda: store.permit(runtime, actor, files, "a", client=client),
        "multipart": lambda: multipart.begin(runtime, actor, files, "b", 1, client=client),
        "remove": lambda: remove.remove(runtime.db, actor, files, "a", client=client),
        "remove all": lambda: remove.remove_all(runtime.db, actor, files, client=client),
    }
    allowed = []
    for name, way in ways.items():
        try:
            await way()
        except Forbidden:
            continue
        allowed.append(name)
    assert allowed == (list(ways) if role >= least else [])


async def test_files_are_no_larger_than_the_settings_allow(runtime, project, files):
    with pytest.raises(TooLarge):
        await store.put(runtime, project.owner, files, "a", Body(chunks(b"x"), runtime.settings.max_artifact_bytes + 1))
    too_large = [AnnouncedFile("a", runtime.settings.max_artifact_bytes + 1)]
    with pytest.raises(TooLarge):
        await announced.announce(runtime, project.owner, files, too_large)


async def test_a_project_whose_files_are_switched_off_has_none_for_anyone(runtime, project, files):
    await put(runtime, project.owner, files, "a", b"x")
    switched = UpdateProject(project.id, experiments_access="disabled", registry_access="disabled")
    await projects.edit(runtime.db, project.owner, switched)
    for attempt in (
        read.find(runtime.db, project.owner, files, "a"),
        read.list_folder(runtime.db, project.owner, files),
        store.put(runtime, project.owner, files, "b", body(b"x"), client=Client.TRAINING),
        remove.remove(runtime.db, project.owner, files, "a", client=Client.TRAINING),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_find_listed_resolves_names_that_a_client_has_decoded(runtime, project, files):
    await put(runtime, project.owner, files, "images/dog%step%21.png", b"dog")
    with pytest.raises(ArtifactNotFound):
        await read.find(runtime.db, project.owner, files, "images/dog%step!.png")
    file = await read.find_listed(runtime.db, project.owner, files, "images/dog%step!.png")
    assert file.path == "images/dog%step%21.png"
    with pytest.raises(InvalidPath):
        await read.find_listed(runtime.db, project.owner, files, "../dog%21.png")


async def test_links_to_upload_are_made_for_those_who_may_write(runtime, project, files):
    life = links.life(runtime.settings, None, 900)
    url = await links.presign_put(runtime, project.owner, files, "a b.bin", "http://test", life=life)
    assert url.startswith(f"http://test/uploads/{project.id}/file/c{files.id.hex}/a%20b.bin?by=")
    with pytest.raises(Forbidden):
        await links.presign_put(runtime, project[Role.GUEST].actor, files, "a", "http://test", life=life)
