"""Calls about logged models, which every ``log_model`` of an MLflow 3 client makes (MLflow REST: logged-models/…)."""

from __future__ import annotations

from uuid import UUID

from app.artifacts import paths
from app.files.targets import LoggedModelFiles
from app.mlflow.files import folder_listing
from app.mlflow.protocol import identifiers, shapes
from app.mlflow.protocol.call import Answer, Call
from app.mlflow.protocol.identifiers import experiment_number, experiment_of, is_run_id, model_id, run_id
from app.mlflow.protocol.message import Message, missing
from app.search.ast import OrderKey
from app.search.errors import InvalidFilter
from app.search.grammars import LOGGED_MODELS
from app.search.order import order_field
from app.text import quoted
from app.tracking import logged_models
from app.tracking.logged_models import CreateLoggedModel, EditLoggedModel, LoggedModelDetails, Status
from app.tracking.search import logged_model_search
from app.tracking.search.logged_model_search import SearchLoggedModels

STATUSES = {f"LOGGED_MODEL_{status.name}": int(status) for status in Status}
MAX_PAGE = 1000
_BLAMING = ("Invalid entity type", "Invalid comparison operator")


async def create(call: Call) -> Answer:
    """Make a logged model in an experiment; its source run may be one of another tracking server."""
    message = call.message
    source = message.text("source_run_id")
    command = CreateLoggedModel(
        experiment_number=experiment_of(message),
        name=message.text("name") or None,
        model_type=message.text("model_type"),
        source_candidate_id=run_id(source) if is_run_id(source) else None,
        foreign_run="" if is_run_id(source) else source,
        params=message.pairs("params"),
        tags=message.pairs("tags"),
    )
    return {"model": shapes.logged_model(await logged_models.create(call.db, call.actor, call.project, command))}


async def get(call: Call) -> Answer:
    """A logged model by its id; one in the trash only with ``allow_deleted``."""
    details = await logged_models.get(
        call.db, call.actor, call.project, _id(call), allow_deleted=call.message.flag("allow_deleted")
    )
    return {"model": shapes.logged_model(details)}


async def finalize(call: Call) -> Answer:
    """Set the status of a logged model."""
    number = call.message.choice("status", STATUSES)
    if number is None:
        raise missing("status")
    return {"model": shapes.logged_model(await _edited(call, EditLoggedModel(Status(number))))}


async def delete(call: Call) -> Answer:
    """Move a logged model into the trash."""
    await logged_models.delete(call.db, call.actor, call.project, _id(call))
    return {}


async def search(call: Call) -> Answer:
    """A page of logged models of some experiments; 50 unless the client wants fewer or more."""
    message = call.message
    command = SearchLoggedModels(
        experiment_numbers=[experiment_number(one) for one in message.texts("experiment_ids")],
        filter=message.text("filter"),
        datasets=[
            (one.required("dataset_name"), one.optional_text("dataset_digest")) for one in message.items("datasets")
        ],
        order_by=[_order(one) for one in message.items("order_by")],
        limit=message.page_size(default=50, limit=MAX_PAGE),
        page_token=message.text("page_token") or None,
    )
    try:
        rows, token = await logged_model_search.search(call.db, call.actor, call.project, command)
    except InvalidFilter as error:
        raise _in_its_words(error, command.filter) from error
    return shapes.page("models", [shapes.logged_model(row) for row in rows], token)


async def set_tags(call: Call) -> Answer:
    """Set tags; others stay as they are."""
    tags = call.message.pairs("tags")
    return {"model": shapes.logged_model(await _edited(call, EditLoggedModel(tags=tags)))}


async def delete_tag(call: Call) -> Answer:
    """Remove one tag; one that is not there is an error."""
    await _edited(call, EditLoggedModel(tags={call.part("key"): None}, removed_must_exist=True))
    return {}


async def log_params(call: Call) -> Answer:
    """Add params; each key may stand once in a call."""
    params = call.message.pairs("params", unique=True)
    await _edited(call, EditLoggedModel(params=params))
    return {}


async def list_files(call: Call) -> Answer:
    """Paths in the answer begin at the model's root."""
    folder = paths.check_folder(paths.plain(call.message.text("artifact_directory_path")))
    model = (await logged_models.get(call.db, call.actor, call.project, _id(call))).model
    head = {"root_uri": identifiers.model_location(model.experiment_number, model.id)}
    target = LoggedModelFiles(call.project, model.id)
    return await folder_listing.answer(call, target, folder, shown_below=folder, head=head)


def _in_its_words(error: InvalidFilter, filter: str) -> InvalidFilter:
    """MLflow names the whole filter first here, unless it knows an entity or a comparator to blame."""
    if error.reason.startswith(_BLAMING):
        return error
    return InvalidFilter(
        f"Invalid filter string: {quoted(filter, 200)}. Expected a list of comparisons separated by 'AND' "
        f"(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01'). {error.reason}",
        error.position,
    )


def _order(message: Message) -> OrderKey:
    return order_field(
        message.text("field_name"),
        LOGGED_MODELS,
        ascending=message.flag("ascending", default=True),
        dataset_name=message.optional_text("dataset_name"),
        dataset_digest=message.optional_text("dataset_digest"),
    )


async def _edited(call: Call, request: EditLoggedModel) -> LoggedModelDetails:
    return await logged_models.edit(call.db, call.actor, call.project, _id(call), request)


def _id(call: Call) -> UUID:
    return model_id(call.part("id"))
