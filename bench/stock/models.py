"""Models and their versions, put straight into the tables of both servers."""

from __future__ import annotations

import time
from typing import Any

from app.registry.references import semver
from bench.servers.peers import Peer
from bench.stock import experiments

VERSIONS = 3
_OURS = {
    "numbers": "UPDATE projects SET last_experiment_number = last_experiment_number + $2::bigint WHERE id = $1::bigint",
    "experiments": """INSERT INTO experiments (project_id, number, name, created_by)
      SELECT p.id, p.last_experiment_number - $2::bigint + n, '[model]' || $3::text || n, (SELECT min(id) FROM users)
      FROM projects p, generate_series(1, $2::bigint) n WHERE p.id = $1::bigint""",
    "models": """INSERT INTO models (project_id, name, description, tags, experiment_number, last_number, created_by,
        created_at, updated_at)
      SELECT p.id, $3::text || n, 'Reads text.', jsonb_build_object('team', 'team-' || n % 20, 'task', 'text'),
        p.last_experiment_number - $2::bigint + n, $4::bigint, (SELECT min(id) FROM users),
        now() - make_interval(secs => $2::bigint - n), now() - make_interval(secs => n)
      FROM projects p, generate_series(1, $2::bigint) n WHERE p.id = $1::bigint""",
    "versions": """INSERT INTO model_versions (project_id, model_id, number, version, precedence, is_prerelease, stage,
        candidate_id, created_by)
      SELECT m.project_id, m.id, v.number, v.version, v.precedence, false,
        CASE WHEN v.number = $4::bigint THEN 'production' ELSE 'none' END,
        ($5::uuid[])[1 + (m.id + v.number) % cardinality($5::uuid[])], (SELECT min(id) FROM users)
      FROM models m, unnest($6::text[], $7::bytea[]) WITH ORDINALITY v (version, precedence, number)
      WHERE m.project_id = $1::bigint AND starts_with(m.name, $3::text)""",
    "aliases": """INSERT INTO aliases (project_id, model_id, version_id, name, set_by)
      SELECT m.project_id, m.id, v.id, 'champion', (SELECT min(id) FROM users)
      FROM models m JOIN model_versions v ON v.project_id = m.project_id AND v.model_id = m.id AND v.number = 1
      WHERE m.project_id = $1::bigint AND starts_with(m.name, $3::text)""",
}
_THEIRS = {
    "models": """INSERT INTO registered_models (workspace, name, creation_time, last_updated_time, description)
      SELECT 'default', $2::text || n, 1700000000000 + n, 1700000000000 + $1::bigint - n, 'Reads text.'
      FROM generate_series(1, $1::bigint) n""",
    "tags": """INSERT INTO registered_model_tags (workspace, name, key, value)
      SELECT 'default', $2::text || n, t.key, t.value
      FROM generate_series(1, $1::bigint) n,
        LATERAL (VALUES ('team', 'team-' || n % 20), ('task', 'text')) t (key, value)""",
    "versions": """INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time, user_id,
        current_stage, source, run_id, status)
      SELECT 'default', $2::text || n, v, 1700000000000 + n, 1700000000000 + n, 'ada',
        CASE WHEN v = $3::bigint THEN 'Production' ELSE 'None' END, 'mlflow-artifacts:/0/run/artifacts/model',
        ($4::text[])[1 + (n + v) % cardinality($4::text[])], 'READY'
      FROM generate_series(1, $1::bigint) n, generate_series(1, $3::bigint) v""",
    "aliases": """INSERT INTO registered_model_aliases (workspace, name, alias, version)
      SELECT 'default', $2::text || n, 'champion', 1 FROM generate_series(1, $1::bigint) n""",
}


async def fill(peer: Peer, count: int, versions: int = VERSIONS) -> tuple[str, ...]:
    """The names of so many models, each with so many versions; made the first time.

    Ours get releases from 1.0.0 upwards; the highest is in production, the first is the champion.
    """
    key = f"{count} models of {versions} versions"
    if key not in peer.stock:
        peer.stock[key] = await _fill(peer, count, versions)
    return tuple(peer.stock[key])


async def _fill(peer: Peer, count: int, versions: int) -> tuple[str, ...]:
    prefix, begin = f"model-{time.time_ns()}-", time.perf_counter()
    candidates = (await experiments.fill(peer, 2000)).some
    connection = await peer.connect()
    try:
        if peer.is_ours:
            await _ours(connection, prefix, count, versions, candidates)
        else:
            await _theirs(connection, prefix, count, versions, candidates)
        await peer.tidy(connection)
    finally:
        await connection.close()
    if count * versions > 10_000:
        print(f"  {peer.name}: {count} models put in, {time.perf_counter() - begin:.0f} s", flush=True)
    return tuple(f"{prefix}{number}" for number in range(1, count + 1))


async def _ours(connection: Any, prefix: str, count: int, versions: int, candidates: tuple[str, ...]) -> None:
    texts = [f"1.{number // 100}.{number % 100}" for number in range(versions)]
    keys = [semver.precedence_key(semver.parse(text)) for text in texts]
    project = await connection.fetchval("SELECT min(id) FROM projects")
    given = (project, count, prefix, versions, candidates, texts, keys)
    async with connection.transaction():
        for statement in _OURS.values():
            await _execute(connection, statement, given)


async def _theirs(connection: Any, prefix: str, count: int, versions: int, candidates: tuple[str, ...]) -> None:
    given = (count, prefix, versions, list(candidates))
    async with connection.transaction():
        for statement in _THEIRS.values():
            await _execute(connection, statement, given)


async def _execute(connection: Any, statement: str, given: tuple[Any, ...]) -> None:
    """With the parameters that it names."""
    used = [number for number in range(1, len(given) + 1) if f"${number}::" in statement]
    for position, number in enumerate(used, 1):
        statement = statement.replace(f"${number}::", f"${position}::")
    await connection.execute(statement, *(given[number - 1] for number in used))
