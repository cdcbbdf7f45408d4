"""Unlinking identities of one's own; they are linked by way of their provider (``app.pages.openid``)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.openid import identities
from app.errors import ModelyardError
from app.pages import forms, signing_in
from app.pages.account import page
from app.runtime import Runtime


async def delete(request: Request) -> Response:
    """Unlink one identity, unless it is the last way in."""
    runtime: Runtime = request.app.state.runtime
    actor = signing_in.require(request)
    fields = await forms.read(request)
    try:
        await identities.delete_own(runtime.db, actor, runtime.openid, forms.number(fields, "identity"))
    except ModelyardError as error:
        return await page.refused(request, "identities", error, fields)
    return page.done("unlinked")


routes = [Route("/account/identities/delete", delete, methods=["POST"])]
