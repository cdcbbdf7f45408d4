"""Gets the answers of gates that ask outside: receivers all at the same time, and expressions in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import orjson

from app.encryption import SecretUnreadable
from app.errors import Unavailable
from app.lifecycle.gates.clients import GateClients
from app.lifecycle.gates.rules.outside import Expression, WebhookAnswer
from app.lifecycle.gates.rules.subject import Answer
from app.lifecycle.gates.sets import Gate
from app.webhooks import signed_post

MAX_MESSAGE = 500
"""Characters of a receiver's message that are told."""


async def gather(
    clients: GateClients, gates: Sequence[Gate], document: Mapping[str, Any], about: Mapping[str, Any], *, ask: bool
) -> dict[UUID, Answer]:
    """Ask about a document. ``about`` tells receivers who wants what; without ``ask`` no receiver is asked.

    Never within a transaction. Failures are answers, too.
    """
    webhooks = [(gate, gate.rule) for gate in gates if isinstance(gate.rule, WebhookAnswer)] if ask else []
    expressions = [(gate, gate.rule) for gate in gates if isinstance(gate.rule, Expression)]
    asking = [_ask(clients, gate, rule, {**document, **about}) for gate, rule in webhooks]
    told, answers = await asyncio.gather(
        _evaluated(clients, [rule for _, rule in expressions], document), asyncio.gather(*asking)
    )
    return dict(zip([gate.id for gate, _ in expressions], told, strict=True)) | dict(
        zip([gate.id for gate, _ in webhooks], answers, strict=True)
    )


async def _evaluated(clients: GateClients, rules: Sequence[Expression], document: Mapping[str, Any]) -> list[Answer]:
    if not rules:
        return []
    return [each[0] for each in await evaluated(clients, rules, [document])]


async def evaluated(
    clients: GateClients, rules: Sequence[Expression], documents: Sequence[Mapping[str, Any]]
) -> list[list[Answer]]:
    """The answers of each expression (outer list) about each document."""
    try:
        results = await clients.evaluator.evaluate(
            [rule.expression for rule in rules], [orjson.dumps(document) for document in documents]
        )
    except Unavailable as error:
        return [[Answer(None, error=error.message)] * len(documents) for _ in rules]
    return [
        [Answer(each.value, error=f"The expression has no answer: {(each.error or '').rstrip('.')}.") for each in row]
        for row in results
    ]


async def _ask(clients: GateClients, gate: Gate, rule: WebhookAnswer, body: Mapping[str, Any]) -> Answer:
    secret = None
    if gate.sealed_secret is not None and gate.secret_id is not None:
        try:
            secret = clients.open(gate.project_id, gate.secret_id, gate.sealed_secret)
        except SecretUnreadable as error:
            return Answer(None, error=error.message)
    text = orjson.dumps({"event": "gate.question", "gate": gate.name, "gateSetVersion": gate.set_version, **body})
    began, at = monotonic(), datetime.now(UTC)
    attempt = await signed_post.post(
        clients.rules, rule.url, uuid4(), text, secret, timeout_seconds=rule.timeout_seconds
    )
    details = {
        "status": attempt.status, "answer": attempt.body or None, "at": at.isoformat(timespec="milliseconds"),
        "seconds": round(monotonic() - began, 3),
    }  # fmt: skip
    if attempt.error is not None:
        return Answer(None, error=f"The webhook gave no answer that counts: {attempt.error}", details=details)
    return _read(attempt.body, details)


def _read(body: str, details: Mapping[str, Any]) -> Answer:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    allows = said.get("allow") if isinstance(said, dict) else None
    if not isinstance(allows, bool):
        wanted = '{"allow": true} or {"allow": false, "message": "why"}'
        return Answer(None, error=f"The webhook answered something other than {wanted}.", details=details)
    message = said.get("message")
    return Answer(allows, message[:MAX_MESSAGE] if isinstance(message, str) else "", details=details)
