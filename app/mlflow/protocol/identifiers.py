"""The texts by which MLflow clients name things: run ids, model ids, experiment ids, artifact addresses."""

from __future__ import annotations

import re
from uuid import UUID

from app.errors import Invalid, NotFound
from app.mlflow.protocol.message import Message
from app.text import quoted

_HEX = re.compile(r"[0-9a-f]{32}")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
MODEL_PREFIX = "m-"
SCHEME = "mlflow-artifacts:/"


def is_run_id(text: str) -> bool:
    """Whether the text has the form of our run ids; others are those of other tracking servers."""
    return _HEX.fullmatch(text) is not None


def run_id(text: str) -> UUID:
    """The id of a run: 32 hexadecimal digits.

    Raises:
        NotFound: no run can have it.
    """
    if not _HEX.fullmatch(text):
        raise NotFound(f"Run with id={text[:300]} not found")
    return UUID(hex=text)


def run_of(message: Message) -> UUID:
    """The run that a message is about; clients send ``run_id`` and its old name ``run_uuid``."""
    return run_id(message.required("run_id", "run_uuid"))


def model_id(text: str) -> UUID:
    """The id of a logged model: ``m-`` and 32 hexadecimal digits.

    Raises:
        NotFound: no logged model can have it.
    """
    if not text.startswith(MODEL_PREFIX) or not _HEX.fullmatch(text[len(MODEL_PREFIX) :]):
        raise NotFound(f"Logged model with ID '{text[:300]}' not found.")
    return UUID(hex=text[len(MODEL_PREFIX) :])


def shown_model_id(id: UUID) -> str:
    """The id of a logged model as clients read it."""
    return MODEL_PREFIX + id.hex


def experiment_number(text: str) -> int:
    """The number of an experiment.

    Raises:
        Invalid: it is not an integer.
    """
    if not _INTEGER.fullmatch(text):
        raise Invalid(
            f"Invalid experiment ID {quoted(text)}. Experiment ID must be a valid integer.", field="experiment_id"
        )
    return int(text)


def experiment_of(message: Message) -> int:
    """The experiment that a message is about."""
    return experiment_number(message.required("experiment_id"))


def experiment_location(number: int) -> str:
    """The address of the folder of an experiment."""
    return f"{SCHEME}{number}"


def run_location(number: int, id: UUID) -> str:
    """The address of the files of a run of the experiment with this number."""
    return f"{SCHEME}{number}/{id.hex}/artifacts"


def model_location(number: int, id: UUID) -> str:
    """The address of the files of a logged model of the experiment with this number."""
    return f"{SCHEME}{number}/models/{shown_model_id(id)}/artifacts"
