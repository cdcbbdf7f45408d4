"""GraphQL over HTTP, the way in: what a request asks for, or the status that says why it cannot be read.

Only ``application/json`` is read from a POST: browsers cannot send that to another site without asking first, so no
foreign page can make a request in a user's name. There is no batching.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from app.http.admission import middleware
from app.http.admission.fair_queue import Overloaded

BODY_SECONDS = 30
JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
_ANSWERS = frozenset({GRAPHQL_JSON, JSON, "application/*", "*/*"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation to run; ``document_id`` names a document by its SHA-256, ``query`` may be empty then."""

    query: str
    variables: dict[str, Any]
    name: str | None
    document_id: str | None = None


async def read(request: Request, limit: int) -> Operation:
    """The operation in a request.

    Raises:
        Overloaded: the body came so slowly that there was no time left to wait for another turn.
        HTTPException: 400 for anything malformed, 408 for a body that does not arrive, 413 above ``limit`` bytes,
            415 for another media type than JSON.
    """
    if request.method == "GET":
        return operation_of(_query_string(request, limit))
    _check_media_type(request)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _body(request, limit)
    except TimeoutError:
        if middleware.is_waiting(request.scope):
            raise Overloaded from None
        raise HTTPException(408, "The body did not arrive in time.") from None
    except ClientDisconnect:
        raise HTTPException(400, "The body is not complete.") from None
    return operation_of(decoded(body, "The body"))


def answer_type(request: Request) -> str:
    """The media type to answer in: the client's choice of the two that GraphQL over HTTP knows, or an event stream.

    A client that accepts both gets a stream only if it stands first: urql lists JSON before streams.

    Raises:
        HTTPException: 406, it accepts none of them.
    """
    accept = ",".join(request.headers.getlist("accept")).lower()
    ranges = [part.split(";")[0].strip() for part in accept.split(",") if part.strip()]
    first = next((one for one in ranges if one in _ANSWERS or one == EVENT_STREAM), None)
    if first == EVENT_STREAM:
        return EVENT_STREAM
    if GRAPHQL_JSON in ranges:
        return GRAPHQL_JSON
    if not ranges or first in _ANSWERS:
        return JSON
    raise HTTPException(406, f"Answers are {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}; accept one of them.")


def wants_page(request: Request) -> bool:
    """Whether a person came by with a browser, to see the explorer."""
    return (
        request.method == "GET"
        and not {"query", "documentId", "extensions"} & set(request.query_params)
        and "text/html" in request.headers.get("accept", "")
    )


def _check_media_type(request: Request) -> None:
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != JSON:
        raise HTTPException(415, f"Send the operation as {JSON}: a body with `query` and `variables`.")
    charset = parameters.strip().lower().replace('"', "").removeprefix("charset=")
    if charset not in {"", "utf-8", "utf8"}:
        raise HTTPException(415, "JSON is UTF-8; leave the charset out.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Compressed bodies are not read.")


async def _body(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and len(declared) < 20 and int(declared) > limit:
        raise _too_large(limit)
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > limit:
            raise _too_large(limit)
    return bytes(chunks)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"The body is larger than {limit:,} bytes.")


def _query_string(request: Request, limit: int) -> dict[str, Any]:
    if len(request.url.query) > limit:
        raise _too_large(limit)
    values: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if values.get(name):
            values[name] = decoded(values[name].encode("utf-8", "surrogatepass"), f"`{name}`")
        else:
            values.pop(name, None)
    return values


def decoded(body: bytes | str, what: str) -> Any:
    """What the JSON says.

    Raises:
        HTTPException: 400, it is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"{what} is not valid JSON: {error.msg} at character {error.pos}.") from None


def operation_of(payload: Any) -> Operation:
    """The operation that a JSON object names.

    Raises:
        HTTPException: 400, with what is wrong.
    """
    if isinstance(payload, list):
        raise HTTPException(400, "Batches are not accepted; send one operation in a request.")
    if not isinstance(payload, dict):
        raise HTTPException(400, "The body must be a JSON object with `query` and `variables`.")
    extensions = payload.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise HTTPException(400, "`extensions` must be a JSON object.")
    document_id = _document_id(payload, extensions or {})
    query = payload.get("query") or ("" if document_id else None)
    if not isinstance(query, str) or not (query.strip() or document_id):
        raise HTTPException(400, "`query` is missing; it holds the GraphQL document.")
    variables = payload.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise HTTPException(400, "`variables` must be a JSON object.")
    name = payload.get("operationName")
    if name is not None and not isinstance(name, str):
        raise HTTPException(400, "`operationName` must be a string.")
    return Operation(query, variables or {}, name or None, document_id)


def _document_id(payload: dict[str, Any], extensions: dict[str, Any]) -> str | None:
    """The hash that names a document, in the spelling of GraphQL over HTTP or in Apollo's."""
    given = payload.get("documentId")
    if given is None and isinstance(extensions.get("persistedQuery"), dict):
        given = extensions["persistedQuery"].get("sha256Hash")
    if given is None:
        return None
    digits = given.lower().removeprefix("sha256:") if isinstance(given, str) else ""
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise HTTPException(400, "`documentId` must be the SHA-256 of a document, in 64 hexadecimal digits.")
    return digits
