"""Pages from templates: every value is escaped, no script runs, and nothing is loaded from anywhere."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.access.policy import ANONYMOUS, Actor
from app.errors import ModelyardError
from app.http.answers import edge_of, status_of, with_headers
from app.pages import form_tokens

_FOLDER = Path(__file__).parent / "templates"


def answer(
    request: Request, template: str, *, status: int = 200, form_origins: Sequence[str] = (), **values: Any
) -> Response:
    """A page. Beside ``values`` the template knows ``form_token``, ``person`` (a username, empty if signed out).

    ``error`` may be the failure of what the form wanted: it is shown above the form, or beside its field.
    ``form_origins`` are other origins to which the answer to a form of this page may lead: browsers hold redirects to
    the policy, too.
    """
    actor: Actor = getattr(request.state, "actor", ANONYMOUS)
    mark = form_tokens.mark_of(request)
    response = _page(
        template,
        status,
        form_origins,
        {"person": actor.username, "form_token": form_tokens.make(request, mark), "error": None, "fields": {}} | values,
    )
    form_tokens.keep(request, response, mark)
    error = values.get("error")
    return response if error is None else with_headers(edge_of(request.scope), error, response)


def refused(request: Request, template: str, error: ModelyardError, **values: Any) -> Response:
    """The page of a form again, with what was wrong, the status of that, and when to try again."""
    return answer(request, template, status=status_of(error), error=error, **values)


def error_page(error: ModelyardError) -> Response:
    """Any failure as a page."""
    status = status_of(error)
    title = HTTPStatus(status).phrase
    return _page("error.html", status, (), {"person": "", "error": error, "title": title, "fields": {}})


def _page(template: str, status: int, form_origins: Sequence[str], values: dict[str, Any]) -> Response:
    content = _environment().get_template(template).render(values)
    return HTMLResponse(content, status, headers=_headers(form_origins))


def _headers(form_origins: Sequence[str]) -> dict[str, str]:
    targets = " ".join(("'self'", *form_origins))
    return {
        "Content-Security-Policy": f"default-src 'none'; style-src '{_style_hash()}'; img-src data:; base-uri 'none'; "
        f"form-action {targets}; frame-ancestors 'none'",
        "Cache-Control": "no-store",
        # Not `no-referrer`: with that, browsers send `Origin: null` with forms, also to our own pages (Fetch §3.2).
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style"] = Markup(_style())  # noqa: S704 - our own file
    return environment


@cache
def _style() -> str:
    return (_FOLDER / "style.css").read_text(encoding="utf-8")


@cache
def _style_hash() -> str:
    return f"sha256-{b64encode(hashlib.sha256(_style().encode()).digest()).decode()}"
