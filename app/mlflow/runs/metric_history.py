"""Calls that read the history of a metric (MLflow REST: metrics/get-history and its bulk forms)."""

from __future__ import annotations

from uuid import UUID

from app.mlflow.protocol import shapes
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.protocol.identifiers import run_id, run_of
from app.mlflow.protocol.message import InvalidParameter, missing
from app.tracking.reads import downsample
from app.tracking.reads import history as reads_history
from app.tracking.reads.downsample import Sample

MAX_POINTS = 25_000
MAX_RUNS = 100


async def history(call: Call) -> Answer:
    """The points of one metric of a run: all of them, or a page if ``max_results`` is sent."""
    message = call.message
    candidate_id, key = run_of(message), message.required("metric_key")
    limit = message.page_size(default=MAX_POINTS, limit=2**31 - 1) if message.has("max_results") else None
    page = await reads_history.history(
        call.db, call.actor, call.project, candidate_id, key, limit=limit, token=message.text("page_token") or None
    )
    return shapes.page("metrics", shapes.metrics(key, page.values, page.timestamps, page.steps), page.next_token)


async def bulk(call: Call) -> Answer:
    """Histories of several runs one after the other, cut to ``max_results`` in all."""
    texts = call.message.texts("run_id")
    if not texts:
        raise InvalidParameter("GetMetricHistoryBulk request must specify at least one run_id.")
    _refuse_many(texts, f"GetMetricHistoryBulk request cannot specify more than {MAX_RUNS} run_ids.")
    key = call.message.text("metric_key")
    if not key:
        raise InvalidParameter("GetMetricHistoryBulk request must specify a metric_key.")
    limit = call.message.page_size(default=MAX_POINTS, limit=2**31 - 1)
    histories = await downsample.whole(
        call.db, call.actor, call.project, _runs(texts), key, limit=min(limit, MAX_POINTS)
    )
    return {"metrics": [_of_run(key, one) for one in histories]}


async def interval(call: Call) -> Answer:
    """Of each run a sample of its history: evenly many points, and always the last one.

    What is wrong with the request is told before it is looked whether there are such runs.
    """
    message = call.message
    texts = message.texts("run_ids")
    if not texts:
        raise missing("run_ids")
    _refuse_many(texts, f"GetMetricHistoryBulkInterval request must specify at most {MAX_RUNS} run_ids.")
    key, size = message.required("metric_key"), message.integer("max_results")
    size = downsample.MAX_SIZE if size is None else downsample.check_size(size)
    steps = downsample.check_steps(message.integer("start_step"), message.integer("end_step"))
    runs = _runs(texts)
    histories = await downsample.thinned(call.db, call.actor, call.project, runs, key, size=size, steps=steps)
    position = {run: index for index, run in enumerate(runs)}
    return {"metrics": [_of_run(key, one) for one in sorted(histories, key=lambda one: position[one.candidate_id])]}


def _refuse_many(texts: list[str], rule: str) -> None:
    if len(texts) > MAX_RUNS:
        raise InvalidParameter(f"{rule} Received {len(texts)} run_ids.")


def _runs(texts: list[str]) -> list[UUID]:
    """In the order of the request, each once."""
    return list(dict.fromkeys(run_id(text) for text in texts))


def _of_run(key: str, one: Sample) -> shapes.Json:
    point = one.point
    return shapes.metric(key, point.value, point.timestamp, point.step) | {"run_id": one.candidate_id.hex}
