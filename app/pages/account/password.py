"""Changing one's own password."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.passwords.change import ChangePassword, change_password
from app.errors import ModelyardError
from app.pages import forms, signing_in
from app.pages.account import page
from app.runtime import Runtime


async def change(request: Request) -> Response:
    """Replace the password, which ends all other sessions."""
    runtime: Runtime = request.app.state.runtime
    actor = signing_in.require(request)
    fields = await forms.read(request)
    command = ChangePassword(fields.get("current_password", ""), fields.get("new_password", ""))
    try:
        await change_password(runtime.db, actor, command, runtime.openid)
    except ModelyardError as error:
        return await page.refused(request, "password", error, fields)
    return page.done("password")


routes = [Route("/account/password", change, methods=["POST"])]
