"""The edge of signed links: files without a token."""

from __future__ import annotations

import re

from app.http.answers import plain_error
from app.http.edge import BEARER, Edge
from app.http.links import downloads, uploads

_PATHS = ("/artifacts/{project}/", "/uploads/{project}/")

EDGE = Edge(
    "links",
    [*downloads.routes, *uploads.routes],
    plain_error,
    BEARER,
    paths=_PATHS,
    tokenless=("/artifacts/", "/uploads/"),
    cross_origin=re.compile(""),
)
