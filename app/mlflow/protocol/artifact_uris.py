"""Where files are, as MLflow clients write it: the folders of runs and of logged models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from app.artifacts import paths
from app.artifacts.paths import InvalidPath
from app.errors import NotFound
from app.files.targets import CandidateFiles, LoggedModelFiles, Target
from app.mlflow.protocol import identifiers
from app.registry.models import Model
from app.registry.reads.details import ModelColumns, VersionColumns
from app.registry.versions.lookup import ModelVersion
from app.text import quoted

_RUN_FOLDER = re.compile(r"[^/]+/(?P<run>[^/]+)/artifacts(?:/(?P<rest>.*))?", re.DOTALL)
_MODEL_FOLDER = re.compile(r"[^/]+/models/(?P<model>[^/]+)/artifacts(?:/(?P<rest>.*))?", re.DOTALL)
_PROXY = re.compile(
    r"(?:mlflow-artifacts:(?://[^/]*)?/|https?://[^?#]*/mlflow-artifacts/artifacts/)(?P<path>.*)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Location:
    """A path below the files of a run or of a logged model (one of the two)."""

    candidate_id: UUID | None
    logged_model_id: UUID | None
    path: str

    def target(self, project: int | str) -> Target:
        """The owner of the files, in the project of the call."""
        if self.candidate_id is not None:
            return CandidateFiles(project, self.candidate_id)
        assert self.logged_model_id is not None, "one of the two is given"
        return LoggedModelFiles(project, self.logged_model_id)


def parse(path: str) -> Location:
    """Read ``<experiment>/<run>/artifacts/…`` or ``<experiment>/models/<model>/artifacts/…``.

    The run or model is enough to find the files; what stands for the experiment is not compared.

    Raises:
        NotFound: the path belongs to no run and no logged model.
    """
    if match := _MODEL_FOLDER.fullmatch(path):
        return Location(None, identifiers.model_id(match["model"]), match["rest"] or "")
    if match := _RUN_FOLDER.fullmatch(path):
        return Location(identifiers.run_id(match["run"]), None, match["rest"] or "")
    raise NotFound(
        f"No such artifact: {quoted(path)}. Files stand below <experiment>/<run>/artifacts/ "
        "or <experiment>/models/<model>/artifacts/.",
        field="path",
    )


def check_new(path: str) -> None:
    """Refuse names that MLflow refuses and other clients may use: its clients could not ask for the file again.

    Raises:
        InvalidPath: there is a `#`, at which addresses end.
    """
    if "#" in paths.decoded(path):
        raise InvalidPath(f"Invalid path {quoted(path)}: it must not hold `#`, not even percent-encoded.", field="path")


def is_proxy_uri(uri: str) -> bool:
    """Whether an address is one of an artifact proxy."""
    return _PROXY.fullmatch(uri) is not None


def location_of_proxy_uri(uri: str) -> Location:
    """The files that an address of our proxy means.

    Raises:
        NotFound: those of no run and no logged model.
    """
    match = _PROXY.fullmatch(uri)
    return parse(match["path"] if match else "")


def download_uri(model: Model | ModelColumns, version: ModelVersion | VersionColumns) -> str:
    """Where a client finds the files of a version: a store of its own, else our proxy."""
    if version.location:
        return version.location
    if version.logged_model_id is not None:
        base = identifiers.model_location(model.experiment_number, version.logged_model_id)
    else:
        base = identifiers.run_location(model.experiment_number, version.candidate_id)
    return f"{base}/{version.artifact_folder}" if version.artifact_folder else base
