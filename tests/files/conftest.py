"""Candidates and versions with files, and what is told of them through app.files."""

from __future__ import annotations

import pytest

from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import create
from app.registry.versions.request import CreateVersion
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate


@pytest.fixture
async def candidate(runtime, project):
    return (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate


@pytest.fixture
async def version(runtime, project, candidate):
    """A version whose files are those of the candidate below `model`."""
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("digits"))
    command = CreateVersion(model.id, candidate_id=candidate.id, artifact_folder="model")
    return await create.create(runtime.db, project.owner, project.id, command)
