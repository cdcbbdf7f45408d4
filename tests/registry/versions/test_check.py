"""What is refused before a version is made."""

from __future__ import annotations

import unicodedata

import pytest

from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import check
from app.registry.versions.check import CheckVersion, PlannedFile
from app.registry.versions.request import CreateVersion

COMPOSED = "mod\u00e8le"
APART = unicodedata.normalize("NFD", COMPOSED)


@pytest.mark.parametrize(
    ("paths", "field"),
    [
        (["a", "a"], "files.1.path"),
        ([COMPOSED, APART], "files.1.path"),
        (["a/b", "a"], "files.0.path"),
        ([f"{APART}/b", COMPOSED], "files.0.path"),
        (["a/" * 400_000], "files.0.path"),  # as much as fits into a request; looking at each folder of it took minutes
    ],
)
async def test_check_refuses_paths_that_exclude_each_other(runtime, project, paths, field):
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    command = CheckVersion(CreateVersion("m"), files=[PlannedFile(path, 1) for path in paths])
    verdict = await check.check(runtime.db, project.owner, project.id, command, limit=10)
    assert (verdict.version, [refusal.field for refusal in verdict.refusals]) == (None, [field])
