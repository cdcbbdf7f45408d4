"""Calls about runs, which this service calls candidates (MLflow REST: runs/…)."""

from __future__ import annotations

import orjson

from app.mlflow.experiments import MAX_PAGE, view
from app.mlflow.protocol import shapes
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.protocol.identifiers import experiment_number, run_of
from app.mlflow.protocol.message import invalid
from app.mlflow.runs.logging import in_mlflow_terms
from app.tracking import candidate_edit, candidates
from app.tracking.candidate_edit import EditCandidate
from app.tracking.candidates import CreateCandidate, Status
from app.tracking.logging import log
from app.tracking.logging.log import LogBatch
from app.tracking.names import TAG_LIMIT
from app.tracking.search import candidate_search
from app.tracking.search.candidate_search import SearchCandidates

STATUSES = {status.name: int(status) for status in Status}
_HISTORY_FIELDS = ("artifact_path", "flavors", "utc_time_created", "run_id")


async def create(call: Call) -> Answer:
    """Make a run in an experiment, the default one unless named."""
    message = call.message
    tags = {key: value[:TAG_LIMIT] for key, value in message.pairs("tags").items()}
    command = CreateCandidate(
        experiment_number=experiment_number(message.text("experiment_id") or "0"),
        name=message.text("run_name") or None,
        start_time=message.integer("start_time"),
        user_name=message.text("user_id"),
        tags=tags,
    )
    return {"run": shapes.run(await candidates.create(call.db, call.actor, call.project, command))}


async def get(call: Call) -> Answer:
    """A run by its id, with the latest value of each metric, also one in the trash."""
    details = await candidates.get(call.db, call.actor, call.project, run_of(call.message))
    return {"run": shapes.run(details)}


async def update(call: Call) -> Answer:
    """Change name, status or end time of a run."""
    message = call.message
    status = message.choice("status", STATUSES)
    command = EditCandidate(
        run_of(message),
        name=message.text("run_name") or None,
        status=None if status is None else Status(status),
        end_time=message.integer("end_time"),
    )
    row = await candidate_edit.edit(call.db, call.actor, call.project, command)
    return {"run_info": shapes.run_info(row)}


async def delete(call: Call) -> Answer:
    """Move a run into the trash."""
    await candidates.delete(call.db, call.actor, call.project, run_of(call.message))
    return {}


async def restore(call: Call) -> Answer:
    """Take a run out of the trash."""
    await candidates.restore(call.db, call.actor, call.project, run_of(call.message))
    return {}


async def search(call: Call) -> Answer:
    """A page of runs of some experiments that match a filter; 1,000 unless the client wants fewer or more."""
    message = call.message
    command = SearchCandidates(
        experiment_numbers=[experiment_number(one) for one in message.texts("experiment_ids")],
        filter=message.text("filter"),
        order_by=message.texts("order_by"),
        view=view(call, "run_view_type"),
        limit=message.page_size(default=1000, limit=MAX_PAGE),
        page_token=message.text("page_token") or None,
    )
    rows, token = await candidate_search.search(call.db, call.actor, call.project, command)
    return shapes.page("runs", [shapes.run(row) for row in rows], token)


async def set_tag(call: Call) -> Answer:
    """Set one tag of a run; a tag of that key is replaced."""
    message = call.message
    batch = LogBatch(run_of(message), tags={message.required("key"): message.text("value")[:TAG_LIMIT]})
    with in_mlflow_terms(is_single=True):
        await log.log_batch(call.db, call.actor, call.project, batch)
    return {}


async def delete_tag(call: Call) -> Answer:
    """Remove one tag of a run; one that is not there is an error."""
    run_id, key = run_of(call.message), call.message.required("key")
    request = EditCandidate(run_id, tags={key: None}, removed_must_exist=True)
    await candidate_edit.edit(call.db, call.actor, call.project, request)
    return {}


async def log_model(call: Call) -> Answer:
    """Append to the history of logged models, a tag that MLflow 2 clients read (MLflow REST: runs/log-model)."""
    run_id, text = run_of(call.message), call.message.required("model_json")
    try:
        model = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise invalid("model_json", text, "It must be JSON.") from None
    absent = [name for name in _HISTORY_FIELDS if not isinstance(model, dict) or name not in model]
    if absent:
        raise invalid("model_json", text, f"The fields {absent} are missing.")
    await log.note_model(call.db, call.actor, call.project, run_id, model)
    return {}
