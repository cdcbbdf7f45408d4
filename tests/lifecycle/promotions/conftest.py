"""A model in a project whose production takes two people, beside the protection that new projects begin with."""

from __future__ import annotations

import pytest

from app.registry import models
from app.registry.models import CreateModel


@pytest.fixture
async def model(runtime, project):
    return await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
