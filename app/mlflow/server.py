"""What clients ask about the server itself, without a token."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.errors import Unauthenticated
from app.http.errors import path_not_found
from app.runtime import Runtime

MLFLOW_VERSION = "3.17.2"
"""The version whose calls are answered; clients parse it to know what they may send."""
_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": False,
    "trace_archival_enabled": False,
    "multipart_uploads_enabled": True,
    "artifact_serving_enabled": True,
    "presigned_upload_run_id_supported": True,
    "presigned_upload_model_id_supported": True,
    "model_artifact_presigned_downloads_supported": True,
    "artifacts_presigned_only": False,
    "features_enabled": {},
}


async def version(_request: Request) -> Response:
    """Bare text, not JSON."""
    return PlainTextResponse(MLFLOW_VERSION)


async def health(_request: Request) -> Response:
    """Bare text, as MLflow's own server answers."""
    return PlainTextResponse("OK")


async def server_info(request: Request) -> Response:
    """What this server offers beyond the basics; clients remember it for a minute.

    Downloads in ranges ask for a link first, with each file; that pays where the link leads to the store itself.
    """
    runtime: Runtime = request.app.state.runtime
    info = {**_INFO, "multipart_downloads_enabled": runtime.settings.s3_public_url is not None}
    return Response(orjson.dumps(info), media_type="application/json")


async def unknown(request: Request) -> Response:
    """A call that is not answered here: traces, gateway, scorers and the like. Clients then try older calls."""
    actor = getattr(request.state, "actor", None)
    if actor is None or actor.is_anonymous:
        raise Unauthenticated("MLflow calls need a token: set MLFLOW_TRACKING_TOKEN to one of yours.")
    raise path_not_found(request.scope)
