"""Lets MLflow's own tests talk to a server over REST; pytest loads it with `-p suite_plugin` (see README.md)."""
# ruff: noqa: PLC0415 - MLflow reads its settings when it is imported, which is not before the tests are

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import scope
import servers

AGAINST = os.environ.get("SUITE_AGAINST", "modelyard")
RESULTS = Path(os.environ["SUITE_RESULTS"])
_SQL_STORE = "tests/store/tracking/sqlalchemy_store/"
_SQL_REGISTRY = "tests/store/model_registry/test_sqlalchemy_store.py"


def _address(request: pytest.FixtureRequest) -> str:
    """The same empty server for all of a test."""
    if not hasattr(request.node, "suite_address"):
        request.node.suite_address = servers.SERVERS[AGAINST](request)
    return request.node.suite_address


def _tracking_store(request: pytest.FixtureRequest) -> Any:
    import stores

    return stores.tracking(_address(request), servers.TOKEN or None)


def _registry_store(request: pytest.FixtureRequest) -> Any:
    import stores

    return stores.registry(_address(request), servers.TOKEN or None)


def _client(request: pytest.FixtureRequest) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(_address(request))


def _nothing(_: pytest.FixtureRequest) -> Path:
    return Path(os.devnull)


_REPLACED: dict[str, dict[str, Callable[[pytest.FixtureRequest], Any]]] = {
    _SQL_STORE: {"store": _tracking_store, "cached_db": _nothing},
    _SQL_REGISTRY: {"store": _registry_store, "cached_db": _nothing},
    "tests/tracking/": {"mlflow_client": _client, "client": _client, "db_uri": _address},
}
_MOCKED = ("tests/tracking/test_client.py", "tests/tracking/_")
"""Here `client` and `store` are mocks."""


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: pytest.FixtureRequest) -> Any:
    """Use a client of the server instead of the one that the tests would make for themselves."""
    nodeid, name = getattr(request.node, "nodeid", ""), fixturedef.argname
    tables = [table for start, table in _REPLACED.items() if nodeid.startswith(start)]
    made_by = next((table[name] for table in tables if name in table), None)
    own = AGAINST == "mlflow" and nodeid.startswith("tests/tracking/")
    if made_by is None or own or (nodeid.startswith(_MOCKED) and name != "db_uri"):
        return None
    value = made_by(request)
    fixturedef.cached_result = (value, fixturedef.cache_key(request), None)
    return value


@pytest.fixture(autouse=True)
def _without_semantic_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every version has the tag `gitlab.version` here, on purpose."""
    from mlflow.entities.model_registry import ModelVersion

    tags = ModelVersion.tags.fget
    without = property(lambda self: {key: value for key, value in tags(self).items() if key != "gitlab.version"})
    monkeypatch.setattr(ModelVersion, "tags", without)


def pytest_configure(config: pytest.Config) -> None:
    RESULTS.write_text("")
    os.environ.setdefault("MLFLOW_CRYPTO_KEK_PASSPHRASE", "only for tests, and longer than 32 letters")
    if AGAINST == "modelyard":
        os.environ["MLFLOW_TRACKING_TOKEN"] = servers.TOKEN
        servers.sign_bare_requests()
    else:
        servers.resolve_examples()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is outside of scope, and write down how many for which reason."""
    reasons = Counter(why for item in items if (why := scope.reason(item.nodeid)))
    config.hook.pytest_deselected(items=[item for item in items if scope.reason(item.nodeid)])
    items[:] = [item for item in items if not scope.reason(item.nodeid)]
    _note({"excluded": reasons})


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        why = "" if report.outcome == "passed" else str(report.longrepr)[-2000:]
        _note({"test": report.nodeid, "outcome": report.outcome, "why": why})


def _note(row: dict[str, Any]) -> None:
    with RESULTS.open("a") as file:
        file.write(json.dumps(row) + "\n")
