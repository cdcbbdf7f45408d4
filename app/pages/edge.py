"""The edge of pages for people: what its groups of pages have in common."""

from __future__ import annotations

from app.http.edge import BEARER, Edge
from app.pages import devices, invitations, openid, password_resets, sign_in, sign_in_links, templates
from app.pages.account import identities, page, password, sessions, tokens

_GROUPS = (
    sign_in, page, sessions, tokens, identities, password, invitations, password_resets, sign_in_links, openid, devices,
)  # fmt: skip
"""One module for each group of pages."""

EDGE = Edge(
    "pages",
    [route for group in _GROUPS for route in group.routes],
    templates.error_page,
    BEARER,
    paths=(
        "/sign-in", "/sign-out", "/account", "/invitations", "/password-resets", "/sign-in-links", "/openid", "/device",
    ),
    secret_below=("/invitations/", "/password-resets/", "/sign-in-links/"),
    accepts_sessions=True,
    checks_forms=True,
)  # fmt: skip
