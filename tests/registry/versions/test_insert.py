"""The statement that inserts versions puts each value into the column of its name, whatever their order."""

from __future__ import annotations

import random
from typing import NamedTuple, get_type_hints
from uuid import uuid4

import pytest

from app.registry import models
from app.registry.models import CreateModel
from app.registry.reads import loaders
from app.registry.versions import create, insert
from app.registry.versions.insert import VersionRow, insert_statement
from app.registry.versions.request import CreateVersion
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate

TEXTS = {
    name: f"the {name} {uuid4().hex}"
    for name in ("description", "artifact_folder", "source", "foreign_run", "run_link")
}


def shuffled(seed: int) -> type[VersionRow]:
    fields = list(get_type_hints(VersionRow).items())
    random.Random(seed).shuffle(fields)
    return NamedTuple("ShuffledRow", fields)


@pytest.mark.parametrize("seed", range(5))
async def test_order_of_fields_does_not_decide_what_is_stored(runtime, project, monkeypatch, seed):
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    row = shuffled(seed)
    assert row._fields != VersionRow._fields
    monkeypatch.setattr(insert, "VersionRow", row)
    monkeypatch.setattr(insert, "INSERT_VERSIONS", insert_statement("test.insert_versions", row))
    command = CreateVersion("m", "1.2.3-rc.1", tags={"a": "b"}, candidate_id=made.candidate.id, is_open=True, **TEXTS)
    created = await create.create(runtime.db, project.owner, project.id, command)
    (stored,) = await loaders.versions_by_keys(runtime.db, project.owner, [(project.id, created.id)])
    for version in (created, stored):
        assert {name: getattr(version, name) for name in TEXTS} == TEXTS
        assert (version.version, version.is_prerelease, version.tags) == ("1.2.3-rc.1", True, {"a": "b"})
        assert (version.location, version.open_until, version.state) == ("", "completed", "open")
        assert (version.candidate_id, version.logged_model_id) == (made.candidate.id, None)
        assert version.created_by == project.owner.user_id
