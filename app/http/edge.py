"""An edge: one protocol as one value, which its package exports and :mod:`app.main` lists.

What all requests have (authentication, turns, log, bounds, errors) asks the edge and knows no protocol by its path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute

from app.errors import ModelyardError

ErrorAnswer: TypeAlias = Callable[[ModelyardError], Response]
Lifespan: TypeAlias = Callable[[Starlette], AbstractAsyncContextManager[None]]

BEARER = 'Bearer realm="modelyard"'
BEARER_OR_BASIC = f'{BEARER}, Basic realm="modelyard"'
"""For clients that sign in with a user name and a password; browsers ask their user for both."""


@dataclass(frozen=True, slots=True)
class ProjectRoutes:
    """Routes of an edge that are mounted below the address of each project."""

    path: str
    """Where, relative to the project, like `/ml/mlflow`."""
    routes: Sequence[BaseRoute]
    tail: str
    """Regular expression of what can follow a project's full path if its slashes are not encoded, without a first `/`.

    A project may be called like ``path``: the more exact this is, the fewer projects have to be written with `%2F`.
    """


@dataclass(frozen=True, slots=True)
class Edge:
    """What the server has to know of a protocol."""

    name: str
    """In the log and as a label of metrics."""
    routes: Sequence[BaseRoute]
    error_answer: ErrorAnswer
    """Any failure as the protocol tells it, with its status: also 404 and 405 of its paths, 429 and 503 of admission,
    401 of a token that is not valid, 431 of a head that is too large, 500 of an accident."""
    challenge: str
    """`WWW-Authenticate` of each 401 (RFC 9110 §11.6.1)."""
    paths: tuple[str, ...]
    """Paths that are the edge's, each with all below it; one that ends in `/` stands only for those below it.

    ``{project}`` stands for one segment, the id of a project: that project is charged for the request.
    """
    below_project: ProjectRoutes | None = None
    opens_pages: bool = False
    """Whether browsers get its pages at `/` and at paths that are no edge's.

    :meth:`app.http.edge_table.EdgeTable.of_request` says which those are.
    """
    tokenless: tuple[str, ...] = ()
    """Beginnings of paths where no token is read: probes, signed links, callers that prove who they are otherwise."""
    accepts_sessions: bool = False
    """Whether a browser's session counts, beside tokens; elsewhere its cookie is not read."""
    checks_forms: bool = False
    """Whether what sessions write comes in forms, whose tokens the edge checks itself."""
    probes: frozenset[str] = frozenset()
    """Paths that are answered at once, without a turn, and without a line in the log."""
    secret_below: tuple[str, ...] = ()
    """Beginnings of paths whose rest is a secret: the log does not have it."""
    is_logged: bool = True
    cross_origin: re.Pattern[str] | None = None
    """Matches the paths that pages of the origins named by the operator may use."""
    lifespan: Lifespan | None = None
    """Entered before the first request, left after the last."""
    stop: Callable[[Starlette], None] | None = None
    """Ends answers that would go on for ever; called when the server is told to stop."""
