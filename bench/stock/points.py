"""Long histories of one metric, put straight into the tables of both servers."""

from __future__ import annotations

from bench.servers.peers import Peer

_OURS = (
    """INSERT INTO metric_points (project_id, candidate_id, key, value, step, timestamp)
      SELECT c.project_id, c.id, 'loss', 1.0 / n, n, 1700000000000 + n
      FROM candidates c, generate_series(1, $2::bigint) n WHERE c.id = ($1::text)::uuid""",
    """INSERT INTO latest_metrics (project_id, candidate_id, key, value, step, timestamp)
      SELECT c.project_id, c.id, 'loss', 1.0 / $2::bigint, $2::bigint, 1700000000000 + $2::bigint
      FROM candidates c WHERE c.id = ($1::text)::uuid""",
)
_THEIRS = (
    """INSERT INTO metrics (run_uuid, key, value, step, timestamp, is_nan)
      SELECT $1::text, 'loss', 1.0 / n, n, 1700000000000 + n, false FROM generate_series(1, $2::bigint) n""",
    """INSERT INTO latest_metrics (run_uuid, key, value, step, timestamp, is_nan)
      SELECT $1::text, 'loss', 1.0 / $2::bigint, $2::bigint, 1700000000000 + $2::bigint, false""",
)


async def points(peer: Peer, count: int) -> str:
    """The id of a candidate whose metric `loss` has so many points; made the first time."""
    key = f"{count} points"
    if key not in peer.stock:
        run = str((await peer.ask(peer.post("/runs/create", {"experiment_id": "0"})))["run"]["info"]["run_id"])
        connection = await peer.connect()
        try:
            for statement in _OURS if peer.is_ours else _THEIRS:
                await connection.execute(statement, run, count)
            await peer.tidy(connection)
        finally:
            await connection.close()
        peer.stock[key] = run
    return str(peer.stock[key])
