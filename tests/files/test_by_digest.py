"""Files by the SHA-256 of their bytes, within a project: as far as the actor may see them."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlalchemy import update

from app.access import projects
from app.access.projects import UpdateProject
from app.artifacts.artifacts import ArtifactNotFound
from app.artifacts.tables import Artifact
from app.errors import NotFound
from app.files import read, remove
from app.files.targets import CandidateFiles, VersionFiles
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate
from tests.conftest import new_project
from tests.support.files import put
from tests.support.statements import statements

WEIGHTS = sha256(b"weights").digest()


@pytest.fixture
def files(project, candidate):
    return CandidateFiles(project.id, candidate.id)


async def test_by_digest_answers_the_file_with_these_bytes(runtime, project, files):
    made = await put(runtime, project.owner, files, "model/weights.bin", b"weights")
    file = await read.by_digest(runtime.db, project.owner, project.path, WEIGHTS)
    assert (file.id, file.path, file.size, file.sha256) == (made.id, "model/weights.bin", 7, WEIGHTS)


async def test_bytes_that_no_file_has_are_not_found(runtime, project, files):
    with pytest.raises(ArtifactNotFound):
        await read.by_digest(runtime.db, project.owner, project.id, WEIGHTS)
    await put(runtime, project.owner, files, "weights.bin", b"weights")
    await remove.remove(runtime.db, project.owner, files, "weights.bin")
    with pytest.raises(ArtifactNotFound):
        await read.by_digest(runtime.db, project.owner, project.id, WEIGHTS)


async def test_bytes_of_another_project_are_not_found(runtime, project, files, staff):
    await put(runtime, project.owner, files, "weights.bin", b"weights")
    other = await new_project(runtime, staff)
    with pytest.raises(ArtifactNotFound):
        await read.by_digest(runtime.db, project.owner, other.id, WEIGHTS)


async def test_strangers_do_not_learn_that_the_project_has_the_bytes(runtime, project, files):
    await put(runtime, project.owner, files, "weights.bin", b"weights")
    for actor in (project.stranger.actor, project.anonymous):
        with pytest.raises(NotFound) as refusal:
            await read.by_digest(runtime.db, actor, project.id, WEIGHTS)
        assert not isinstance(refusal.value, ArtifactNotFound)


async def test_by_digest_answers_files_of_versions_only_without_experiments(runtime, project, files, version):
    await put(runtime, project.owner, files, "model/weights.bin", b"weights")
    await put(runtime, project.owner, files, "logs/train.log", b"secret")
    switched = UpdateProject(project.id, experiments_access="disabled")
    await projects.edit(runtime.db, project.owner, switched)
    file = await read.by_digest(runtime.db, project.owner, project.id, WEIGHTS)
    assert file.path == "model/weights.bin"
    with pytest.raises(ArtifactNotFound):
        await read.by_digest(runtime.db, project.owner, project.id, sha256(b"secret").digest())


async def test_by_digest_within_a_version_answers_files_below_its_folder(runtime, project, files, version):
    await put(runtime, project.owner, files, "model/weights.bin", b"weights")
    await put(runtime, project.owner, files, "models/other.bin", b"other")
    target = VersionFiles(project.id, version.id)
    file = await read.by_digest(runtime.db, project.owner, project.id, WEIGHTS, within=target)
    assert file.path == "model/weights.bin"
    with pytest.raises(ArtifactNotFound):
        await read.by_digest(runtime.db, project.owner, project.id, sha256(b"other").digest(), within=target)


async def test_within_a_candidate_only_files_of_versions_are_visible_without_experiments(
    runtime, project, files, version
):
    await put(runtime, project.owner, files, "model/weights.bin", b"weights")
    await put(runtime, project.owner, files, "logs/train.log", b"secret")
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, experiments_access="disabled"))
    file = await read.by_digest(runtime.db, project.owner, project.id, WEIGHTS, within=files)
    assert file.path == "model/weights.bin"
    with pytest.raises(ArtifactNotFound):
        await read.by_digest(runtime.db, project.owner, project.id, sha256(b"secret").digest(), within=files)


async def test_within_a_candidate_files_of_others_are_not_found(runtime, project, files):
    other = (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate
    await put(runtime, project.owner, CandidateFiles(project.id, other.id), "weights.bin", b"weights")
    with pytest.raises(ArtifactNotFound):
        await read.by_digest(runtime.db, project.owner, project.id, WEIGHTS, within=files)


async def test_of_files_with_the_same_bytes_one_that_may_be_downloaded_is_answered(runtime, project, files):
    await put(runtime, project.owner, files, "weights.pkl", b"weights")
    await quarantine(runtime, project, "weights.pkl")
    refused = await read.by_digest(runtime.db, project.owner, project.id, WEIGHTS)
    assert refused.state == "quarantined"
    await put(runtime, project.owner, files, "weights.bin", b"weights")
    async with runtime.db.write() as tx:
        mine = (Artifact.project_id == project.id, Artifact.path == "weights.bin")
        await tx.execute(update(Artifact).where(*mine).values(state="ready"))
    for within in (None, files):
        file = await read.by_digest(runtime.db, project.owner, project.id, WEIGHTS, within=within)
        assert file.path == "weights.bin"


async def test_the_number_of_files_with_the_same_bytes_does_not_matter(runtime, project, files):
    counts = []
    for number in (1, 30):
        for index in range(number):
            await put(runtime, project.owner, files, f"{number}/{index}", b"weights")
        with statements(runtime.db) as seen:
            await read.by_digest(runtime.db, project.owner, project.id, WEIGHTS)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 2  # at most the project, then the file


async def quarantine(runtime, project, path: str) -> None:
    async with runtime.db.write() as tx:
        mine = (Artifact.project_id == project.id, Artifact.path == path)
        await tx.execute(update(Artifact).where(*mine).values(state="quarantined", state_reason="It calls os.system."))
