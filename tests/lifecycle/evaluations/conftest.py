"""A model with two versions, for tests of evaluations."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from app.registry import models
from app.registry.models import CreateModel, Model
from app.registry.versions import create
from app.registry.versions.lookup import ModelVersion
from app.registry.versions.request import CreateVersion


class Made(NamedTuple):
    """The model ``m`` of the project, and its versions 1.0.0 and 1.0.1."""

    model: Model
    first: ModelVersion
    second: ModelVersion


@pytest.fixture
async def made(runtime, project) -> Made:
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    first = await create.create(runtime.db, project.owner, project.id, CreateVersion("m"))
    second = await create.create(runtime.db, project.owner, project.id, CreateVersion("m"))
    return Made(model, first, second)
