"""The edge of GitLab's package registry."""

from __future__ import annotations

import re

from starlette.responses import Response

from app.errors import ModelyardError
from app.http.answers import json_answer, status_of
from app.http.edge import BEARER_OR_BASIC, Edge, ProjectRoutes
from app.packages import files


def _error_answer(error: ModelyardError) -> Response:
    """As GitLab tells errors: a ``message`` (GitLab REST: status codes)."""
    return json_answer({"message": error.message}, status_of(error))


EDGE = Edge(
    "packages",
    [],
    _error_answer,
    BEARER_OR_BASIC,
    paths=(),
    below_project=ProjectRoutes("/packages", files.routes, tail=r"packages/ml_models/[^/]+/files/.+"),
    cross_origin=re.compile(""),
)
