"""Entries get their places in the chain: none twice, none never; and an export proves itself."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest
from sqlalchemy import text

from app.db.database import driver_url
from app.lifecycle.audit import chain, heads
from app.webhooks import webhooks
from app.webhooks.webhooks import CreateWebhook
from modelyard_client.audit import verify
from tests.support.db import owner

RENAME = "UPDATE projects SET name = name || 'x' WHERE id = "


async def rename(runtime, project_id: int, times: int = 1) -> None:
    for _ in range(times):
        async with runtime.db.write() as tx:
            await tx.execute(text(f"{RENAME}{project_id}"))


async def exported(runtime, chain_id: int) -> list[str]:
    """The lines of an export, as `modelyard audit export` writes them."""
    async with runtime.db.read() as snap:
        rows = await snap.execute(
            text(
                "SELECT c.seq, c.entry_hash, c.chain_hash, CASE WHEN e.id > 0 THEN audit_canonical(e) END AS content"
                " FROM audit_chain c LEFT JOIN audit_entries e ON e.id = c.entry_id WHERE c.chain_id = :c ORDER BY seq"
            ),
            {"c": chain_id},
        )
        entries = [
            {
                "type": "entry",
                "seq": row.seq,
                "entry": None if row.content is None else json.loads(row.content),
                "entry_hash": row.entry_hash.hex(),
                "chain_hash": row.chain_hash.hex(),
            }
            for row in rows
        ]
    header = {"type": "header", "format": verify.FORMAT, "chain": chain_id}
    end = {"type": "end", "seq": entries[-1]["seq"] if entries else 0}
    return [json.dumps(one) for one in [header, *entries, end]]


async def numbers_of(runtime, chain_id: int) -> list[int]:
    async with runtime.db.read() as snap:
        rows = await snap.scalars(text("SELECT seq FROM audit_chain WHERE chain_id = :c ORDER BY seq"), {"c": chain_id})
        return list(rows)


async def unplaced(runtime, chain_id: int) -> int:
    async with runtime.db.read() as snap:
        return await snap.scalar(
            text(
                "SELECT count(*) FROM audit_entries e WHERE chain_id = :c"
                " AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.entry_id = e.id)"
            ),
            {"c": chain_id},
        )


async def test_each_entry_gets_the_next_number(runtime, project):
    await rename(runtime, project.id, 3)
    await chain.extend(runtime.db)
    first = await numbers_of(runtime, project.id)
    await rename(runtime, project.id, 2)
    await chain.extend(runtime.db, most=1)
    assert await numbers_of(runtime, project.id) == list(range(1, len(first) + 3))
    report = verify.verify(await exported(runtime, project.id))
    assert report.is_sound, report.problems
    assert report.entries == len(first) + 2


async def test_the_canonical_json_is_that_of_python(runtime, project):
    names = ["\u2028 é 😀 \x7f", 'quote " backslash \\ slash /', "tab \t line \n feed \r \b \f \x01 \x1f", "0.10 1e400"]
    for name in names:
        async with runtime.db.write() as tx:
            await tx.execute(text("UPDATE projects SET name = :n WHERE id = :id"), {"n": name, "id": project.id})
    await chain.extend(runtime.db)
    assert verify.verify(await exported(runtime, project.id)).is_sound


async def test_what_commits_late_is_not_skipped(runtime, project):
    late = await asyncpg.connect(driver_url(runtime.settings.database_url))
    try:
        transaction = late.transaction()
        await transaction.start()
        await late.execute(f"{RENAME}{project.id}")
        # Others take higher numbers and commit; the chain goes on without the one that is open, again and again.
        async with runtime.db.write() as tx:
            await tx.execute(text("UPDATE users SET name = name || 'y' WHERE id = :id"), {"id": project.owner.user_id})
        for _ in range(4):
            await chain.extend(runtime.db)
        before = await numbers_of(runtime, project.id)
        await transaction.commit()
        await chain.extend(runtime.db)
        assert len(await numbers_of(runtime, project.id)) == len(before) + 1
        assert await unplaced(runtime, project.id) == 0
    finally:
        await late.close()


async def test_two_workers_that_chain_at_once_give_no_number_twice(runtime, project):
    async def work() -> None:
        for _ in range(10):
            await chain.extend(runtime.db, most=3)

    await asyncio.gather(rename(runtime, project.id, 10), work(), work(), work())
    await chain.extend(runtime.db)
    assert await unplaced(runtime, project.id) == 0
    assert verify.verify(await exported(runtime, project.id)).is_sound


async def test_a_worker_that_is_killed_leaves_nothing_half_done(runtime, project):
    await rename(runtime, project.id, 20)
    for delay in (0.0, 0.001, 0.003, 0.005, 0.01):
        task = asyncio.create_task(chain.extend(runtime.db, most=4))
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await chain.extend(runtime.db)
    assert await unplaced(runtime, project.id) == 0
    assert verify.verify(await exported(runtime, project.id)).is_sound


async def test_a_restored_database_whose_transactions_count_anew_is_chained_on(runtime, project):
    await chain.extend(runtime.db)
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE audit_progress SET seen_transaction = 9000000000000"))
    await rename(runtime, project.id)
    await chain.extend(runtime.db)
    await chain.extend(runtime.db)
    assert await unplaced(runtime, project.id) == 0
    async with runtime.db.read() as snap:
        assert await snap.scalar(text("SELECT seen_transaction < 9000000000000 FROM audit_progress"))


async def test_the_floor_rises_so_that_a_long_log_is_not_read_again(runtime, project):
    for _ in range(3):
        await rename(runtime, project.id)
        await chain.extend(runtime.db)
    async with runtime.db.read() as snap:
        distance = await snap.scalar(text("SELECT (SELECT max(id) FROM audit_entries) - floor_id FROM audit_progress"))
    assert distance <= 10


async def test_heads_are_made_once_an_hour_and_name_the_end_of_each_chain(runtime, project):
    await rename(runtime, project.id)
    for _ in range(3):
        await chain.extend(runtime.db)
        await rename(runtime, project.id)
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE audit_progress SET headed_at = now() - interval '1 hour'"))
    made = await asyncio.gather(*(heads.make(runtime.db) for _ in range(3)))
    assert len([number for number in made if number]) == 1
    assert await heads.make(runtime.db) == 0
    async with runtime.db.read() as snap:
        row = (
            await snap.execute(
                text("SELECT seq, chain_hash FROM audit_heads WHERE chain_id = :c ORDER BY id DESC"), {"c": project.id}
            )
        ).first()
    head = verify.Head(project.id, row.seq, row.chain_hash.hex(), "an hour")
    report = verify.verify(await exported(runtime, project.id), [head])
    assert report.is_sound
    assert report.proven == row.seq == max(await numbers_of(runtime, project.id))


async def test_a_head_is_sent_to_webhooks_that_listen(runtime, project):
    hook = CreateWebhook("heads", "https://hooks.example.org/heads", ["audit_head.created"])
    await webhooks.create(runtime.db, project.owner, runtime.webhook_client, project.id, hook)
    await chain.extend(runtime.db)
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE audit_progress SET headed_at = now() - interval '1 hour'"))
    assert await heads.make(runtime.db)
    async with runtime.db.read() as snap:
        statement = "SELECT event, data FROM webhook_deliveries WHERE project_id = :p"
        ((event, data),) = await snap.execute(text(statement), {"p": project.id})
        statement = "SELECT seq, chain_hash FROM audit_heads WHERE chain_id = :p ORDER BY id DESC LIMIT 1"
        head = (await snap.execute(text(statement), {"p": project.id})).one()
    assert (event, data) == (
        "audit_head.created",
        {"seq": head.seq, "hash": head.chain_hash.hex(), "project": project.path},
    )


APPEND_ONLY = ("audit_entries", "audit_chain", "audit_heads")


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_the_application_adds_to_the_log_and_changes_nothing_of_it(runtime, project, table):
    await rename(runtime, project.id)
    await chain.extend(runtime.db)
    connection = await asyncpg.connect(driver_url(runtime.settings.database_url))
    try:
        assert await connection.fetchval("SELECT current_user") == "modelyard_app"
        for statement in (
            f"UPDATE {table} SET chain_id = 0",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"DROP TRIGGER append_only ON {table}",
            f"DROP TABLE {table}",
            "ALTER TABLE projects DISABLE TRIGGER audit_update",
            "DROP TRIGGER audit_update ON projects",
            "CREATE OR REPLACE FUNCTION audit_projects() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
            'SELECT audit_table(\'projects\', \'{"type": "x", "when": {"update": "false"}}\')',
            "SET session_replication_role = replica",
            "SET ROLE modelyard",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_even_the_owner_does_not_change_it_by_mistake(runtime, table):
    for statement in (f"UPDATE {table} SET chain_id = 0", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(runtime.settings, statement)


async def test_a_temporary_table_of_the_same_name_does_not_catch_the_entries(runtime, project, entries):
    connection = await asyncpg.connect(driver_url(runtime.settings.database_url))
    try:
        await connection.execute("CREATE TEMP TABLE audit_entries (LIKE public.audit_entries INCLUDING ALL)")
        await connection.execute(f"{RENAME}{project.id}")
    finally:
        await connection.close()
    assert len(await entries.of_chain(project.id, object_type="project", action="update")) == 1


async def test_one_altered_removed_or_inserted_row_is_detected_and_named(runtime, project):
    """As a superuser would do it, who can switch the triggers off."""
    await rename(runtime, project.id, 6)
    await chain.extend(runtime.db)
    before = await numbers_of(runtime, project.id)
    middle = before[len(before) // 2]
    entry = f"(SELECT entry_id FROM audit_chain WHERE chain_id = {project.id} AND seq = {middle})"
    tampering = {
        f'UPDATE audit_entries SET after = \'{{"name": "never"}}\' WHERE id = {entry}': f"Entry {middle} was altered",
        f"DELETE FROM audit_entries WHERE id = {entry}": f"Entry {middle} was removed",
        f"DELETE FROM audit_chain WHERE chain_id = {project.id} AND seq = {middle}": f"Entry {middle} is missing",
        f"UPDATE audit_chain SET entry_hash = sha256('') WHERE chain_id = {project.id} AND seq = {middle}": (
            f"Entry {middle} was altered"
        ),
    }
    for statement, finding in tampering.items():
        connection = await asyncpg.connect(driver_url(runtime.settings.owner_url))
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(statement)
            rows = await connection.fetch(
                "SELECT c.seq, c.entry_hash, c.chain_hash, CASE WHEN e.id > 0 THEN audit_canonical(e) END AS content"
                " FROM audit_chain c LEFT JOIN audit_entries e ON e.id = c.entry_id WHERE c.chain_id = $1 ORDER BY seq",
                project.id,
            )
        finally:
            await transaction.rollback()
            await connection.close()
        entries = [
            json.dumps(
                {
                    "type": "entry",
                    "seq": row["seq"],
                    "entry": json.loads(row["content"]) if row["content"] else None,
                    "entry_hash": row["entry_hash"].hex(),
                    "chain_hash": row["chain_hash"].hex(),
                }
            )
            for row in rows
        ]
        header = json.dumps({"type": "header", "format": verify.FORMAT, "chain": project.id})
        end = json.dumps({"type": "end", "seq": rows[-1]["seq"]})
        problems = verify.verify([header, *entries, end]).problems
        assert problems and problems[0].startswith(finding), (statement, problems)
