"""The edge of the pages: their files, and one document for every address at which a page can be opened."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from app.errors import ModelyardError
from app.http.answers import edge_of, status_of
from app.http.edge import BEARER, Edge
from app.http.errors import path_not_found
from app.web import built, files, small_pages

NAME = "web"
_ASSETS = "/-/assets"
_LICENSES = "/-/licenses"
"""No name can be `-`: so nothing that people make stands below it."""


async def asset(request: Request) -> Response:
    """A file whose name holds a digest of what is in it, so that browsers keep it for good."""
    return await files.asset(request, built.current(), request.path_params["name"])


async def page(request: Request) -> Response:
    """The document of all pages, or what is shown as long as there is none."""
    pages = built.current()
    if pages is not None and pages.document is not None:
        return await files.document(request, pages.document)
    return small_pages.unbuilt(request)


async def licenses(request: Request) -> Response:
    """The licences of the packages that are in the scripts, which have to go with them."""
    pages = built.current()
    if pages is None or pages.licenses is None:
        raise path_not_found(request.scope)
    return await files.document(request, pages.licenses)


class _PageRoute(Route):
    """Matches what :meth:`app.http.edge_table.EdgeTable.of_request` has found to be a page, whatever its path."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        is_page = edge_of(scope).name == NAME and not f"{scope['path']}/".startswith(f"{_ASSETS}/")
        return super().matches(scope) if is_page else (Match.NONE, {})


def _error_answer(error: ModelyardError) -> Response:
    return small_pages.failed(error, status_of(error))


EDGE = Edge(
    NAME,
    [
        Route(f"{_ASSETS}/{{name:path}}", asset, methods=["GET"]),
        Route(_LICENSES, licenses, methods=["GET"]),
        Route("/", page, methods=["GET"]),
        _PageRoute("/{path:path}", page, methods=["GET"]),
    ],
    _error_answer,
    BEARER,
    paths=(_ASSETS, _LICENSES),
    opens_pages=True,
    tokenless=("/",),
)
"""The last of all edges: its pages are what no other edge answers."""
