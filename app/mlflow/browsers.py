"""People who open a tracking URI in their browser, also by the links that MLflow prints: they are led to the pages."""

from __future__ import annotations

from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from app.http.browsers.accepts import takes_pages

_PAGE = "/-/mlflow"
"""It reads what stands behind the `#` of MLflow's links; browsers keep that over redirects (Fetch §4.4)."""


async def open_pages(request: Request) -> Response:
    """To the page for the project as the address spells it, whether there is such a project or not."""
    project = unquote(str(request.state.project_reference))
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    return RedirectResponse(f"{_PAGE}?project={quote(project, safe='')}", 302, headers)


class _OpenedRoute(Route):
    """Is there for browsers alone; programs are told what they were always told."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        is_opened = scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} and takes_pages(scope)
        return super().matches(scope) if is_opened else (Match.NONE, {})


pages = [_OpenedRoute("/", open_pages, methods=["GET"])]
