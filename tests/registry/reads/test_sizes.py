"""How large models are: what counts, and what the statement reads among many."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy import text

from app.access.projects import ProjectNotFound
from app.artifacts.artifacts import Root
from app.registry import models
from app.registry.models import CreateModel
from app.registry.reads import sizes
from app.registry.reads.sizes import READ_SIZES
from app.registry.versions import create, delete
from app.registry.versions.request import CreateVersion
from tests.conftest import new_project
from tests.support.db import owner
from tests.support.registry.versions import create_version, store_file


async def _size(runtime, project, model_id, actor=None):
    (size,) = await sizes.of_models(runtime.db, actor or project.owner, [(project.id, model_id)])
    return size


async def test_distinct_files_of_living_versions_count(runtime, project, statements):
    db = runtime.db
    model = await models.create(db, project.owner, project.id, CreateModel("m"))
    assert await _size(runtime, project, model.id) == 0
    first = await create_version(runtime, project, "1.0.0")
    root = Root(project.id, first.candidate_id)
    await store_file(runtime, project, root, "weights.bin", b"w" * 100)
    await store_file(runtime, project, root, "copy.bin", b"w" * 100)
    await store_file(runtime, project, root, "folder/note", b"n" * 7)
    assert await _size(runtime, project, model.id) == 107

    # A second version with the same bytes adds nothing, one of a folder what is in it, one kept elsewhere nothing.
    second = await create_version(runtime, project, "1.1.0")
    await store_file(runtime, project, Root(project.id, second.candidate_id), "again", b"w" * 100)
    assert await _size(runtime, project, model.id) == 107
    other = await models.create(db, project.owner, project.id, CreateModel("n"))
    await create.create(
        db, project.owner, project.id,
        CreateVersion("n", version="1.0.0", candidate_id=first.candidate_id, artifact_folder="folder"),
    )  # fmt: skip
    assert await _size(runtime, project, other.id) == 7
    with statements() as one:
        await sizes.of_models(db, project.owner, [(project.id, model.id)])
    with statements() as two:
        keys = [(project.id, other.id), (project.id, 0), (project.id, model.id)]
        assert await sizes.of_models(db, project.owner, keys) == [7, 0, 107]
    assert len(one) == len(two)

    await delete.delete(db, project.owner, project.id, first.id)
    assert await _size(runtime, project, model.id) == 100


async def test_who_may_not_read_a_model_is_told_no_size(runtime, project):
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    version = await create_version(runtime, project, "1.0.0")
    await store_file(runtime, project, Root(project.id, version.candidate_id), "f", b"1234")
    assert isinstance(await _size(runtime, project, model.id, project.stranger.actor), ProjectNotFound)
    confined = replace(project.owner, model_patterns=("other-*",))
    assert await _size(runtime, project, model.id, confined) == 0
    assert await _size(runtime, project, model.id, replace(project.owner, model_patterns=("m*",))) == 4


async def test_a_page_of_sizes_reads_what_its_models_have_and_no_more(runtime, staff):
    """Among 100,000 files: those of the models that are asked for, each by its index."""
    project = await new_project(runtime, staff)
    await owner.execute(runtime.settings, *(insert.format(project=project.id) for insert in _MANY))
    async with runtime.db.read() as snap:
        ids = list(
            await snap.scalars(text(f"SELECT id FROM models WHERE project_id = {project.id} ORDER BY id LIMIT 20"))
        )
    keys = [(project.id, id) for id in ids]
    assert await sizes.of_models(runtime.db, project.owner, keys) == [100 * 1000] * 20
    values = {"projects": [project.id] * 20, "models": ids, "patterns": None}
    async with runtime.db.direct() as connection:
        explain = f"EXPLAIN (ANALYZE, TIMING OFF) {READ_SIZES.sql}"
        plan = "\n".join(
            row[0] for row in await connection.fetch(explain, *(values[name] for name in READ_SIZES.names))
        )
    tables = {"models", "model_versions", "artifacts", "blobs"}
    scanned = {name for name in tables if re.search(rf"Seq Scan on {name}\b", plan)}
    removed = [int(number) for number in re.findall(r"Rows Removed by Filter: (\d+)", plan)]
    assert not scanned and sum(removed) == 0, plan


_MANY = (
    # Neither triggers nor foreign keys: what they would derive is given.
    "SET session_replication_role = replica",
    "INSERT INTO experiments (project_id, number, name) VALUES ({project}, 900, 'x')",
    """INSERT INTO models (project_id, name, experiment_number)
       SELECT {project}, 'm' || i, 900 FROM generate_series(1, 100) AS i""",
    """INSERT INTO model_versions
         (project_id, model_id, number, version, precedence, is_prerelease, candidate_id, state)
       SELECT m.project_id, m.id, i, i || '.0.0', ('1' || lpad(i::text, 8, '0'))::bytea, false,
         gen_random_uuid(), 'ready'
       FROM models m CROSS JOIN generate_series(1, 20) AS i WHERE m.project_id = {project}""",
    """INSERT INTO blobs (project_id, id, object_key, state, sha256, size)
       SELECT {project}, md5('{project}/' || i)::uuid, 'sizes/{project}/' || i, 'stored', sha256(i::text::bytea), 1000
       FROM generate_series(1, 100000) AS i""",
    """INSERT INTO artifacts (project_id, id, candidate_id, path, blob_id, media_type)
       SELECT v.project_id, gen_random_uuid(), v.candidate_id, 'file' || i,
         md5('{project}/' || ((v.model_id * 100 + i + 50 * (v.number % 2)) % 100000 + 1))::uuid, 'text/plain'
       FROM model_versions v CROSS JOIN generate_series(1, 50) AS i WHERE v.project_id = {project}""",
    "ANALYZE models, model_versions, artifacts, blobs",
)
"""100 models of 20 versions of 50 files; every other version of a model has the same 50 contents of 1,000 bytes."""
