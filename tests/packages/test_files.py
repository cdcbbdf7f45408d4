"""GitLab's package paths for files of versions and candidates."""

from __future__ import annotations

import hashlib

import pytest

from app.access.policy import Role
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import create
from app.registry.versions.request import CreateVersion
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate
from tests.conftest import new_project

DATA = b"0123456789" * 1000


@pytest.fixture
async def version(runtime, project):
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    return await create.create(runtime.db, project.owner, project.id, CreateVersion(model.id))


@pytest.fixture
async def candidate(runtime, project):
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    return made.id


def address(project, owner, path: str, by: object = None) -> str:
    return f"/api/v4/projects/{by or project.id}/packages/ml_models/{owner}/files/{path}"


async def test_a_file_of_a_version_comes_back_whole_and_in_parts(http, project, version):
    there = address(project, version.id, "model/weights.bin")
    assert (await http.put(f"{there}/authorize", headers=project.headers)).status_code == 200
    assert (await http.get(there, headers=project.headers)).status_code == 404
    stored = await http.put(there, content=DATA, headers=project.headers)
    assert (stored.status_code, stored.json()) == (201, {"message": "201 Created"})

    whole = await http.get(there, headers=project.headers)
    etag = f'"{hashlib.sha256(DATA).hexdigest()}"'
    assert (whole.status_code, whole.content, whole.headers["etag"]) == (200, DATA, etag)
    part = await http.get(there, headers={**project.headers, "Range": "bytes=5-14"})
    assert (part.status_code, part.content) == (206, DATA[5:15])
    assert part.headers["content-range"] == f"bytes 5-14/{len(DATA)}"
    head = await http.head(there, headers=project.headers)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(DATA)))
    same = await http.get(there, headers={**project.headers, "If-None-Match": etag})
    assert same.status_code == 304

    again = address(project, version.id, "model/weights.bin", project.path.replace("/", "%2F"))
    assert (await http.put(again, content=b"new", headers=project.headers)).status_code == 201
    assert (await http.get(there, headers=project.headers)).content == b"new"


async def test_put_stores_files_of_candidates_and_of_unknown_length(http, project, candidate):
    async def chunks():
        yield b"a"
        yield b"b"

    for owner in (f"candidate:{candidate.hex}", f"candidate:{candidate}"):
        there = address(project, owner, "deep/er/authorize")
        assert (await http.put(there, content=chunks(), headers=project.headers)).status_code == 201
        assert (await http.get(there, headers=project.headers)).content == b"ab"


async def test_a_version_with_a_folder_of_its_own(http, runtime, project, candidate):
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    command = CreateVersion(model.id, candidate_id=candidate, artifact_folder="model")
    version = await create.create(runtime.db, project.owner, project.id, command)
    stored = await http.put(address(project, version.id, "w.bin"), content=b"w", headers=project.headers)
    assert stored.status_code == 201
    same = await http.get(address(project, f"candidate:{candidate.hex}", "model/w.bin"), headers=project.headers)
    assert same.content == b"w"


@pytest.mark.parametrize(
    "path",
    [
        "%2e%2e/x",
        "a/%2e%2e/%2e%2e/x",
        "a//b",
        "/x",
        "a%5cb",
        "a%00b",
        "%252e%252e/x",
        "C:/x",
        "a/%2e/b",
        "x" * 300,
        "a/",
    ],
)
async def test_paths_that_leave_the_folder_are_refused(http, project, version, path):
    there = address(project, version.id, path)
    for answer in (
        await http.put(there, content=b"x", headers=project.headers),
        await http.get(there, headers=project.headers),
    ):
        assert answer.status_code == 400, answer.text


async def test_names_that_are_no_utf8_are_refused(http, project, version):
    """Decoded, both would be one."""
    for path in ("a%ffb", "a%feb"):
        refused = await http.put(address(project, version.id, path), content=b"x", headers=project.headers)
        assert (refused.status_code, "UTF-8" in refused.text) == (400, True)


async def test_a_path_is_a_file_or_a_folder(http, project, version):
    assert (await http.put(address(project, version.id, "model"), content=b"x", headers=project.headers)).is_success
    for path in ("model/x", "model/x/authorize"):
        refused = await http.put(address(project, version.id, path), headers=project.headers)
        assert (refused.status_code, "`model` is a file" in refused.text) == (409, True)


@pytest.mark.parametrize(
    "owner", ["0", "999999999", "9" * 30, "candidate:", "candidate:1", "candidate:" + "0" * 32, "x", "1.0.0"]
)
async def test_missing_owners_answer_404(http, project, owner):
    there = address(project, owner, "x")
    assert (await http.get(there, headers=project.headers)).status_code == 404
    assert (await http.put(there, content=b"x", headers=project.headers)).status_code == 404


async def test_read_and_write_depend_on_role_and_visibility(http, runtime, staff, admin, project, version, candidate):
    """(read, write, authorize) of every role, on private and on public projects."""
    expected = {
        Role.GUEST: (200, 403, 403), Role.REPORTER: (200, 403, 403), Role.DEVELOPER: (200, 201, 200),
        Role.MAINTAINER: (200, 201, 200), Role.OWNER: (200, 201, 200),
    }  # fmt: skip
    for owner in (version.id, f"candidate:{candidate.hex}"):
        there = address(project, owner, "x.bin")
        assert (await http.put(there, content=DATA, headers=project.headers)).status_code == 201
        for role, codes in expected.items():
            assert await tried(http, there, project[role].headers) == codes, role
        assert await tried(http, there, project.stranger.headers) == (404, 404, 404)
        assert await tried(http, there, {}) == (404, 404, 404)
        assert await tried(http, there, {"Authorization": "Bearer myt_wrong"}) == (401, 401, 401)
    other = await new_project(runtime, staff)
    assert await tried(http, address(other, version.id, "x.bin"), other.headers) == (404, 404, 404)

    public = await new_project(runtime, staff, visibility="public")
    made = await candidates.create(runtime.db, public.owner, public.id, CreateCandidate())
    there = address(public, f"candidate:{made.id.hex}", "x.bin")
    assert (await http.put(there, content=DATA, headers=public.headers)).status_code == 201
    assert await tried(http, there, {}) == (200, 401, 401)
    assert await tried(http, there, public.stranger.headers) == (200, 403, 403)


async def tried(http, there: str, headers: dict[str, str]) -> tuple[int, ...]:
    answers = (
        await http.get(there, headers=headers),
        await http.put(there, content=DATA, headers=headers),
        await http.put(f"{there}/authorize", headers=headers),
    )
    return tuple(answer.status_code for answer in answers)
