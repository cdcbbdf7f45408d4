"""A model with sealed versions."""

from __future__ import annotations

from typing import Any

import pytest

from app.lifecycle.seals import seals
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.runtime import Runtime
from tests.support.registry.versions import create_version, store_file

FILES = {"MLmodel": b"flavors: {}\n", "data/Ä b.bin": bytes(range(256)), "data/a.txt": b"", "Z": b"z" * 1000}


@pytest.fixture
async def model(runtime, project):
    return await models.create(runtime.db, project.owner, project.id, CreateModel("m"))


async def version_with_files(
    runtime: Runtime, project: Any, version: str = "1.0.0", files: dict[str, bytes] = FILES, **values: Any
) -> ModelVersion:
    made = await create_version(runtime, project, version, **values)
    root, folder = lookup.root_of(made)
    for path, content in files.items():
        await store_file(runtime, project, root, f"{folder}/{path}" if folder else path, content)
    return made


async def sealed_version(runtime: Runtime, project: Any, version: str = "1.0.0", **values: Any) -> ModelVersion:
    made = await version_with_files(runtime, project, version, **values)
    return await seals.seal_version(runtime.db, project.owner, project.id, made.id)
