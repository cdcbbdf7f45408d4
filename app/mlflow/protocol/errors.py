"""Errors in MLflow's words: ``{"error_code": …, "message": …}`` and the status that belongs to the code."""

from __future__ import annotations

from starlette.responses import Response

from app.artifacts.path_conflicts import PathOccupied
from app.artifacts.paths import InvalidPath
from app.artifacts.sealed import VersionSealed
from app.errors import (
    Forbidden,
    Misdirected,
    ModelyardError,
    NotFound,
    QuotaExceeded,
    StorageFull,
    Taken,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from app.http.answers import json_answer
from app.http.errors import HttpError
from app.registry.models import ModelNotFound, ModelTaken
from app.registry.stages.definitions import MLFLOW_NAMES, UnknownStage
from app.registry.versions.lookup import AliasNotFound, VersionNotFound

_INVALID = "INVALID_PARAMETER_VALUE"
_ANSWERS: tuple[tuple[type[ModelyardError], tuple[int, str]], ...] = (
    (AliasNotFound, (400, _INVALID)),
    (NotFound, (404, "RESOURCE_DOES_NOT_EXIST")),
    (PathOccupied, (409, "RESOURCE_CONFLICT")),
    (VersionSealed, (409, "RESOURCE_CONFLICT")),
    (Taken, (400, "RESOURCE_ALREADY_EXISTS")),
    (Unauthenticated, (401, "UNAUTHENTICATED")),
    (Forbidden, (403, "PERMISSION_DENIED")),
    (Misdirected, (421, "BAD_REQUEST")),
    (TooManyRequests, (429, "REQUEST_LIMIT_EXCEEDED")),
    (QuotaExceeded, (507, "RESOURCE_EXHAUSTED")),
    (StorageFull, (507, "RESOURCE_EXHAUSTED")),
    (Unavailable, (503, "TEMPORARILY_UNAVAILABLE")),
)
"""The first kind that fits counts; all others, Invalid and Conflict, are invalid parameters."""
_HTTP_CODES = {404: "ENDPOINT_NOT_FOUND", 408: "DEADLINE_EXCEEDED", 500: "INTERNAL_ERROR"}
"""By status, for requests that reach no call. Clients fall back to an older call if one is not found, and old ones fail
when they read a code that MLflow does not have."""


def translate(error: ModelyardError) -> tuple[int, str]:
    """The HTTP status and MLflow's code of a failure.

    A text that is too long is an invalid parameter; only a body or a file can be too large as such.
    """
    if isinstance(error, HttpError):
        return error.status, _HTTP_CODES.get(error.status, "BAD_REQUEST")
    if isinstance(error, TooLarge) and error.field is None:
        return 413, _INVALID
    return next((answer for kind, answer in _ANSWERS if isinstance(error, kind)), (400, _INVALID))


def words(error: ModelyardError) -> str:
    """The message of a failure, which begins with MLflow's own sentence where clients may look for it."""
    if isinstance(error, InvalidPath) and error.leaves_root:
        return "Invalid path"  # MLflow's whole answer, which its own tests compare as a whole
    opening = _opening(error)
    return f"{opening} {error.message}" if opening else error.message


def _opening(error: ModelyardError) -> str:
    match error:
        case AliasNotFound(reference=str(name)):
            return f"Registered model alias {name} not found."
        case VersionNotFound(model=str(name), reference=str(reference)):
            return f"Model Version (name={name}, version={reference.lstrip('#')}) not found."
        case ModelNotFound(reference=str(name)):
            return f"Registered Model with name={name} not found."
        case ModelTaken():
            return _taken(error)
        case UnknownStage(stage=stage):
            return f"Invalid Model Version stage: {stage}. Value must be one of {', '.join(MLFLOW_NAMES)}."
        case _:
            return ""


def error_answer(error: ModelyardError) -> Response:
    """The answer to a failure."""
    status, code = translate(error)
    return json_answer({"error_code": code, "message": words(error)}, status)


def _taken(error: ModelTaken) -> str:
    """MLflow keeps models and prompts in one space of names, and says which of them is in the way."""
    if error.wanted_prompt is None or error.wanted_prompt == error.existing_prompt:
        kind = "Prompt" if error.wanted_prompt else "Registered Model"
        return f"{kind} (name={error.name}) already exists."
    wanted, existing = ("prompt", "registered model") if error.wanted_prompt else ("registered model", "prompt")
    return (
        f"Tried to create a {wanted} with name {error.name!r}, but the name is already taken by a {existing}. "
        "MLflow does not allow creating a model and a prompt with the same name."
    )
