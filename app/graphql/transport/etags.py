"""Answers to GET that a client has already: asked again with their ETag, they are not sent again (RFC 9110).

They belong to one token or session and may change at any moment, so that the client alone keeps them, and not without
asking.
"""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response
from strawberry.types.execution import ExecutionResult

_HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie, Private-Token, Accept"}
_OF_THE_MOMENT = {"remaining", "resetAt"}


def stable(result: ExecutionResult) -> ExecutionResult:
    """The result without what is different each time although the data is the same."""
    cost = (result.extensions or {}).get("cost")
    if cost:
        kept = {name: value for name, value in cost.items() if name not in _OF_THE_MOMENT}
        result.extensions = {**(result.extensions or {}), "cost": kept}
    return result


def revalidated(request: Request, answer: Response, *, whole: bool) -> Response:
    """The answer with its ETag, or 304 where the client has it; what is not ``whole`` has errors and is never kept."""
    answer.headers.update(_HEADERS)
    if answer.status_code != 200 or not whole:
        answer.headers["Cache-Control"] = "no-store"
        return answer
    tag = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
    answer.headers["ETag"] = tag
    if _holds(request, tag):
        return Response(None, 304, {**_HEADERS, "ETag": tag})
    return answer


def _holds(request: Request, tag: str) -> bool:
    given = ",".join(request.headers.getlist("if-none-match"))
    return given.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in given.split(",")}
