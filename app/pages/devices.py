"""Confirming the sign-in of a command line: what asks, from where, and the code to compare."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.devices import confirmation
from app.errors import Invalid, ModelyardError
from app.pages import forms, signing_in, templates
from app.runtime import Runtime


async def show(request: Request) -> Response:
    """The form for a code, or what waits with the code of the link."""
    actor = signing_in.require(request)
    runtime: Runtime = request.app.state.runtime
    typed = request.query_params.get("code", "")
    if not typed.strip():
        return templates.answer(request, "device.html", waiting=None)
    try:
        waiting = await confirmation.find(runtime.db, actor, typed)
    except ModelyardError as error:
        return templates.refused(request, "device.html", error, waiting=None, fields={"code": typed[:40]})
    return templates.answer(request, "device.html", waiting=waiting)


async def decide(request: Request) -> Response:
    """Allow or refuse."""
    actor = signing_in.require(request)
    runtime: Runtime = request.app.state.runtime
    form = await forms.read(request)
    decision, code = form.get("decision", ""), form.get("code", "")
    if decision not in {"allow", "refuse"}:
        raise Invalid("Choose Allow or Refuse.")
    try:
        decided = await confirmation.decide(runtime.db, actor, code, allow=decision == "allow")
    except ModelyardError as error:
        return templates.refused(request, "device.html", error, waiting=None, fields={"code": code[:40]})
    return templates.answer(request, "device_decided.html", name=decided.name, is_allowed=decision == "allow")


routes = [
    Route("/device", show, methods=["GET"]),
    Route("/device", decide, methods=["POST"]),
]
