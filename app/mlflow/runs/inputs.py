"""Calls about what a run read and wrote (MLflow REST: runs/log-inputs, runs/outputs)."""

from __future__ import annotations

from app.mlflow.protocol.call import Answer, Call
from app.mlflow.protocol.identifiers import model_id, run_of
from app.mlflow.protocol.message import Message
from app.tracking.logging import inputs
from app.tracking.logging.inputs import DatasetUse


async def log_inputs(call: Call) -> Answer:
    """Note the datasets and logged models that a run read."""
    message = call.message
    await inputs.log_inputs(
        call.db,
        call.actor,
        call.project,
        run_of(message),
        datasets=[_dataset(one) for one in message.items("datasets")],
        models=[model_id(one.required("model_id")) for one in message.items("models")],
    )
    return {}


async def log_outputs(call: Call) -> Answer:
    """Note the logged models that a run wrote, each with its step."""
    models = [(model_id(one.required("model_id")), one.integer("step") or 0) for one in call.message.items("models")]
    await inputs.log_outputs(call.db, call.actor, call.project, run_of(call.message), models)
    return {}


def _dataset(message: Message) -> DatasetUse:
    dataset = message.item("dataset")
    return DatasetUse(
        name=dataset.required("name"),
        digest=dataset.required("digest"),
        source_type=dataset.required("source_type"),
        source=dataset.required("source"),
        schema=dataset.optional_text("schema"),
        profile=dataset.optional_text("profile"),
        tags=message.pairs("tags"),
    )
