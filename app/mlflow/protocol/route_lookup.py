"""Calls found by their path at once: a list of a hundred patterns would be tried one by one with every request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send


class PathLookup(BaseRoute):
    """Stands for all routes whose paths have no parameters, and answers as the one that is meant."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[str, list[Route]] = defaultdict(list)
        for route in routes:
            self._routes[route.path].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        scope = _merged(scope)
        route = self._meant(scope)
        if route is None:
            return Match.NONE, {}
        match, child_scope = route.matches(scope)
        return match, {**child_scope, "path": scope["path"], "route": route}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._meant(scope)
        assert route is not None, "the router hands over what has matched"
        await route.handle(scope, receive, send)

    def _meant(self, scope: Scope) -> Route | None:
        """The route of the path and method, else one of the path, which knows how to refuse a method."""
        here = self._routes.get(_path(scope), [])
        return next(
            (route for route in here if scope.get("method") in (route.methods or ())), here[0] if here else None
        )


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _merged(scope: Scope) -> Scope:
    """Two slashes at the beginning count as one, as for MLflow's server: tracking URIs may end in a slash."""
    path = _path(scope)
    if not path.startswith("//"):
        return scope
    return {**scope, "path": f"{scope.get('root_path', '')}/{path.lstrip('/')}"}


def with_lookup(routes: Iterable[BaseRoute]) -> list[BaseRoute]:
    """The same routes, with those behind one lookup that need no pattern; the others stay in their order."""
    plain = [route for route in routes if isinstance(route, Route) and "{" not in route.path]
    return [PathLookup(plain), *(route for route in routes if route not in plain)]
