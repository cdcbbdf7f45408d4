"""All calls of MLflow clients that are answered here, relative to a base; the frequent ones first.

Mounted at ``/api/v4/projects/{project}/ml/mlflow``, and at ``/`` for tokens of a project.
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from app.mlflow import experiments, logged_models, server, webhooks
from app.mlflow.files import artifacts, multipart, presigned
from app.mlflow.protocol.call import Handler, route
from app.mlflow.registry import model_versions, registered_models
from app.mlflow.runs import inputs, logging, metric_history, runs

_API = "/api/2.0/mlflow"
_AJAX = "/ajax-api/2.0/mlflow"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

_TRACKING: list[tuple[str, str, Handler]] = [
    ("POST", "/runs/log-metric", logging.log_metric),
    ("POST", "/runs/log-batch", logging.log_batch),
    ("POST", "/runs/log-parameter", logging.log_parameter),
    ("POST", "/runs/set-tag", runs.set_tag),
    ("GET", "/runs/get", runs.get),
    ("POST", "/runs/create", runs.create),
    ("POST", "/runs/update", runs.update),
    ("POST", "/runs/search", runs.search),
    ("POST", "/runs/delete", runs.delete),
    ("POST", "/runs/restore", runs.restore),
    ("POST", "/runs/delete-tag", runs.delete_tag),
    ("POST", "/runs/log-model", runs.log_model),
    ("POST", "/runs/log-inputs", inputs.log_inputs),
    ("POST", "/runs/outputs", inputs.log_outputs),
    ("GET", "/metrics/get-history", metric_history.history),
    ("GET", "/metrics/get-history-bulk", metric_history.bulk),
    ("GET", "/metrics/get-history-bulk-interval", metric_history.interval),
    ("GET", "/artifacts/list", artifacts.list_of_run),
    ("POST", "/artifacts/presigned-upload-url", presigned.upload_url),
    ("POST", "/artifacts/presigned-download-url", presigned.download_url),
    ("GET", "/experiments/get", experiments.get),
    ("GET", "/experiments/get-by-name", experiments.get_by_name),
    ("POST", "/experiments/create", experiments.create),
    ("POST", "/experiments/search", experiments.search),
    ("GET", "/experiments/search", experiments.search),
    ("POST", "/experiments/update", experiments.update),
    ("POST", "/experiments/delete", experiments.delete),
    ("POST", "/experiments/restore", experiments.restore),
    ("POST", "/experiments/set-experiment-tag", experiments.set_tag),
    ("POST", "/experiments/delete-experiment-tag", experiments.delete_tag),
    ("POST", "/experiments/search-datasets", experiments.search_datasets),
    ("POST", "/logged-models", logged_models.create),
    ("POST", "/logged-models/search", logged_models.search),
    ("GET", "/logged-models/{id}", logged_models.get),
    ("PATCH", "/logged-models/{id}", logged_models.finalize),
    ("DELETE", "/logged-models/{id}", logged_models.delete),
    ("PATCH", "/logged-models/{id}/tags", logged_models.set_tags),
    ("DELETE", "/logged-models/{id}/tags/{key:path}", logged_models.delete_tag),
    ("POST", "/logged-models/{id}/params", logged_models.log_params),
    ("GET", "/logged-models/{id}/artifacts/directories", logged_models.list_files),
]
_REGISTRY_READS: list[tuple[str, str, Handler]] = [
    ("GET", "/registered-models/get", registered_models.get),
    ("GET", "/registered-models/search", registered_models.search),
    ("POST", "/registered-models/get-latest-versions", registered_models.latest_versions),
    ("GET", "/registered-models/get-latest-versions", registered_models.latest_versions),
    ("GET", "/registered-models/alias", registered_models.get_by_alias),
    ("GET", "/model-versions/get", model_versions.get),
    ("GET", "/model-versions/search", model_versions.search),
    ("GET", "/model-versions/get-download-uri", model_versions.download_uri),
]
_REGISTRY_WRITES: list[tuple[str, str, Handler]] = [
    ("POST", "/registered-models/create", registered_models.create),
    ("POST", "/registered-models/rename", registered_models.rename),
    ("PATCH", "/registered-models/update", registered_models.update),
    ("DELETE", "/registered-models/delete", registered_models.delete),
    ("POST", "/registered-models/set-tag", registered_models.set_tag),
    ("DELETE", "/registered-models/delete-tag", registered_models.delete_tag),
    ("POST", "/registered-models/alias", registered_models.set_alias),
    ("DELETE", "/registered-models/alias", registered_models.delete_alias),
    ("POST", "/model-versions/create", model_versions.create),
    ("PATCH", "/model-versions/update", model_versions.update),
    ("POST", "/model-versions/transition-stage", model_versions.transition_stage),
    ("DELETE", "/model-versions/delete", model_versions.delete),
    ("POST", "/model-versions/set-tag", model_versions.set_tag),
    ("DELETE", "/model-versions/delete-tag", model_versions.delete_tag),
]
_WEBHOOKS: list[tuple[str, str, Handler]] = [
    ("POST", "/webhooks", webhooks.create),
    ("GET", "/webhooks", webhooks.search),
    ("GET", "/webhooks/{id}", webhooks.get),
    ("PATCH", "/webhooks/{id}", webhooks.update),
    ("DELETE", "/webhooks/{id}", webhooks.delete),
    ("POST", "/webhooks/{id}/test", webhooks.test),
]


def _calls(prefix: str) -> list[BaseRoute]:
    return [
        *(route(prefix + path, method, handler) for method, path, handler in _TRACKING + _REGISTRY_READS + _WEBHOOKS),
        *(route(prefix + path, method, handler, developer=True) for method, path, handler in _REGISTRY_WRITES),
    ]


def _files(prefix: str) -> list[BaseRoute]:
    folder, file = f"{prefix}/artifacts", f"{prefix}/artifacts/{{path:path}}"
    return [
        route(file, "PUT", artifacts.put, raw=True),
        route(file, "GET", artifacts.get),
        route(file, "DELETE", artifacts.delete),
        route(folder, "GET", artifacts.list_folder),
        route(f"{prefix}/presigned/{{path:path}}", "GET", presigned.get),
        route(f"{prefix}/mpu/create/{{path:path}}", "POST", multipart.create),
        route(f"{prefix}/mpu/complete/{{path:path}}", "POST", multipart.complete, raw=True),
        route(f"{prefix}/mpu/abort/{{path:path}}", "POST", multipart.abort),
    ]


_PUT_AND_GET, _OTHER_FILES = slice(0, 2), slice(2, None)

routes: list[BaseRoute] = [
    *_files("/api/2.0/mlflow-artifacts")[_PUT_AND_GET],  # small files come by the thousand
    *_calls(_API),
    *_files("/api/2.0/mlflow-artifacts")[_OTHER_FILES],
    Route("/api/3.0/mlflow/server-info", server.server_info),
    Route("/version", server.version),
    Route("/health", server.health),
    route("/get-artifact", "GET", artifacts.get_of_run),
    route("/model-versions/get-artifact", "GET", artifacts.get_of_version),
    route(f"{_AJAX}/upload-artifact", "POST", artifacts.upload_to_run, raw=True),
    route(f"{_AJAX}/logged-models/{{id}}/artifacts/files", "GET", artifacts.get_of_logged_model),
    *_calls(_AJAX),
    *_files("/ajax-api/2.0/mlflow-artifacts"),
    Route("/api/2.0/{rest:path}", server.unknown, methods=_METHODS),
    Route("/api/3.0/{rest:path}", server.unknown, methods=_METHODS),
    Route("/ajax-api/{rest:path}", server.unknown, methods=_METHODS),
]
