"""Who pulled what, when: counted beside downloads, and written a moment later."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.access.policy import Actor, Role
from app.db.database import Database
from app.lifecycle.pulls import storage
from app.lifecycle.pulls.counter import Door, PullCounter
from tests.lifecycle.deployments.conftest import named

PULLS = """query p($v: ModelVersionLookup!) { modelVersion(by: $v) { pulls(first: 50) {
  nodes { day door downloadCount size resolutionCount user { username name } } } } }"""
SIZE = 300_000


@pytest.fixture
async def files(fraud, client, data):
    """The version 1.0.0 with a file `weights.bin`; gives its run, its id, and an address of the file at each door."""
    owner = fraud[Role.OWNER]
    shown = await data(
        owner, "query v($v: ModelVersionLookup!) { modelVersion(by: $v) { id candidate { uuid } } }",
        v=named(fraud, "1.0.0"),
    )  # fmt: skip
    run = shown["modelVersion"]["candidate"]["uuid"].replace("-", "")
    base = f"/api/v4/projects/{fraud.id}"
    mlflow = f"{base}/ml/mlflow/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/weights.bin"
    put = await client.put(mlflow, content=b"w" * SIZE, headers=owner.headers)
    assert put.status_code == 200, put.text
    async with fraud.runtime.db.read() as snap:
        version = "SELECT id FROM model_versions WHERE project_id = :p AND version = '1.0.0'"
        version_id = await snap.scalar(text(version), {"p": fraud.id})
    packages = f"{base}/packages/ml_models/{version_id}/files/weights.bin"
    return SimpleNamespace(mlflow=mlflow, packages=packages, run=run, version_id=version_id)


async def pulls(fraud, data, reference="1.0.0", person=None):
    """What is shown of a version, once everything that was counted is written."""
    await fraud.runtime.pulls.write()
    answer = await data(person or fraud[Role.OWNER], PULLS, v=named(fraud, reference))
    return answer["modelVersion"]["pulls"]["nodes"]


async def test_downloads_by_every_door_are_counted_for_their_caller(fraud, files, client, data):
    reader = fraud[Role.REPORTER]
    for _ in range(3):
        assert (await client.get(files.mlflow, headers=reader.headers)).status_code == 200
    assert (await client.get(files.packages, headers=fraud[Role.DEVELOPER].headers)).status_code == 200
    link = (
        await data(
            fraud[Role.GUEST],
            "query l($v: ModelVersionLookup!) { modelVersion(by: $v) { artifacts { nodes { downloadUrl } } } }",
            v=named(fraud, "1.0.0"),
        )
    )["modelVersion"]["artifacts"]["nodes"][0]["downloadUrl"]
    assert (await client.get(link)).status_code == 200, "the link acts for who made it"
    shown = await pulls(fraud, data)
    counted = {(one["door"], one["user"]["username"]): (one["downloadCount"], one["size"]) for one in shown}
    assert counted == {
        ("mlflow", reader.actor.username): (3, 3 * SIZE),
        ("packages", fraud[Role.DEVELOPER].actor.username): (1, SIZE),
        ("link", fraud[Role.GUEST].actor.username): (1, SIZE),
    }


async def test_a_file_in_parts_is_one_download_and_questions_about_it_are_none(fraud, files, client, data):
    headers = fraud[Role.REPORTER].headers
    for part in ("bytes=0-99999", "bytes=100000-199999", "bytes=200000-"):
        assert (await client.get(files.mlflow, headers=headers | {"Range": part})).status_code == 206
    whole = await client.head(files.mlflow, headers=headers)
    etag = {"If-None-Match": f'"{"0" * 64}", {whole.headers.get("etag", "")}'}
    assert (await client.get(files.packages, headers=headers | {"Range": "bytes=999999-"})).status_code == 416
    assert (await client.get(files.mlflow, headers=headers | etag)).status_code in {200, 304}
    shown = {one["door"]: one for one in await pulls(fraud, data)}
    assert "packages" not in shown
    extra = 0 if whole.headers.get("etag") else 1
    assert shown["mlflow"]["downloadCount"] == 1 + extra
    assert shown["mlflow"]["size"] == SIZE * (1 + extra)


async def test_asking_where_the_files_are_is_counted_for_exactly_that_version(fraud, client, data):
    address = f"/api/v4/projects/{fraud.id}/ml/mlflow/api/2.0/mlflow/model-versions/get-download-uri"
    for version in ("1", "2", "2"):
        query = {"name": "fraud", "version": version}
        answer = await client.get(address, params=query, headers=fraud[Role.DEVELOPER].headers)
        assert answer.status_code == 200, answer.text
    for reference, count in (("1.0.0", 1), ("1.1.0", 2)):
        (shown,) = await pulls(fraud, data, reference)
        assert (shown["door"], shown["resolutionCount"], shown["downloadCount"]) == ("mlflow", count, 0)
    assert await pulls(fraud, data, "2.0.0") == []


async def test_a_file_that_two_versions_share_counts_for_both_unless_one_was_named(fraud, files, client, data):
    share = """mutation s($p: String!, $c: ID!) {
      modelVersionCreate(input: {model: {path: {project: $p, name: "fraud"}}, version: "3.0.0", candidateId: $c}) {
        userErrors { message } } }"""
    candidate = "query c($v: ModelVersionLookup!) { modelVersion(by: $v) { candidate { id } } }"
    owner = fraud[Role.OWNER]
    id = (await data(owner, candidate, v=named(fraud, "1.0.0")))["modelVersion"]["candidate"]["id"]
    await data(owner, share, p=fraud.path, c=id)
    await client.get(files.mlflow, headers=owner.headers)
    await client.get(files.packages, headers=owner.headers)
    assert {one["door"] for one in await pulls(fraud, data, "1.0.0")} == {"mlflow", "packages"}
    assert {one["door"] for one in await pulls(fraud, data, "3.0.0")} == {"mlflow"}


async def test_what_is_pulled_is_for_members(fraud, files, client, data):
    await fraud.open_group()
    async with fraud.runtime.db.write() as tx:
        await tx.execute(text("UPDATE projects SET visibility = 'public' WHERE id = :p"), {"p": fraud.id})
    assert (await client.get(files.packages)).status_code == 200
    await fraud.runtime.pulls.write()
    for person in (None, fraud.stranger):
        answer = await data(person, PULLS, v=named(fraud, "1.0.0"))
        assert answer["modelVersion"]["pulls"]["nodes"] == []
    (shown,) = await pulls(fraud, data, person=fraud[Role.GUEST])
    assert (shown["user"], shown["downloadCount"]) == (None, 1)


async def test_two_processes_add_up(fraud, files, runtime):
    file, actor = a_file(fraud, files), fraud[Role.OWNER].actor
    counters = [PullCounter(runtime.db, every=60) for _ in range(4)]
    for counter in counters:
        for _ in range(10):
            counter.downloaded(actor, file, Door.MLFLOW, size=5)
    await asyncio.gather(*(counter.write() for counter in counters))
    async with runtime.db.read() as snap:
        row = (
            await snap.execute(text("SELECT downloads, bytes FROM pulls WHERE project_id = :p"), {"p": fraud.id})
        ).one()
    assert tuple(row) == (40, 200)
    for counter in counters:
        await counter.close()


async def test_a_variety_of_callers_is_bounded_and_what_is_left_out_is_told(fraud, files, runtime):
    counter = PullCounter(runtime.db, every=60, most=50)
    for number in range(1_000):
        counter.downloaded(Actor(user_id=number + 1), a_file(fraud, files, folder=f"d{number}"), Door.LINK, size=1)
    assert len(counter._amounts) == 50
    await counter.close()
    assert len(counter._amounts) == 0


async def test_a_database_that_is_away_loses_nothing_that_fits(fraud, files, runtime, settings):
    away = Database(settings.database_url.rpartition("@")[0] + "@127.0.0.1:1/none")
    counter = PullCounter(away, every=60)
    file, actor = a_file(fraud, files), fraud[Role.OWNER].actor
    for _ in range(3):
        counter.downloaded(actor, file, Door.MLFLOW, size=1)
        await counter.write()
    counter._db = runtime.db
    await counter.close()
    async with runtime.db.read() as snap:
        count = await snap.scalar(text("SELECT sum(downloads) FROM pulls WHERE project_id = :p"), {"p": fraud.id})
    assert count == 3
    await away.close()


async def test_what_was_counted_is_written_when_the_process_ends_and_by_itself(fraud, files, runtime):
    soon = PullCounter(runtime.db, every=0.05)
    soon.downloaded(fraud[Role.OWNER].actor, a_file(fraud, files), Door.MLFLOW, size=1)
    await asyncio.sleep(0.5)
    assert not soon._amounts
    assert soon._writer is not None
    assert soon._writer.done(), "no timer while nothing is pulled"
    late = PullCounter(runtime.db, every=3_000)
    late.downloaded(fraud[Role.OWNER].actor, a_file(fraud, files), Door.MLFLOW, size=1)
    await late.close()
    async with runtime.db.read() as snap:
        count = await snap.scalar(text("SELECT sum(downloads) FROM pulls WHERE project_id = :p"), {"p": fraud.id})
    assert count == 2


async def test_files_of_no_version_and_of_projects_that_are_gone_fall_away(fraud, files, runtime):
    counter = PullCounter(runtime.db, every=60)
    actor = fraud[Role.OWNER].actor
    counter.downloaded(actor, a_file(fraud, files, root=uuid4()), Door.LINK, size=1)
    counter.downloaded(actor, a_file(fraud, files, project_id=2**62), Door.LINK, size=1)
    counter.downloaded(actor, a_file(fraud, files), Door.LINK, size=1)
    await counter.close()
    async with runtime.db.read() as snap:
        rows = (await snap.execute(text("SELECT door, downloads FROM pulls WHERE user_id = :u AND project_id = :p"),
                                   {"u": actor.user_id, "p": fraud.id})).all()  # fmt: skip
    assert [tuple(row) for row in rows] == [("link", 1)]


async def test_counting_can_be_switched_off(fraud, files, runtime):
    counter = PullCounter(runtime.db, every=0)
    counter.downloaded(fraud[Role.OWNER].actor, a_file(fraud, files), Door.LINK, size=1)
    assert not counter._amounts


async def test_old_days_are_removed(fraud, files, runtime, data):
    runtime.pulls.downloaded(fraud[Role.OWNER].actor, a_file(fraud, files), Door.LINK, size=1)
    assert len(await pulls(fraud, data)) == 1
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE pulls SET day = day - 401 WHERE project_id = :p"), {"p": fraud.id})
    await storage.remove_old(runtime.db, timedelta(days=400))
    assert await pulls(fraud, data) == []


def a_file(fraud, files, *, folder="", root=None, project_id=None):
    path = f"{folder}/f" if folder else "f"
    return SimpleNamespace(project_id=project_id or fraud.id, root_id=root or UUID(hex=files.run), path=path)
