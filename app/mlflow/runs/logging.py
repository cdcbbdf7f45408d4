"""Calls that log to a run (MLflow REST: runs/log-metric, runs/log-parameter, runs/log-batch)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from app.errors import Invalid
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.protocol.identifiers import model_id, run_of
from app.mlflow.protocol.message import Message
from app.text import normalized, quoted
from app.tracking.logging import log
from app.tracking.logging.log import LogBatch, MetricInput, ParamChanged
from app.tracking.names import PARAM_LIMIT, TAG_LIMIT

_METRIC_KEY = re.compile(r"('metrics\[\d+\])\.key'")
_FIRST = re.compile(r"'(?:metrics|params|tags)\[0\]\.")


async def log_metric(call: Call) -> Answer:
    """Add one point to the history of a metric."""
    batch = LogBatch(run_of(call.message), metrics=[metric(call.message)])
    with in_mlflow_terms(is_single=True):
        await log.log_batch(call.db, call.actor, call.project, batch)
    return {}


async def log_parameter(call: Call) -> Answer:
    """Set a param of a run, once: another value for the same key is an error in MLflow's words."""
    message = call.message
    batch = LogBatch(run_of(message), params={message.required("key"): message.text("value")[:PARAM_LIMIT]})
    try:
        with in_mlflow_terms(is_single=True):
            await log.log_batch(call.db, call.actor, call.project, batch)
    except ParamChanged as error:
        ((key, old, new),) = error.changes
        raise Invalid(
            f"Changing param values is not allowed. Param with key={quoted(key)} was already logged with "
            f"value={quoted(old)} for run ID='{batch.candidate_id.hex}'. Attempted logging new value {quoted(new)}.",
            field="value",
        ) from error
    return {}


async def log_batch(call: Call) -> Answer:
    """All of it or nothing; values that are too long are cut, as MLflow's server does by default."""
    message = call.message
    batch = LogBatch(
        run_of(message),
        metrics=_metrics(message),
        params={key: value[:PARAM_LIMIT] for key, value in message.pairs("params", unique=True).items()},
        tags={key: value[:TAG_LIMIT] for key, value in message.pairs("tags").items()},
    )
    with in_mlflow_terms():
        await log.log_batch(call.db, call.actor, call.project, batch)
    return {}


@contextmanager
def in_mlflow_terms(*, is_single: bool = False) -> Iterator[None]:
    """Name fields as MLflow's sentences do: the key of a metric is its name; in a single call it has no index."""
    try:
        yield
    except Invalid as error:
        message = _METRIC_KEY.sub(r"\1.name'", error.message)
        message = _FIRST.sub("'", message) if is_single else message
        if message == error.message:
            raise
        raise Invalid(message, field=error.field) from error


def _metrics(message: Message) -> list[MetricInput]:
    """The points of a batch. In the shape that clients send them they are taken as they are, else read with care."""
    rows = message.fields.get("metrics")
    if isinstance(rows, list):
        with suppress(KeyError, TypeError):
            return [_plain(row) for row in rows]
    return [metric(one) for one in message.items("metrics")]


def _plain(row: dict[str, Any]) -> MetricInput:
    key, value, timestamp, step = row["key"], row["value"], row["timestamp"], row["step"]
    as_usual = type(key) is str and type(value) is float and type(timestamp) is int and type(step) is int
    if not as_usual or not key or len(row) > 4:
        raise TypeError
    return MetricInput(key, value, timestamp, step)


def metric(message: Message) -> MetricInput:
    """A point of a metric; a step that was not sent is 0."""
    model = message.text("model_id")
    return MetricInput(
        message.required("key"),
        message.number("value"),
        message.required_integer("timestamp"),
        message.integer("step") or 0,
        logged_model_id=model_id(model) if model else None,
        dataset_name=normalized(message.text("dataset_name")) or None,
        dataset_digest=message.text("dataset_digest") or None,
    )
