"""All edges of the application: their routes, and which of them a path belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.answers import OTHER
from app.http.browsers.accepts import takes_pages
from app.http.edge import Edge
from app.http.project_paths import ProjectPaths

_PROJECT = "{project}"


class EdgeTable:
    """The edges in the order in which the application lists them."""

    def __init__(self, edges: Iterable[Edge] = (), *, projects: str = "/projects/") -> None:
        """``projects`` is the address below which projects stand, with a slash at its end."""
        self.edges = tuple(edges)
        self._mount = projects + _PROJECT
        tails = [edge.below_project.tail for edge in self.edges if edge.below_project is not None]
        self._project_paths = ProjectPaths(projects, tails)
        paths = [(path, edge) for edge in self.edges for path in self._paths(edge)]
        self._pages = next((edge for edge in self.edges if edge.opens_pages), None)
        self.first_segments = frozenset(
            path.split("/")[1] for path in [projects, *(path for path, edge in paths if not edge.opens_pages)]
        )
        """With what the paths of edges begin: no page stands there, whatever follows."""
        # The longest first, so that the edge of `/health/` is another one than that of `/health`.
        paths.sort(key=lambda pair: len(pair[0]), reverse=True)
        # Slashes at the beginning count as one. An empty group at the end of each alternative tells which it was: one
        # around it would keep the matcher from skipping an alternative by its first letter.
        alternatives = "|".join(f"{_expression(path)}()" for path, _ in paths) or r"(?!)"
        self._pattern = re.compile(f"/+(?:{alternatives})")
        self._by_group: dict[int, tuple[Edge, int]] = {}
        group = 1
        for path, edge in paths:
            names_project = _PROJECT in path
            self._by_group[group + names_project] = edge, group if names_project else 0
            group += 1 + names_project

    def routes(self) -> list[BaseRoute]:
        """Those of all edges."""
        mounts = [
            Mount(edge.below_project.path, routes=edge.below_project.routes)
            for edge in self.edges
            if edge.below_project is not None
        ]
        own = [route for edge in self.edges for route in edge.routes]
        return [Mount(self._mount, routes=mounts), *own] if mounts else own

    def normalized(self, raw_path: bytes) -> str | None:
        """See :meth:`app.http.project_paths.ProjectPaths.normalized`."""
        return self._project_paths.normalized(raw_path)

    def find(self, path: str) -> tuple[Edge, str]:
        """The edge of a normalized path, and the project as the path spells it; empty if it names none."""
        match = self._pattern.match(path)
        if match is None or match.lastindex is None:
            return OTHER, ""
        edge, project = self._by_group[match.lastindex]
        return edge, match[project] if project else ""

    def of_request(self, scope: Scope) -> tuple[Edge, str]:
        """The edge of a request, and the project as :meth:`find` gives it.

        At paths of no edge there are pages, for those who open them in a browser.
        """
        edge, project = self.find(scope["path"])
        if edge is OTHER and self._pages is not None and scope["type"] == "http" and self._is_page(scope):
            return self._pages, ""
        return edge, project

    def _is_page(self, scope: Scope) -> bool:
        if scope.get("method") not in {"GET", "HEAD"}:
            return False
        if scope["path"] == "/":
            return True
        first = scope["path"].removeprefix("/").partition("/")[0]
        # A name begins with neither: `//host/x` leads elsewhere when a page uses it, `/.env` is what scanners look for.
        is_name = first != "" and not first.startswith(".")
        return is_name and first not in self.first_segments and takes_pages(scope)

    def of_target(self, target: bytes) -> Edge:
        """The edge of a request target as it came, also of one that nothing else can be said about."""
        path = target.partition(b"?")[0]
        return self.find(self.normalized(path) or unquote_to_bytes(path).decode(errors="replace"))[0]

    def _paths(self, edge: Edge) -> list[str]:
        below = [] if edge.below_project is None else [self._mount + edge.below_project.path]
        return [*edge.paths, *below]


class RequestEdge:
    """ASGI middleware before all that depends on the edge: puts it into the request's state, with the project's name.

    The path of a project's calls has the project as one segment from here on.
    """

    def __init__(self, app: ASGIApp, edges: EdgeTable) -> None:
        self.app = app
        self._edges = edges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            if scope["type"] == "http" and (path := self._edges.normalized(scope.get("raw_path") or b"")) is not None:
                scope["path"] = path
            state = scope.setdefault("state", {})
            state["edge"], state["project_reference"] = self._edges.of_request(scope)
        await self.app(scope, receive, send)


def _expression(path: str) -> str:
    """A regular expression of the paths that a path of an edge stands for, without slashes at the beginning."""
    inner = r"([^/]*)".join(map(re.escape, path.removeprefix("/").split(_PROJECT)))
    return inner if path.endswith("/") else rf"{inner}(?:/|\Z)"
