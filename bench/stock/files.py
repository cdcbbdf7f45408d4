"""Files that a candidate has already, put straight into our tables; `mlflow server` keeps none of them in tables."""

from __future__ import annotations

import time

from bench.servers.peers import Peer
from bench.stock import experiments

_BLOBS = """INSERT INTO blobs (project_id, id, object_key, state, sha256, size)
  SELECT p.id, uuidv7(), $2::text || n, 'stored', sha256(($2::text || n)::bytea), 10000
  FROM (SELECT min(id) id FROM projects) p, generate_series(1, $1::bigint) n"""
_ARTIFACTS = """INSERT INTO artifacts (project_id, id, candidate_id, path, blob_id, media_type, inspected_at)
  SELECT b.project_id, uuidv7(), ($2::uuid[])[1 + row_number() OVER () % cardinality($2::uuid[])], b.object_key, b.id,
    'application/octet-stream', now()
  FROM blobs b WHERE starts_with(b.object_key, $1::text)"""


async def fill(peer: Peer, count: int) -> None:
    """So many files of a thousand candidates; made the first time. There are no bytes behind them."""
    key = f"{count} files"
    if not peer.is_ours or key in peer.stock:
        return
    candidates = (await experiments.fill(peer, 2000)).some
    prefix = f"bench-{time.time_ns()}/"
    connection = await peer.connect()
    try:
        await connection.execute(_BLOBS, count, prefix)
        await connection.execute(_ARTIFACTS, prefix, candidates)
        await peer.tidy(connection)
    finally:
        await connection.close()
    peer.stock[key] = True
