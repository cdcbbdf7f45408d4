"""Personal tokens: made, shown once, revoked."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access import tokens
from app.access.token_rules.expiry import LongestLives
from app.errors import ModelyardError
from app.pages import forms, signing_in
from app.pages.account import page, token_fields
from app.runtime import Runtime


async def create(request: Request) -> Response:
    """Make a token; the answer is the one page that ever shows its secret."""
    runtime: Runtime = request.app.state.runtime
    actor = signing_in.require(request)
    fields = await forms.read(request)
    try:
        issued = await tokens.issue(runtime.db, actor, token_fields.read(fields), longest=_longest(runtime))
    except ModelyardError as error:
        return await page.refused(request, "tokens", error, fields)
    return await page.answer(request, made=issued)


async def revoke(request: Request) -> Response:
    """End one token at once."""
    runtime: Runtime = request.app.state.runtime
    actor = signing_in.require(request)
    fields = await forms.read(request)
    try:
        await tokens.revoke(runtime.db, actor, forms.number(fields, "token"))
    except ModelyardError as error:
        return await page.refused(request, "tokens", error, fields)
    return page.done("token")


def _longest(runtime: Runtime) -> LongestLives:
    return LongestLives.of_days(runtime.settings.token_max_days, runtime.settings.bot_token_max_days)


routes = [
    Route("/account/tokens", create, methods=["POST"]),
    Route("/account/tokens/revoke", revoke, methods=["POST"]),
]
