"""Chains the entries of the audit log, seconds after they were written.

An entry is written in the transaction of its change without a place in its chain: taking one there would let the
writers of a project wait for each other. A worker gives places afterwards, to all entries that it can see and that have
none, in the order of their ids; what commits late gets a later place. ``seq`` counts 1, 2, 3 … in each chain;
``entry_hash`` is SHA-256 of the entry's canonical JSON (``audit_canonical``), ``chain_hash`` that of the hash before it
(32 zero bytes at the beginning) and ``entry_hash``. All of it is one transaction: two workers take turns by the row of
``audit_progress``, and one that is killed leaves nothing.

No entry is skipped. Below ``floor_id`` all is chained and nothing can still appear; above it the entries without a
place are looked for one by one. The floor rises to an id that the sequence had reached before a transaction T began,
once T and all before it are over: the transaction that took a lower id has committed or never will. So one that stays
open for an hour costs a longer look, and nothing else. In a database that was restored into another server, whose
transactions count anew, all that were open are over.
"""

from __future__ import annotations

from typing import NamedTuple

from app.db.database import Database, Tx
from app.db.statements import Statement

MOST = 5_000
"""Entries that one transaction chains."""


class _Position(NamedTuple):
    floor_id: int
    seen_id: int
    last_id: int
    """What the sequence has reached."""


class _Turn(NamedTuple):
    floor_id: int
    seen_id: int
    is_final: bool
    """Whether no entry up to ``seen_id`` can still appear."""


class _Chained(NamedTuple):
    number: int
    last_id: int


_POSITION = Statement(
    "audit.position",
    "How far the log is chained, and how far it goes.",
    """
    SELECT p.floor_id, p.seen_id, CASE WHEN s.is_called THEN s.last_value ELSE 0 END AS last_id
    FROM audit_progress p, audit_entries_id_seq s
    """,
    row=_Position,
)
_TAKE_TURN = Statement(
    "audit.take_turn",
    "Lock the position; no row where another worker has it.",
    """
    SELECT floor_id, seen_id,
        pg_snapshot_xmin(pg_current_snapshot())::text::bigint > seen_transaction
            OR pg_current_xact_id()::text::bigint < seen_transaction AS is_final
    FROM audit_progress FOR UPDATE SKIP LOCKED
    """,
    row=_Turn,
)
# Parts of the text and no JSON: what someone entered by other means need be none. In a value, quotes are escaped.
_CHAIN = Statement(
    "audit.chain",
    "Give entries above the floor that have no place the next places of their chains.",
    """
    WITH fresh AS MATERIALIZED (
        SELECT e.id, e.chain_id, e.at, e.action, e.object_type, e.object_key, e.context,
            rtrim(split_part(split_part(e.context, '"actor":', 2), ',', 1), '}') AS actor,
            sha256(convert_to(audit_canonical(e), 'UTF8')) AS entry_hash
        FROM audit_entries e
        WHERE e.id > :floor AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.entry_id = e.id)
        ORDER BY e.id LIMIT :most
    ), ends AS (
        SELECT chain.chain_id, coalesce(latest.seq, 0) AS seq,
            coalesce(latest.chain_hash, decode(repeat('00', 32), 'hex')) AS chain_hash
        FROM (SELECT DISTINCT chain_id FROM fresh) AS chain
        LEFT JOIN LATERAL (
            SELECT c.seq, c.chain_hash FROM audit_chain c WHERE c.chain_id = chain.chain_id ORDER BY c.seq DESC LIMIT 1
        ) AS latest ON true
    ), placed AS (
        INSERT INTO audit_chain
            (chain_id, seq, entry_id, entry_hash, chain_hash, at, action, object_type, object_key, actor_id, request_id)
        SELECT f.chain_id, ends.seq + row_number() OVER chain, f.id, f.entry_hash,
            audit_chained(ends.chain_hash, f.entry_hash) OVER chain,
            f.at, f.action, f.object_type, f.object_key,
            CASE WHEN length(f.actor) BETWEEN 1 AND 18 AND translate(f.actor, '0123456789', '') = ''
                THEN f.actor::bigint END,
            left(split_part(split_part(f.context, '"request":"', 2), '"', 1), 300)
        FROM fresh f JOIN ends ON ends.chain_id = f.chain_id
        WINDOW chain AS (PARTITION BY f.chain_id ORDER BY f.id)
        RETURNING entry_id
    )
    SELECT count(*) AS number, coalesce(max(entry_id), 0) AS last_id FROM placed
    """,
    row=_Chained,
)
_MOVE = Statement(
    "audit.move_position",
    "Note how far the log is chained, and up to where nothing new appears once this transaction is over.",
    """
    UPDATE audit_progress SET floor_id = greatest(floor_id, :floor), seen_id = :seen,
        seen_transaction = CASE WHEN :is_new THEN pg_current_xact_id()::text::bigint ELSE seen_transaction END
    """,
)


async def extend(db: Database, *, most: int = MOST) -> int:
    """Chain all entries that can be seen and have no place yet; how many. Safe to run twice, and in two processes."""
    total = 0
    while True:
        number = await _extend_once(db, most)
        total += number or 0
        if not number or number < most:
            return total


async def _extend_once(db: Database, most: int) -> int | None:
    """None: there is nothing to do, or another worker does it."""
    async with db.read() as snap:
        position = await _POSITION.fetch_one(snap)
    if position is None or position.floor_id == position.seen_id == position.last_id:
        return None
    async with db.write() as tx:
        # Read before this transaction has a number: who took an id up to this one has a lower number.
        latest = await _POSITION.fetch_one(tx)
        turn = await _TAKE_TURN.fetch_one(tx)
        if latest is None or turn is None:
            return None
        return await _extend(tx, latest, turn, most)


async def _extend(tx: Tx, latest: _Position, turn: _Turn, most: int) -> int:
    chained = await _CHAIN.fetch_one(tx, floor=turn.floor_id, most=most)
    assert chained is not None, "an aggregate has a row"
    floor, is_rest = turn.floor_id, chained.number < most
    if turn.is_final:
        floor = turn.seen_id if is_rest else min(turn.seen_id, chained.last_id)
    is_new = turn.is_final and is_rest
    await _MOVE.execute(tx, floor=floor, seen=latest.last_id if is_new else turn.seen_id, is_new=is_new)
    return chained.number
