"""Where each test finds an empty server: a new project of a running Modelyard, or MLflow's own on a new database."""
# ruff: noqa: PLC0415 - Modelyard is asked without MLflow's server

from __future__ import annotations

import json
import os
import shutil
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
import requests

URL, TOKEN = os.environ.get("MODELYARD_URL", ""), os.environ.get("MODELYARD_TOKEN", "")
GROUP = os.environ.get("MODELYARD_PROJECT", "demo/models").rpartition("/")[0]

_CREATE = """mutation create($group: String!, $path: String!) {
  projectCreate(input: {group: {path: $group}, path: $path}) { userErrors { message } } }"""


def modelyard(_: pytest.FixtureRequest) -> str:
    """The tracking URI of a new project."""
    path = f"suite-{uuid4().hex[:12]}"
    body = json.dumps({"query": _CREATE, "variables": {"group": GROUP, "path": path}}).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{URL}/graphql", body, headers)) as answer:
        errors = json.load(answer)["data"]["projectCreate"]["userErrors"]
    assert not errors, errors
    return f"{URL}/api/v4/projects/{GROUP.replace('/', '%2F')}%2F{path}/ml/mlflow"


def mlflow(request: pytest.FixtureRequest) -> str:
    """The address of MLflow's own server in this process, on a copy of an empty database."""
    from mlflow.server import handlers
    from mlflow.server.fastapi_app import app
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from tests.helper_functions import get_safe_port
    from tests.tracking.integration_test_utils import ServerThread

    folder: Path = request.getfixturevalue("tmp_path_factory").mktemp("server")
    empty = folder.parent / "empty.db"
    if not empty.exists():
        SqlAlchemyStore(f"sqlite:///{empty}", str(folder)).engine.dispose()
    shutil.copy(empty, folder / "mlflow.db")
    handlers._tracking_store = handlers._model_registry_store = None
    handlers.initialize_backend_stores(
        f"sqlite:///{folder}/mlflow.db", default_artifact_root=(folder / "artifacts").as_uri()
    )
    server = ServerThread(app, get_safe_port())
    request.node.addfinalizer(lambda: server.__exit__(None, None, None))
    return server.__enter__()


SERVERS: dict[str, Callable[[pytest.FixtureRequest], str]] = {"modelyard": modelyard, "mlflow": mlflow}


def sign_bare_requests() -> None:
    """Some tests send bare requests; MLflow's server of the tests wants no token, ours does."""
    send = requests.Session.request

    def signed(self: requests.Session, method: str, url: str, **more: object) -> requests.Response:
        headers = {**(more.pop("headers", None) or {})}
        if str(url).startswith(URL) and "authorization" not in {name.lower() for name in headers}:
            headers["Authorization"] = f"Bearer {TOKEN}"
        return send(self, method, url, headers=headers, **more)

    requests.Session.request = signed


def resolve_examples() -> None:
    """MLflow's server looks for the hosts of webhooks; the examples have to be found without a name server, too."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: str, *more: object, **named: object) -> object:
        return resolve("93.184.216.34" if "example." in str(host) else host, *more, **named)

    socket.getaddrinfo = getaddrinfo
