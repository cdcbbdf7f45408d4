"""Links carry the right of their maker, and end with it: at once, in every process, also where the store is public."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import update

from app.access import members, projects, tokens
from app.access.members import GroupOrProject
from app.access.policy import Role, Scope
from app.access.projects import UpdateProject
from app.access.tables import User
from app.access.tokens import Issued, IssueToken
from app.artifacts import artifacts, removal
from app.artifacts.artifacts import Root
from app.artifacts.reads import downloads
from app.artifacts.tables import Artifact
from app.artifacts.uploads import stream
from app.ids import GlobalId
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import create, delete, lookup
from app.registry.versions.request import CreateVersion
from app.runtime import Runtime
from app.tracking import candidates, file_owners
from app.tracking.candidates import CreateCandidate
from app.upkeep import project_deletion
from tests.conftest import Person, TestProject, new_person
from tests.support.artifacts.links import ABORT, DATA, Caller, location, process
from tests.support.statements import statements

MIB = 1024 * 1024


@pytest.fixture(scope="session")
async def streaming(runtime: Runtime, admin: Person) -> AsyncIterator[str]:
    """Another process, which passes bytes on itself."""
    async with process({}) as address:
        yield address


@pytest.fixture(scope="session")
async def redirecting(runtime: Runtime, admin: Person) -> AsyncIterator[str]:
    """Another process, whose store clients reach themselves."""
    async with process({"MODELYARD_S3_PUBLIC_URL": runtime.settings.s3_url}) as address:
        yield address


@dataclass
class Maker:
    """A developer with a token for links, in a project with one file of a candidate."""

    runtime: Runtime
    project: TestProject
    person: Person
    token: Issued
    run: str
    artifact: UUID

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token.secret}"}

    @property
    def root(self) -> Root:
        return Root(self.project.id, candidate_id=UUID(self.run))

    @property
    def owner(self) -> dict[str, object]:
        return {"candidate": {"id": str(GlobalId.of("Candidate", self.project.id, UUID(self.run)))}}

    def at(self, http: httpx.AsyncClient, address: str, headers: dict[str, str] | None = None) -> Caller:
        return Caller(http, address, self.project.id, self.headers if headers is None else headers)

    @property
    def target(self) -> GroupOrProject:
        return GroupOrProject(project_id=self.project.id)


@pytest.fixture
async def maker(runtime: Runtime, admin: Person, project: TestProject) -> Maker:
    person = await new_person(runtime, admin, f"maker-{uuid4().hex[:8]}")
    target = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, target, person.actor.username, Role.DEVELOPER)
    token = await tokens.issue(runtime.db, person.actor, IssueToken("links", (Scope.API,)))
    run = (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate
    artifact = await put(runtime, project, Root(project.id, candidate_id=run.id), "model/w.bin")
    return Maker(runtime, project, person, token, run.id.hex, artifact)


async def put(runtime: Runtime, project: TestProject, root: Root, path: str, data: bytes = DATA) -> UUID:
    async def chunks() -> AsyncIterator[bytes]:
        yield data

    command = stream.StoreArtifact(root, path, chunks(), size=len(data))
    lock, limit = file_owners.lock(root), 1 << 30
    stored = await stream.store(runtime.db, project.owner, runtime.blobs, command, lock_owner=lock, limit=limit)
    return stored.id


async def revoke(maker: Maker) -> None:
    await tokens.revoke(maker.runtime.db, maker.person.actor, maker.token.token.id)


async def remove(maker: Maker) -> None:
    await members.remove(maker.runtime.db, maker.project.owner, maker.target, maker.person.actor.username)


async def block(maker: Maker) -> None:
    async with maker.runtime.db.write() as tx:
        mine = User.id == maker.person.actor.user_id
        await tx.execute(update(User).where(mine).values(blocked_at=datetime.now(UTC)))


async def delete_project(maker: Maker) -> None:
    await project_deletion.delete(maker.runtime.db, maker.project.owner, maker.project.id, maker.project.path)


async def delete_candidate(maker: Maker) -> None:
    await candidates.delete_permanently(maker.runtime.db, maker.project.owner, maker.project.id, UUID(maker.run))


async def delete_file(maker: Maker) -> None:
    lock = file_owners.lock(maker.root)
    await removal.remove(maker.runtime.db, maker.project.owner, maker.root, "model/w.bin", lock_owner=lock)


async def quarantine(maker: Maker) -> None:
    async with maker.runtime.db.write() as tx:
        mine = (Artifact.project_id == maker.project.id, Artifact.id == maker.artifact)
        await tx.execute(update(Artifact).where(*mine).values(state="quarantined", state_reason="it runs code."))


async def switch_off(maker: Maker) -> None:
    command = UpdateProject(maker.project.id, experiments_access="disabled")
    await projects.edit(maker.runtime.db, maker.project.owner, command)


Reason = Callable[[Maker], Awaitable[None]]
OF_TOKENS: list[tuple[Reason, int]] = [(revoke, 403), (block, 403)]
OF_RIGHTS: list[tuple[Reason, int]] = [(remove, 404), (delete_project, 404), (switch_off, 404), (delete_candidate, 404)]
OF_FILES: list[tuple[Reason, int]] = [(delete_file, 404), (quarantine, 403)]


@pytest.mark.parametrize(
    ("reason", "status"), [*OF_TOKENS, *OF_RIGHTS, *OF_FILES], ids=lambda value: getattr(value, "__name__", None)
)
async def test_a_download_link_ends_at_once_in_every_process(http, streaming, redirecting, maker, reason, status):
    links = {}
    for address in (streaming, redirecting):
        caller = maker.at(http, address)
        made = await caller.download_links(maker.run, "model/w.bin", maker.artifact)
        links |= {(address, door): link for door, link in made.items()}
    for (address, door), link in links.items():
        assert link.startswith(f"{address}/artifacts/"), door
        got = await http.get(link, follow_redirects=True)
        assert (got.status_code, got.content) == (200, DATA), door
    await reason(maker)
    for (address, door), link in links.items():
        for there in (address, streaming, redirecting):
            refused = await http.get(link.replace(address, there))
            assert (door, refused.status_code) == (door, status)
            assert (await http.head(link.replace(address, there))).status_code == status
            assert DATA not in refused.content


@pytest.mark.parametrize(("reason", "status"), OF_FILES, ids=["deleted", "quarantined"])
async def test_calls_with_a_token_are_redirected_only_to_visible_files(http, redirecting, maker, reason, status):
    caller = maker.at(http, redirecting)
    doors = (
        f"{caller.files}/artifacts/0/{maker.run}/artifacts/model/w.bin",
        f"{caller.mlflow}/get-artifact?run_id={maker.run}&path=model/w.bin",
        f"{caller.packages}/candidate:{maker.run}/files/model/w.bin",
    )
    for door in doors:
        answer = await caller.send("GET", door)
        assert (answer.status_code, answer.headers["cache-control"]) == (307, "no-store")
        assert int(parse_qs(urlsplit(answer.headers["location"]).query)["X-Amz-Expires"][0]) <= 60
        assert (await http.get(answer.headers["location"])).content == DATA
        head = await caller.send("HEAD", door)
        assert (head.status_code, head.headers["content-length"]) == (200, "1000")
        same = await caller.send("GET", door, headers={"If-None-Match": head.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
    await reason(maker)
    for door in doors:
        assert (door, (await caller.send("GET", door)).status_code) == (door, status)


async def test_a_link_to_a_public_store_can_be_resumed_and_is_checked_again(http, redirecting, maker):
    caller = maker.at(http, redirecting)
    for door, link in (await caller.download_links(maker.run, "model/w.bin", maker.artifact)).items():
        head = await http.head(link)
        assert (door, head.status_code, head.headers["content-length"]) == (door, 200, "1000")
        unchanged = await http.get(link, headers={"If-None-Match": head.headers["etag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        part = await http.get(link, headers={"Range": "bytes=990-"}, follow_redirects=True)
        assert (part.status_code, part.content, part.headers["content-range"]) == (
            206,
            DATA[990:],
            "bytes 990-999/1000",
        )
        moved = await http.get(link)
        assert (moved.status_code, moved.headers["cache-control"]) == (307, "no-store")
        assert int(parse_qs(urlsplit(moved.headers["location"]).query)["X-Amz-Expires"][0]) <= 60


async def test_a_link_ends_with_a_token_that_expires(http, streaming, redirecting, maker):
    soon = datetime.now(UTC) + timedelta(seconds=2)
    maker.token = await tokens.issue(maker.runtime.db, maker.person.actor, IssueToken("short", expires_at=soon))
    links = [
        (await maker.at(http, address).graphql_link(maker.artifact))["downloadUrl"]
        for address in (streaming, redirecting)
    ]
    for link in links:
        assert (await http.get(link, follow_redirects=True)).content == DATA
    await asyncio.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds()) + 0.1)
    assert [(await http.get(link)).status_code for link in links] == [403, 403]


@pytest.mark.parametrize("change", [{"visibility": "private"}, {"experiments_access": "private"}])
async def test_anonymous_links_end_when_strangers_may_no_longer_see(http, streaming, redirecting, maker, change):
    await maker.project.open_group()
    await projects.edit(maker.runtime.db, maker.project.owner, UpdateProject(maker.project.id, visibility="public"))
    links = [
        (await maker.at(http, address, headers={}).graphql_link(maker.artifact))["downloadUrl"]
        for address in (streaming, redirecting)
    ]
    for link in links:
        assert (await http.get(link, follow_redirects=True)).content == DATA
    await projects.edit(maker.runtime.db, maker.project.owner, UpdateProject(maker.project.id, **change))
    assert [(await http.get(link)).status_code for link in links] == [404, 404]
    # Those of a member go on.
    mine = (await maker.at(http, streaming).graphql_link(maker.artifact))["downloadUrl"]
    assert (await http.get(mine)).content == DATA


async def test_a_deleted_version_takes_links_to_its_own_files_along(http, streaming, redirecting, maker):
    runtime, project = maker.runtime, maker.project
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    made = await create.create(runtime.db, project.owner, project.id, CreateVersion(model.id))
    artifact = await put(runtime, project, lookup.root_of(made)[0], "w.bin")
    links = [
        (await maker.at(http, address).graphql_link(artifact))["downloadUrl"] for address in (streaming, redirecting)
    ]
    for link in links:
        assert (await http.get(link, follow_redirects=True)).content == DATA
    await delete.delete(runtime.db, project.owner, project.id, made.id)
    assert [(await http.get(link)).status_code for link in links] == [404, 404]


async def test_a_link_cannot_be_given_to_another_token(http, streaming, maker):
    link = (await maker.at(http, streaming).graphql_link(maker.artifact))["downloadUrl"]
    mine, other = f"by={maker.token.token.id}", f"by={maker.project[Role.OWNER].actor.token_id}"
    assert mine in link
    for altered in (link.replace(mine, other), link.replace(mine, "by=0"), link.replace(f"{mine}&", ""), f"{link}0"):
        assert (await http.get(altered)).status_code == 403
    for text in ("by=" + "9" * 40, "by=-1", "by=x", "by=%00"):
        assert (await http.get(link.replace(mine, text))).status_code == 403


async def test_links_live_an_hour_at_most(http, streaming, maker):
    caller = maker.at(http, streaming)
    told = {"run_id": maker.run, "path": "model/w.bin"}
    for call in ("presigned-download-url", "presigned-upload-url"):
        url = f"{caller.mlflow}/api/2.0/mlflow/artifacts/{call}"
        hour = await caller.send("POST", url, json={**told, "expiration": 3600})
        assert hour.status_code == 200
        refused = await caller.send("POST", url, json={**told, "expiration": 3601})
        assert refused.status_code == 400
        assert "between 1 and 3600 seconds (got 3601)" in refused.json()["message"]
    now = datetime.now(UTC).timestamp()
    for link in (await caller.download_links(maker.run, "model/w.bin", maker.artifact)).values():
        assert int(parse_qs(urlsplit(link).query)["expires"][0]) <= now + 3610


async def test_links_of_large_files_live_an_hour_at_most(runtime, maker):
    async with runtime.db.read() as snap:
        file = await artifacts.find(snap, maker.root, "model/w.bin")
    assert downloads.life_for(runtime.settings, replace(file, size=1 << 42)) == timedelta(hours=1)
    shorter = runtime.settings.model_copy(update={"link_seconds": 60})
    assert downloads.life_for(shorter, file) == timedelta(minutes=1)


async def test_a_download_by_link_costs_a_fixed_number_of_statements(runtime, http, url, maker):
    caller = maker.at(http, url)
    links = await caller.download_links(maker.run, "model/w.bin", maker.artifact)
    for link in links.values():
        await http.get(link)
        with statements(runtime.db) as sent:
            assert (await http.get(link)).status_code == 200
        assert len(sent) == 2, sent  # the project, which processes remember, and the file


async def part_links(caller: Caller, maker: Maker) -> dict[str, tuple[str, int]]:
    """Every kind of link that takes bytes, and how many."""
    small, large = await caller.announce(maker.owner, **{"small.bin": 1000, "large.bin": 20 * MIB})
    begun = await caller.begin_mpu(maker.run, "parts.bin", 2)
    told = {"run_id": maker.run, "path": "whole.bin"}
    whole = await caller.send("POST", f"{caller.mlflow}/api/2.0/mlflow/artifacts/presigned-upload-url", json=told)
    return {
        "small": (small["parts"][0]["url"], 1000),
        "part": (large["parts"][1]["url"], large["parts"][1]["size"]),
        "mpu": (begun["credentials"][1]["url"], 1000),
        "whole": (whole.json()["presigned_url"], 1000),
    }


async def lower(maker: Maker) -> None:
    await members.set_role(maker.runtime.db, maker.project.owner, maker.target, maker.person.actor.username, Role.GUEST)


@pytest.mark.parametrize(
    ("reason", "status"),
    [*OF_TOKENS, (remove, 404), (lower, 403), (delete_project, 404), (switch_off, 404)],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_an_upload_link_ends_at_once_in_every_process(http, streaming, redirecting, maker, reason, status):
    links = {}
    for address in (streaming, redirecting):
        for door, (link, size) in (await part_links(maker.at(http, address), maker)).items():
            assert link.startswith(f"{address}/uploads/"), door
            links[address, door] = link, size
    for (_, door), (link, size) in links.items():
        assert (door, (await http.put(link, content=bytes(size))).status_code) == (door, 200)
    await reason(maker)
    for (address, door), (link, size) in links.items():
        for there in (address, streaming, redirecting):
            refused = await http.put(link.replace(address, there), content=bytes(size))
            assert (door, refused.status_code) == (door, status)


async def test_parts_of_an_aborted_upload_are_refused(http, streaming, redirecting, maker):
    caller = maker.at(http, redirecting)
    uploads = await caller.announce(maker.owner, **{"one.bin": 300_000, "large.bin": 20 * MIB})
    begun = await caller.begin_mpu(maker.run, "parts.bin", 2)
    links = [(upload["parts"][0]["url"], upload["parts"][0]["size"]) for upload in uploads]
    links.append((begun["credentials"][0]["url"], 1000))
    for link, size in links:
        assert (await http.put(link, content=bytes(size))).status_code == 200
    direct = [await location(link, size) for link, size in links]
    await caller.ask(ABORT, ids=[upload["id"] for upload in uploads])
    told = {"path": "parts.bin", "upload_id": begun["upload_id"]}
    ended = await caller.send("POST", f"{caller.files}/mpu/abort/0/{maker.run}/artifacts", json=told)
    assert ended.status_code == 200
    for link, size in links:
        for there in (streaming, redirecting):
            assert (await http.put(link.replace(redirecting, there), content=bytes(size))).status_code == 409
    for (_, size), there in zip(links, direct, strict=True):
        assert (await http.put(there, content=bytes(size))).status_code == 404
