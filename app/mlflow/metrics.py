"""Calls that read the history of a metric (MLflow REST: metrics/get-history and its bulk forms)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.mlflow import shapes
from app.mlflow.identifiers import run_id, run_of
from app.mlflow.protocol import Answer, Call
from app.mlflow.wire import InvalidParameter, invalid
from app.tracking import metrics
from app.tracking.metrics import Point

MAX_POINTS = 25_000
MAX_RUNS = 100
MAX_SAMPLES = 2_500


async def history(call: Call) -> Answer:
    message = call.message
    candidate_id, key = run_of(message), message.required("metric_key")
    limit = message.page_size(default=MAX_POINTS, limit=2**31 - 1) if message.has("max_results") else None
    found = await metrics.history(
        call.db, call.actor, call.project, candidate_id, key, limit=limit, token=message.text("page_token") or None
    )
    rows = [shapes.metric(key, point.value, point.timestamp, point.step) for point in found.points]
    return shapes.page("metrics", rows, found.next_token)


async def bulk(call: Call) -> Answer:
    """Histories of several runs one after the other, cut to ``max_results`` in all."""
    runs = _runs(call, "run_id")
    key = call.message.required("metric_key")
    left = min(call.message.integer("max_results") or MAX_POINTS, MAX_POINTS)
    rows: list[shapes.Json] = []
    for candidate_id in sorted(runs):
        if left <= len(rows):
            break
        found = await metrics.history(
            call.db, call.actor, call.project, candidate_id, key, limit=left - len(rows), token=None
        )
        rows += _of_run(candidate_id, key, found.points)
    return {"metrics": rows}


async def interval(call: Call) -> Answer:
    """Of each run a sample of its history: evenly many points, and always the last one."""
    message = call.message
    runs, key = _runs(call, "run_ids"), message.required("metric_key")
    size = message.page_size(default=MAX_SAMPLES, limit=MAX_SAMPLES)
    start, end = message.integer("start_step"), message.integer("end_step")
    if (start is None) != (end is None):
        raise InvalidParameter("If either start_step or end_step are specified, both must be specified.")
    if start is not None and end is not None and start > end:
        raise invalid("start_step", start, f"It must not be greater than end_step, which is {end}.")
    rows: list[shapes.Json] = []
    for candidate_id in sorted(runs):
        found = await metrics.history(call.db, call.actor, call.project, candidate_id, key, limit=None, token=None)
        points = [one for one in found.points if start is None or end is None or start <= one.step <= end]
        rows += _of_run(candidate_id, key, _sampled(points, size))
    return {"metrics": rows}


def _runs(call: Call, name: str) -> set[UUID]:
    texts = call.message.texts(name)
    if not texts:
        raise InvalidParameter("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(texts) > MAX_RUNS:
        raise InvalidParameter(
            f"GetMetricHistoryBulk request cannot specify more than {MAX_RUNS} run_ids. Received {len(texts)} run_ids."
        )
    return {run_id(text) for text in texts}


def _of_run(candidate_id: UUID, key: str, points: Sequence[Point]) -> list[shapes.Json]:
    return [shapes.metric(key, one.value, one.timestamp, one.step) | {"run_id": candidate_id.hex} for one in points]


def _sampled(points: Sequence[Point], size: int) -> Sequence[Point]:
    """The first point of each of ``size`` equal parts by (step, timestamp, value), and the last of all."""
    ordered = sorted(points, key=lambda one: (one.step, one.timestamp, one.value))
    if len(ordered) <= size:
        return ordered
    if size == 1:
        return ordered[-1:]
    firsts = sorted({index * len(ordered) // size for index in range(size)})
    picked = [ordered[index] for index in firsts]
    return picked if picked[-1] is ordered[-1] else [*picked, ordered[-1]]
