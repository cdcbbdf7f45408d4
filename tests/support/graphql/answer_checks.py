"""What is wrong with an answer, whatever was asked; and with the log behind it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from structlog.testing import capture_logs

from app.errors import ModelyardError, Unavailable
from tests.support.graphql.marked_projects import MARK

STATUSES = {200, 400, 404, 405, 406, 413, 415}
"""What a document can be answered with while all parts of the service are well."""


def faults(status: int, content: bytes, *, marks: bool = False) -> list[str]:
    """What is wrong with an answer; ``marks``: the caller may read the marked project."""
    try:
        body = json.loads(content)
    except ValueError:
        return [f"not JSON: {content[:200]!r}"]
    problems = [] if status in STATUSES else [f"status {status}"]
    problems += _malformed(body)
    if not problems:
        problems += [
            problem for error in body.get("errors", []) for problem in _of_error(error, error.get("extensions", {}))
        ]
        problems += [problem for error in _user_errors(body.get("data")) for problem in _of_error(error, error)]
        problems += _of_cost(body)
    leaked = set() if marks else set(MARK.findall(json.dumps(body, ensure_ascii=False)))
    return problems + [f"tells of others: {sorted(leaked)}"] * bool(leaked)


def outcome(answer: httpx.Response) -> str:
    """How far a document came: refused, an error of a field, a failure in words, or done."""
    body = answer.json()
    if "data" not in body or answer.status_code != 200:
        return "refused"
    if "errors" in body:
        return "error"
    return "failure" if _user_errors(body["data"]) else "done"


def undone(answer: httpx.Response) -> bool:
    """Whether a mutation says that nothing was done."""
    body = answer.json()
    if answer.status_code != 200 or body.get("data") is None:
        return True
    return all(payload.get("userErrors") for payload in body["data"].values())


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Notes what the block logs as an error, in whatever way, and what tasks died of unseen."""
    noted: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: noted.append(record.getMessage())  # type: ignore[method-assign] # a handler of one line
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(
        lambda _loop, context: None if _is_of_a_receiver(context) else noted.append(str(context))
    )
    logging.getLogger().addHandler(handler)
    try:
        with capture_logs() as events:
            yield noted
    finally:
        logging.getLogger().removeHandler(handler)
        loop.set_exception_handler(before)
    bad = {"warning", "error", "critical", "exception"}
    noted += [repr(event) for event in events if event["log_level"] in bad or event.get("exc_info")]


def _is_of_a_receiver(context: dict[str, Any]) -> bool:
    """Connections to web servers of other tests in this process, which may be collected at any moment."""
    return "aiohttp/web_" in str(context.get("task")) and "was destroyed" in str(context.get("message"))


def _codes(kind: type[ModelyardError]) -> set[str]:
    return {kind.code, *(code for one in kind.__subclasses__() for code in _codes(one))}


_OF_TRANSPORT = {"METHOD_NOT_ALLOWED", "PERSISTED_QUERY_NOT_SUPPORTED"}
CODES = _OF_TRANSPORT | _codes(ModelyardError) - {ModelyardError.code, Unavailable.code}


def _malformed(body: Any) -> list[str]:
    if not isinstance(body, dict) or not body.keys() <= {"data", "errors", "extensions"}:
        return [f"not an answer of GraphQL: {str(body)[:200]}"]
    errors = body.get("errors")
    if errors is not None and not (
        isinstance(errors, list) and errors and all(isinstance(one, dict) for one in errors)
    ):
        return [f"errors are no list of errors: {str(errors)[:200]}"]
    return ["nothing was found, and nothing went wrong"] * (body.get("data") is None and not errors)


def _of_error(error: dict[str, Any], extensions: dict[str, Any]) -> list[str]:
    code, words = extensions.get("code"), error.get("message")
    problems = [] if code in CODES else [f"an error has the code {code}: {str(words)[:300]}"]
    return problems + ["an error says nothing"] * (not isinstance(words, str) or not words.strip())


def _of_cost(body: dict[str, Any]) -> list[str]:
    cost = body.get("extensions", {}).get("cost")
    if body.get("data") is not None and cost is None:
        return ["the cost is not told"]
    return [f"the cost is {cost}"] * bool(cost and cost["requested"] > cost["limit"])


def _user_errors(data: Any) -> list[dict[str, Any]]:
    payloads = [one for one in data.values() if isinstance(one, dict)] if isinstance(data, dict) else []
    errors = [error for payload in payloads for error in payload.get("userErrors") or []]
    return [error for error in errors if {"code", "message"} <= error.keys()]
