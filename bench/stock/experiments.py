"""Fills both servers with the same rows, straight into their tables, so that large amounts take seconds.

The shape of a candidate is fixed: ten metrics, ten params and five tags, as training code of libraries with automatic
logging leaves them. Values come from hashes of the number, so that both servers have the same.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench.servers.peers import Peer


@dataclass(frozen=True)
class Shape:
    """So many of each for every candidate."""

    metrics: int = 10
    params: int = 10
    tags: int = 5


WIDE = Shape()
NARROW = Shape(3, 3, 2)
"""For amounts at which the wide one would take too long."""

_OURS = {
    "candidates": """INSERT INTO candidates (project_id, id, experiment_number, name, status, start_time, end_time,
        user_name, created_by, created_at)
      SELECT p.id, uuidv7(make_interval(secs => n - $2::bigint)), $1::bigint, 'run-' || n, 3, 1700000000000 + n,
        1700000100000 + n, 'ada', (SELECT min(id) FROM users), now() - make_interval(secs => $2::bigint - n)
      FROM (SELECT min(id) id FROM projects) p, generate_series(1, $2::bigint) n""",
    "latest_metrics": """INSERT INTO latest_metrics (project_id, candidate_id, key, value, step, timestamp)
      SELECT c.project_id, c.id, 'metric-' || k, (hashtext(c.name || 'm' || k) & 65535) / 65536.0, 100, 1700000000000
      FROM candidates c, generate_series(1, $2::bigint) k WHERE c.experiment_number = $1::bigint""",
    "metric_points": """INSERT INTO metric_points (project_id, candidate_id, key, value, step, timestamp)
      SELECT c.project_id, c.id, 'metric-' || k, (hashtext(c.name || 'm' || k) & 65535) / 65536.0, 100, 1700000000000
      FROM candidates c, generate_series(1, $2::bigint) k WHERE c.experiment_number = $1::bigint""",
    "candidate_params": """INSERT INTO candidate_params (project_id, candidate_id, key, value)
      SELECT c.project_id, c.id, 'param-' || k, (hashtext(c.name || 'p' || k) & 15)::text
      FROM candidates c, generate_series(1, $2::bigint) k WHERE c.experiment_number = $1::bigint""",
    "candidate_tags": """INSERT INTO candidate_tags (project_id, candidate_id, key, value)
      SELECT c.project_id, c.id, 'tag-' || k, 'value-' || abs(hashtext(c.name || 't' || k) % 20)
      FROM candidates c, generate_series(1, $2::bigint) k WHERE c.experiment_number = $1::bigint""",
}
_THEIRS = {
    "runs": """INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status,
        start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)
      SELECT id, 'run-' || n, 'UNKNOWN', '', '', 'ada', 'FINISHED', 1700000000000 + n, 1700000100000 + n, '', 'active',
        'mlflow-artifacts:/' || $1::int || '/' || id || '/artifacts', $1::int
      FROM (SELECT replace(gen_random_uuid()::text, '-', '') id, n FROM generate_series(1, $2::bigint) n) fresh""",
    "latest_metrics": """INSERT INTO latest_metrics (run_uuid, key, value, step, timestamp, is_nan)
      SELECT r.run_uuid, 'metric-' || k, (hashtext(r.name || 'm' || k) & 65535) / 65536.0, 100, 1700000000000, false
      FROM runs r, generate_series(1, $2::bigint) k WHERE r.experiment_id = $1::int""",
    "metrics": """INSERT INTO metrics (run_uuid, key, value, step, timestamp, is_nan)
      SELECT r.run_uuid, 'metric-' || k, (hashtext(r.name || 'm' || k) & 65535) / 65536.0, 100, 1700000000000, false
      FROM runs r, generate_series(1, $2::bigint) k WHERE r.experiment_id = $1::int""",
    "params": """INSERT INTO params (run_uuid, key, value)
      SELECT r.run_uuid, 'param-' || k, (hashtext(r.name || 'p' || k) & 15)::text
      FROM runs r, generate_series(1, $2::bigint) k WHERE r.experiment_id = $1::int""",
    "tags": """INSERT INTO tags (run_uuid, key, value)
      SELECT r.run_uuid, 'tag-' || k, 'value-' || abs(hashtext(r.name || 't' || k) % 20)
      FROM runs r, generate_series(1, $2::bigint) k WHERE r.experiment_id = $1::int""",
    "run names": """INSERT INTO tags (run_uuid, key, value)
      SELECT r.run_uuid, 'mlflow.runName', r.name FROM runs r WHERE r.experiment_id = $1::int AND $2::bigint > 0""",
}


@dataclass(frozen=True)
class Experiment:
    """One that is full of candidates."""

    id: str
    some: tuple[str, ...]
    """Ids of up to a thousand candidates."""


async def fill(peer: Peer, count: int, shape: Shape = WIDE) -> Experiment:
    """An experiment of so many candidates; filled the first time."""
    key = f"experiment of {count} {shape}"
    if key not in peer.stock:
        peer.stock[key] = await _fill(peer, count, shape)
    experiment = peer.stock[key]
    assert isinstance(experiment, Experiment), "as put there"
    return experiment


async def _fill(peer: Peer, count: int, shape: Shape) -> Experiment:
    made = await peer.ask(peer.post("/experiments/create", {"name": f"bench-{time.time_ns()}"}))
    number, begin = int(made["experiment_id"]), time.perf_counter()
    connection = await peer.connect()
    try:
        for table, statement in (_OURS if peer.is_ours else _THEIRS).items():
            await connection.execute(statement, number, _amount(table, count, shape))
        await peer.tidy(connection)
        ids = "SELECT id FROM candidates WHERE experiment_number = $1::bigint LIMIT 1000"
        if not peer.is_ours:
            ids = "SELECT run_uuid FROM runs WHERE experiment_id = $1::int LIMIT 1000"
        some = tuple(str(row[0]).replace("-", "") for row in await connection.fetch(ids, number))
    finally:
        await connection.close()
    if count > 10_000:
        print(f"  {peer.name}: {count} candidates put in, {time.perf_counter() - begin:.0f} s", flush=True)
    return Experiment(str(number), some)


def _amount(table: str, count: int, shape: Shape) -> int:
    if table in {"candidates", "runs"}:
        return count
    if "metric" in table:
        return shape.metrics
    return shape.params if "params" in table else shape.tags
