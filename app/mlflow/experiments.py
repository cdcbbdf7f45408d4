"""Calls about experiments (MLflow REST: experiments/…)."""

from __future__ import annotations

from app.errors import Invalid
from app.mlflow.protocol import shapes
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.protocol.identifiers import experiment_number, experiment_of
from app.text import quoted
from app.tracking import experiments
from app.tracking.experiments import CreateExperiment, EditExperiment
from app.tracking.reads import datasets
from app.tracking.search import experiment_search
from app.tracking.search.candidate_search import View
from app.tracking.search.experiment_search import SearchExperiments

VIEWS = {"ACTIVE_ONLY": 1, "DELETED_ONLY": 2, "ALL": 3}
_VIEWS = {1: View.ACTIVE, 2: View.DELETED, 3: View.ALL}
MAX_PAGE = 50_000
MAX_DATASET_EXPERIMENTS = 20
MAX_LOCATION = 2_048


async def create(call: Call) -> Answer:
    """Make an experiment. ``artifact_location`` is checked and ignored: files of a project are in its store alone."""
    message = call.message
    _check_location(message.text("artifact_location"))
    command = CreateExperiment(message.required("name"), message.pairs("tags"))
    made = await experiments.create(call.db, call.actor, call.project, command)
    return {"experiment_id": str(made.number)}


async def get(call: Call) -> Answer:
    """An experiment by its number, also one in the trash."""
    experiment = await experiments.get(call.db, call.actor, call.project, experiment_of(call.message))
    return {"experiment": shapes.experiment(experiment)}


async def get_by_name(call: Call) -> Answer:
    """An experiment by its name."""
    name = call.message.required("experiment_name")
    return {"experiment": shapes.experiment(await experiments.get_by_name(call.db, call.actor, call.project, name))}


async def search(call: Call) -> Answer:
    """A page of experiments that match a filter; 1,000 unless the client wants fewer or more."""
    message = call.message
    command = SearchExperiments(
        filter=message.text("filter"),
        order_by=message.texts("order_by"),
        view=view(call, "view_type"),
        limit=message.page_size(default=1000, limit=MAX_PAGE),
        page_token=message.text("page_token") or None,
    )
    rows, token = await experiment_search.search(call.db, call.actor, call.project, command)
    return shapes.page("experiments", [shapes.experiment(row) for row in rows], token)


async def update(call: Call) -> Answer:
    """Rename an experiment."""
    number, name = experiment_of(call.message), call.message.required("new_name")
    await experiments.edit(call.db, call.actor, call.project, EditExperiment(number, name))
    return {}


async def delete(call: Call) -> Answer:
    """Move an experiment into the trash."""
    await experiments.delete(call.db, call.actor, call.project, experiment_of(call.message))
    return {}


async def restore(call: Call) -> Answer:
    """Take an experiment out of the trash."""
    await experiments.restore(call.db, call.actor, call.project, experiment_of(call.message))
    return {}


async def set_tag(call: Call) -> Answer:
    """Set one tag; a tag of that key is replaced."""
    number, key = experiment_of(call.message), call.message.required("key")
    request = EditExperiment(number, tags={key: call.message.text("value")})
    await experiments.edit(call.db, call.actor, call.project, request)
    return {}


async def delete_tag(call: Call) -> Answer:
    """Remove one tag; one that is not there is an error."""
    number, key = experiment_of(call.message), call.message.required("key")
    request = EditExperiment(number, tags={key: None}, removed_must_exist=True)
    await experiments.edit(call.db, call.actor, call.project, request)
    return {}


async def search_datasets(call: Call) -> Answer:
    """What the runs of some experiments read, and as what (MLflow REST: experiments/search-datasets)."""
    texts = call.message.texts("experiment_ids")
    if not texts:
        raise Invalid("SearchDatasets request must specify at least one experiment_id.", field="experiment_ids")
    if len(texts) > MAX_DATASET_EXPERIMENTS:
        raise Invalid(
            f"SearchDatasets request cannot specify more than {MAX_DATASET_EXPERIMENTS} experiment_ids. "
            f"Received {len(texts)} experiment_ids.",
            field="experiment_ids",
        )
    numbers = [experiment_number(text) for text in texts]
    summaries = await datasets.summaries(call.db, call.actor, call.project, numbers)
    return {"dataset_summaries": [shapes.dataset_summary(one) for one in summaries]}


def _check_location(location: str) -> None:
    if len(location) > MAX_LOCATION:
        raise Invalid(
            "Invalid artifact path length. The length of the artifact path cannot be greater than "
            f"{MAX_LOCATION} characters; it has {len(location)}.",
            field="artifact_location",
        )
    if location.startswith("runs:"):
        raise Invalid(
            f"Artifact location cannot be a runs:/ URI. Given: {quoted(location, 200)}", field="artifact_location"
        )
    if any(sign in location for sign in ("#", ";")):
        raise Invalid("'artifact_location' URL can't include fragments or params.", field="artifact_location")


def view(call: Call, name: str) -> View:
    """Which of living and deleted rows are wanted: the living ones, unless the message says otherwise."""
    return _VIEWS[call.message.choice(name, VIEWS) or 1]
