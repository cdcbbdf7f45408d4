"""What stood when: statements and time of `asOf` among many intervals, most of them in one stage of one model.

    python -m bench.lifecycle.as_of [--intervals 1000000] [--each 500]

Starts an installation in a temporary folder and fills one model with a hundred versions: half of the intervals follow
each other in its stage `production`, the other half in its alias `champion`. Then each reference is asked at random
moments, and as of now, in this process and in turn: one statement each. Last, moves are timed in that model and in an
empty one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from app import installation
from app.access import bootstrap, groups, projects, tokens
from app.access.groups import CreateGroup
from app.access.policy import Actor
from app.access.projects import CreateProject
from app.db.database import Database, driver_url
from app.embedded import servers
from app.registry import models
from app.registry.models import CreateModel
from app.registry.references.parse import as_of, parse_reference
from app.registry.references.resolve import Named
from app.registry.stages import definitions, moves
from app.registry.versions import create, lookup
from app.registry.versions.request import CreateVersion
from app.runtime import open_runtime
from app.settings import Settings

_VERSIONS = 100
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_STEP = timedelta(minutes=1)
_REFERENCES = ("stage:production", "@champion", "latest", "^1", "1.50.0", "#50")
_STAGED = """
INSERT INTO stage_intervals (project_id, model_id, version_id, stage_id, number, version, precedence, is_prerelease,
  valid_from, valid_until, set_by_name, reason)
SELECT v.project_id, v.model_id, v.id, s.id, v.number, v.version, v.precedence, v.is_prerelease,
  $2::timestamptz + n * $3::interval, $2::timestamptz + (n + 1) * $3::interval, 'bench', 'r'
FROM generate_series(1, $4::int) AS n
JOIN project_stages s ON s.project_id = $1 AND s.key = 'production'
JOIN model_versions v ON v.project_id = $1 AND v.number = 1 + n % $5::int AND v.model_id = $6
"""
_HELD = """
INSERT INTO stage_holders (project_id, model_id, stage_id, interval_id, version_id, valid_from, valid_until)
SELECT project_id, model_id, stage_id, id, version_id, valid_from, valid_until FROM stage_intervals
WHERE project_id = $1
"""
_NAMED = """
INSERT INTO aliases (project_id, model_id, version_id, name, number, version, valid_from, valid_until)
SELECT v.project_id, v.model_id, v.id, 'champion', v.number, v.version,
  $2::timestamptz + n * $3::interval, $2::timestamptz + (n + 1) * $3::interval
