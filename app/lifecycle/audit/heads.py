"""Heads: how far each chain had come at an hour. Kept where the installation cannot reach them, they prove the rest."""

from __future__ import annotations

from app.db.database import Database
from app.db.statements import Statement
from app.webhooks import events
from app.webhooks.events import Event

CREATED = "audit_head.created"
"""The webhook event by which a project's head leaves the installation."""

_IS_DUE = Statement(
    "audit.heads_are_due",
    "Whether an hour has begun since the last heads, and something was chained since.",
    """
    SELECT (headed_at IS NULL OR headed_at < date_trunc('hour', now())) AND headed_id < floor_id FROM audit_progress
    """,
)
_TAKE_TURN = Statement(
    "audit.take_turn_at_heads",
    "Lock the position if heads are due; no row where another worker has it.",
    """
    SELECT headed_id FROM audit_progress
    WHERE (headed_at IS NULL OR headed_at < date_trunc('hour', now())) AND headed_id < floor_id
    FOR UPDATE SKIP LOCKED
    """,
)
# What was chained since the last heads has a higher id than the floor was then: all below it had its place already.
_MAKE = Statement(
    "audit.make_heads",
    "Write the ends of all chains that have grown since the last heads.",
    """
    INSERT INTO audit_heads (chain_id, seq, chain_hash)
    SELECT grown.chain_id, latest.seq, latest.chain_hash
    FROM (SELECT DISTINCT chain_id FROM audit_chain WHERE entry_id > :headed) AS grown
    CROSS JOIN LATERAL (
        SELECT c.seq, c.chain_hash FROM audit_chain c WHERE c.chain_id = grown.chain_id ORDER BY c.seq DESC LIMIT 1
    ) AS latest
    ORDER BY grown.chain_id
    ON CONFLICT (chain_id, seq) DO NOTHING
    RETURNING chain_id, seq, chain_hash
    """,
)
_NOTE = Statement(
    "audit.note_heads",
    "Note that heads were made.",
    "UPDATE audit_progress SET headed_id = floor_id, headed_at = now()",
)


async def make(db: Database) -> int:
    """Write a head of each chain that has grown, if an hour has begun since the last ones; how many.

    Webhooks of a project that listen are sent its head in the same transaction.

    Safe to run twice, and in two processes: one of them has the turn.
    """
    async with db.read() as snap:
        if not await _IS_DUE.fetch_value(snap):
            return 0
    async with db.write() as tx:
        headed = await _TAKE_TURN.fetch_value(tx)
        if headed is None:
            return 0
        made = await _MAKE.fetch(tx, headed=headed)
        await _NOTE.execute(tx)
        listening = await events.listening_projects(tx, CREATED) if made else set()
        for row in made:
            if row["chain_id"] in listening:
                head = {"seq": row["seq"], "hash": row["chain_hash"].hex()}
                await events.record(tx, row["chain_id"], [Event(CREATED, head)])
        return len(made)
