"""The edge of MLflow clients."""

from __future__ import annotations

from app.http.edge import BEARER_OR_BASIC, Edge, ProjectRoutes
from app.mlflow.browsers import pages
from app.mlflow.protocol.errors import error_answer
from app.mlflow.protocol.route_lookup import with_lookup
from app.mlflow.routes import routes

_CALLS = with_lookup(routes)
_TAIL = r"ml/mlflow(?:/*|/+(?:api/\d\.\d|ajax-api|get-artifact|model-versions|version|health)(?:/.*)?)"

EDGE = Edge(
    "mlflow",
    _CALLS,
    error_answer,
    BEARER_OR_BASIC,
    paths=("/api/2.0", "/api/3.0", "/ajax-api", "/get-artifact", "/model-versions", "/version", "/health"),
    below_project=ProjectRoutes("/ml/mlflow", [*_CALLS, *pages], _TAIL),
    tokenless=("/version", "/health"),
    probes=frozenset({"/health"}),
)
"""Its calls stand below each project, and at `/` for tokens of one project."""