FROM generate_series(1, $4::int) AS n
JOIN model_versions v ON v.project_id = $1 AND v.number = 1 + n % $5::int AND v.model_id = $6
"""

_PROBES = {
    "a stage": """SELECT interval_id FROM stage_holders WHERE project_id = $1 AND model_id = $2 AND valid_from <= $3
      AND stage_id = (SELECT id FROM project_stages WHERE project_id = $1 AND key = 'production')
      ORDER BY valid_from DESC LIMIT 1""",
    "an alias": """SELECT id FROM aliases WHERE project_id = $1 AND model_id = $2 AND name = 'champion'
      AND valid_from <= $3 ORDER BY valid_from DESC LIMIT 1""",
}
"""What finds the interval of a moment in PostgreSQL, without what the caller adds."""


async def run(intervals: int, each: int) -> None:
    """Fill, ask, and print."""
    settings = Settings.read()
    await installation.prepare_schema(settings)
    async with open_runtime(settings, name="bench") as runtime:
        await runtime.blobs.ensure_bucket()
        first = await bootstrap.ensure(runtime.db, token=None)
        actor = await tokens.authenticate(runtime.db, first.token)
        group = await groups.create(runtime.db, actor, CreateGroup("bench"))
        project = (await projects.create(runtime.db, actor, CreateProject(group.id, "p"))).id
        made = {name: await models.create(runtime.db, actor, project, CreateModel(name)) for name in ("full", "empty")}
        for name in made:
            for minor in range(_VERSIONS):
                await create.create(runtime.db, actor, project, CreateVersion(name, f"1.{minor}.0"))
        await _fill(settings, project, made["full"].id, intervals // 2)
        print(f"{intervals:,} intervals; {each} times each, at random moments")
        await _ask(runtime.db, actor, project, intervals // 2, each)
        await _write(runtime.db, actor, project)


async def _fill(settings: Settings, project: int, model: int, half: int) -> None:
    connection = await asyncpg.connect(driver_url(settings.owner_url or settings.database_url))
    try:
        values = (project, _BEGIN, _STEP, half, _VERSIONS, model)
        # Neither events nor audit entries of what is only here to be measured.
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(_STAGED, *values, timeout=600)
        await connection.execute(_HELD, project, timeout=600)
        await connection.execute(_NAMED, *values, timeout=600)
        # The versions were made then, too; and a stage takes them without files.
        made = "UPDATE model_versions SET created_at = $2, state = 'ready' WHERE project_id = $1"
        await connection.execute(made, project, _BEGIN)
        await connection.execute("VACUUM (ANALYZE) stage_intervals, stage_holders, aliases, model_versions")
        for what, probe in _PROBES.items():
            plan = f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {probe}"
            lines = [row[0].strip() for row in await connection.fetch(plan, project, model, _BEGIN + half // 3 * _STEP)]
            shown = [line for line in lines if "Scan" in line or "Buffers" in line or "Execution" in line]
            print(f"  the probe of {what}: {'; '.join(dict.fromkeys(shown))}")
    finally:
        await connection.close()


async def _ask(db: Database, actor: Actor, project: int, half: int, each: int) -> None:
    for reference in _REFERENCES:
        dice = random.Random(1)
        now, then = [], []
        for number in range(each):
            at = _BEGIN + dice.randrange(1, half) * _STEP
            if number % 2:
                now.append(await _timed(_resolve(db, actor, project, reference, None)))
            then.append(await _timed(_resolve(db, actor, project, reference, at)))
        print(f"  {reference:18} asOf {_spread(then)}   now {_spread(now)}")


async def _resolve(db: Database, actor: Actor, project: int, reference: str, at: datetime | None) -> None:
    named = Named("full", as_of(parse_reference(reference), at))
    try:
        async with db.read() as snap:
            await lookup.find(snap, actor, project, named)
    except lookup.VersionNotFound:
        assert at is None, f"{reference} at {at}"


async def _write(db: Database, actor: Actor, project: int) -> None:
    for name in ("full", "empty"):
        moved = []
        for number in range(60):
            target = Named(name, parse_reference(f"#{1 + number % _VERSIONS}"))
            stage = ("production", "staging")[number % 2]
            moved.append(await _timed(_move(db, actor, project, target, stage)))
        print(f"  move in the {name} model {_spread(moved)}")


async def _move(db: Database, actor: Actor, project: int, target: Named, stage: str) -> None:
    """What a promotion does once its gates have decided."""
    async with db.write() as tx:
        access, model, version = await lookup.find_to_change(tx, actor, project, target)
        await models.hold(tx, model)
        version = await lookup.reload(tx, version)
        await moves.move(tx, actor, access, model, version, await definitions.find(tx, project, stage))


async def _timed(call: Awaitable[object]) -> float:
    begin = time.perf_counter()
    await call
    return (time.perf_counter() - begin) * 1000


def _spread(milliseconds: list[float]) -> str:
    ordered = sorted(milliseconds)
    return f"median {statistics.median(ordered):6.2f} ms, 99 % below {ordered[int(len(ordered) * 0.99)]:6.2f} ms"


def main() -> None:
    """Read the arguments, and start the servers for as long as it runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--intervals", type=int, default=1_000_000)
    parser.add_argument("--each", type=int, default=500)
    arguments = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="myb"))
    running = servers.start(directory)
    try:
        os.environ.update(running.environment)
        asyncio.run(run(arguments.intervals, arguments.each))
    finally:
        running.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
