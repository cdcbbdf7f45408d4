"""What is stated of versions: by whom, with corrections, and what a sealing keeps."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from app.access.policy import Role
from app.errors import Forbidden, Invalid, TooLarge
from app.lifecycle.evaluations import facts, reads, stated
from app.lifecycle.evaluations.evaluations import KeyReused
from app.lifecycle.evaluations.six_facts import LIBRARY, FactKind, FactSource
from app.lifecycle.evaluations.stated import StateFacts
from app.lifecycle.seals import seals
from app.registry.versions import lookup
from app.registry.versions.lookup import VersionNotFound

COMMIT, DATA = FactKind.SOURCE_COMMIT, FactKind.TRAINING_DATA


async def say(project, version, entries, *, role=Role.REPORTER, **more):
    command = StateFacts(entries, **more)
    return await stated.state(project.runtime.db, project[role].actor, project.id, version.id, command)


async def read(project, version):
    current = await lookup.get(project.runtime.db, project.owner, project.id, version.id)
    async with project.runtime.db.read() as snap:
        return await facts.of_version(snap, project.id, current)


async def test_a_correction_counts_and_what_was_said_before_stays(project, made) -> None:
    await say(project, made.first, {COMMIT: {"sha": "a" * 40, "branch": "main"}})
    await say(project, made.first, {COMMIT: {"sha": "b" * 40}}, role=Role.OWNER, note="The wrong job.")
    fact = (await read(project, made.first))[COMMIT]
    assert fact.entries == {"sha": "b" * 40, "branch": "main"}
    assert [one.entries["sha"] for one in fact.statements] == ["b" * 40, "a" * 40]
    assert [one.reason for one in fact.statements] == ["The wrong job.", ""]
    assert [one.username for one in fact.statements] == [
        project.owner.username, project[Role.REPORTER].actor.username,
    ]  # fmt: skip


async def test_a_repetition_with_a_key_states_nothing(project, made) -> None:
    entries = {COMMIT: {"sha": "a" * 40}, DATA: {"digits": "1"}}
    await asyncio.gather(*(say(project, made.first, entries, idempotency_key="job-3") for _ in range(4)))
    six = await read(project, made.first)
    assert [len(six[kind].statements) for kind in (COMMIT, DATA)] == [1, 1]
    with pytest.raises(KeyReused, match="job-3"):
        await say(project, made.first, {COMMIT: {"sha": "c" * 40}}, idempotency_key="job-3")
    assert len((await read(project, made.first))[COMMIT].statements) == 1


async def test_what_is_sealed_stays_as_it_was_said(runtime, project, made) -> None:
    tag = {"p": project.id, "c": made.first.candidate_id, "v": "1x H200"}
    insert = """INSERT INTO candidate_tags (project_id, candidate_id, key, value)
        VALUES (:p, :c, 'modelyard.hardware', :v)"""
    async with runtime.db.write() as tx:
        await tx.execute(text(insert), tag)
    await asyncio.gather(*(seals.seal_version(runtime.db, project.owner, project.id, made.first.id) for _ in range(2)))
    async with runtime.db.write() as tx:
        changed = "UPDATE candidate_tags SET value = :v, set_at = now() WHERE project_id = :p AND candidate_id = :c"
        await tx.execute(text(changed), {**tag, "v": "1x T4"})
    await say(project, made.first, {FactKind.ENVIRONMENT: {"hardware": "8x H200", "python": "3.11"}})
    fact = (await read(project, made.first))[FactKind.ENVIRONMENT]
    assert fact.entries == {"hardware": "1x H200", "python": "3.11"}
    assert {one.entries["hardware"]: one.is_kept for one in fact.statements} == {
        "1x H200": True, "1x T4": False, "8x H200": False,
    }  # fmt: skip
    assert {value for value, _ in fact.conflicts[0].values} == {"1x H200", "1x T4", "8x H200"}


async def test_addresses_of_repositories_lose_their_secrets(project, made) -> None:
    await say(project, made.first, {COMMIT: {"repository": "https://ci:hunter2@git.example/a.git"}})
    async with project.runtime.db.read() as snap:
        stored = await snap.scalar(
            text("SELECT entries::text FROM fact_statements WHERE project_id = :p"), {"p": project.id}
        )
    assert "hunter2" not in stored


@pytest.mark.parametrize(
    ("entries", "error", "message"),
    [
        ({}, Invalid, "Nothing is said"),
        ({COMMIT: {"sha": "main"}}, Invalid, "no SHA"),
        ({COMMIT: {"sha": "abc"}}, Invalid, "no SHA"),
        ({COMMIT: {"branch": "b\0"}}, Invalid, "no text"),
        ({FactKind.ENVIRONMENT: {"image_digest": "image:latest"}}, Invalid, "no digest of an image"),
        ({FactKind.ENVIRONMENT: {LIBRARY + "../x": "1"}}, Invalid, "no name of a library"),
        ({DATA: {f"d{n}": "1" for n in range(101)}}, TooLarge, "101 entries"),
        ({FactKind.HYPER_PARAMETERS: {"p": "v" * 6001}}, TooLarge, "6001 characters"),
        ({FactKind.STAGE: {"stage": "production"}}, Invalid, "the stage from moving it"),
        ({FactKind.METRICS: {"acc": "1"}}, Invalid, "metrics come from evaluations"),
    ],
)
async def test_what_cannot_be_a_fact_is_refused(project, made, entries, error, message) -> None:
    with pytest.raises(error, match=message):
        await say(project, made.first, entries)


async def test_only_who_may_write_the_registry_states_facts(project, made) -> None:
    with pytest.raises(Forbidden, match="reporter"):
        await say(project, made.first, {DATA: {"d": "1"}}, role=Role.GUEST)
    with pytest.raises(VersionNotFound):
        command = StateFacts({DATA: {"d": "1"}})
        await stated.state(project.runtime.db, project.owner, project.id, 2**62, command)


async def test_what_a_ci_job_says_is_for_members(runtime, project, made) -> None:
    await project.open_group()
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE projects SET visibility = 'public' WHERE id = :p"), {"p": project.id})
        job = await tx.scalar(
            text("""INSERT INTO ci_jobs (project_id, id, provider, external_id, ci_project, commit_sha, ref)
                VALUES (:p, gen_random_uuid(), 'gitlab', '7', 'team/code', :s, 'main') RETURNING id"""),
            {"p": project.id, "s": "d" * 40},
        )
        await tx.execute(
            text("INSERT INTO version_ci_jobs (project_id, version_id, ci_job_id) VALUES (:p, :v, :j)"),
            {"p": project.id, "v": made.first.id, "j": job},
        )
    key = (project.id, made.first.id)
    (member,) = await reads.facts_of_versions(runtime.db, project[Role.GUEST].actor, [key])
    (visitor,) = await reads.facts_of_versions(runtime.db, project.anonymous, [key])
    assert member[COMMIT].entries == {"sha": "d" * 40, "branch": "main", "repository": "team/code"}
    assert {one.source for one in member[COMMIT].statements} == {FactSource.CI_JOB}
    assert visitor[COMMIT].entries == {}
