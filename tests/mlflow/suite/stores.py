"""MLflow's REST stores with the few differences evened out that its tests of the SQL store do not expect of them."""

from __future__ import annotations

from typing import Any

from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.entities.webhook import Webhook
from mlflow.store.entities import PagedList
from mlflow.store.model_registry.rest_store import RestStore as RegistryStore
from mlflow.store.tracking.rest_store import RestStore as TrackingStore
from mlflow.utils.rest_utils import MlflowHostCreds

ELSEWHERE = "s3://suite/"
"""Sources such as `A/B` are paths on the server's disk, which servers refuse; they become addresses and go back."""
PROMPT_SOURCE = "dummy-source"


def tracking(url: str, token: str | None) -> EvenStore:
    return EvenStore(TrackingStore(lambda: MlflowHostCreds(url, token=token)))


def registry(url: str, token: str | None) -> EvenStore:
    return EvenStore(RegistryStore(lambda: MlflowHostCreds(url, token=token)))


class Engine:
    """What the tests let go of at their end."""

    def dispose(self) -> None:
        pass


class EvenStore:
    """Sends what a REST store can send, and gives None for "" and integers for numbers of versions."""

    engine = Engine()

    def __init__(self, store: Any) -> None:
        self._store = store

    @property
    def DEFAULT_EXPERIMENT_ID(self) -> str:  # noqa: N802 - a name of the SQL store
        return str(self._store.get_experiment_by_name("Default").experiment_id)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def call(*arguments: Any, **named: Any) -> Any:
            given = [_whole(one) for one in arguments]
            named = {key: _whole(one) for key, one in named.items()}
            if adapt := _ADAPTED.get(name):
                adapt(given, named)
            return _even(method(*given, **named))

        return call if callable(method) and not name.startswith("_") else method


def _create_model_version(given: list[Any], named: dict[str, Any]) -> None:
    is_prompt = "prompt" in str(named.get("tags", given[3:]))
    source = named.pop("source", None) or given[1]
    elsewhere = source if "://" in source or source.startswith(("models:", "runs:")) else ELSEWHERE + source
    given[1:2] = [PROMPT_SOURCE if is_prompt else elsewhere]


def _create_run(given: list[Any], named: dict[str, Any]) -> None:
    if "tags" in named:
        named["tags"] = named["tags"] or []
    else:
        given[3] = given[3] or []


def _search_model_versions(given: list[Any], _: dict[str, Any]) -> None:
    if given and given[0]:
        given[0] = given[0].replace("source_path = '", f"source_path = '{ELSEWHERE}")


_ADAPTED = {
    "create_model_version": _create_model_version,
    "create_run": _create_run,
    "search_model_versions": _search_model_versions,
}


def _whole(value: Any) -> Any:
    """``1e15`` is what the tests call a page that is too large; messages carry integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _even(value: Any) -> Any:
    match value:
        case PagedList():
            return PagedList([_even(one) for one in value], value.token or None)
        case list():
            return [_even(one) for one in value]
        case str():
            return value.removeprefix(ELSEWHERE)
        case ModelVersion() | RegisteredModel() | Webhook():
            for key, what in vars(value).items():
                setattr(value, key, _field(key, what))
    return value


def _field(key: str, what: Any) -> Any:
    if what == "":
        return None
    if key == "_version" and isinstance(what, str) and what.isdigit():
        return int(what)
    if key == "_aliases" and isinstance(what, dict):
        return {alias: int(number) for alias, number in what.items()}
    return _even(what) if isinstance(what, list) or key == "_source" else what
