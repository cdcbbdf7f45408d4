"""GraphQL over HTTP: ask, change, and know why not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from modelyard_client import failures
from modelyard_client.connection import Connection
from modelyard_client.failures import Failure, NotFound, TemporaryFailure
from modelyard_client.service import http

if TYPE_CHECKING:
    import aiohttp

_ANSWER_TYPE = "application/graphql-response+json"
_TEMPORARY = frozenset({"UNAVAILABLE", "OUTCOME_UNKNOWN"})
"""Codes of errors that may be gone when the same is sent again; STORAGE_FULL waits for a person."""


class Api:
    """One service, spoken to in the name of one token."""

    def __init__(self, connection: Connection, session: aiohttp.ClientSession, notice: Callable[[str], None]) -> None:
        self.connection = connection
        self.session = session
        self.notice = notice
        """Told of every failure that is tried again."""

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an operation that may be sent twice.

        Raises:
            Failure: the service refused it.
            Unreachable: it did not answer for too long.
        """
        return await http.retry(lambda: self.once(document, variables), self.connection.patience, self.notice)

    async def change(self, document: str, **variables: Any) -> dict[str, Any]:
        """The payload of a document with one mutation that may be sent twice.

        Raises:
            Failure: it said why it did nothing.
            Unreachable: it did not answer for too long.
        """
        return await http.retry(lambda: self.change_once(document, variables), self.connection.patience, self.notice)

    async def delete(self, document: str, **variables: Any) -> None:
        """Like :meth:`change`, for what is gone afterwards: when an answer got lost, that it is gone is no failure.

        Raises:
            NotFound: it was not there before either.
        """
        was_lost = False

        async def attempt() -> None:
            nonlocal was_lost
            try:
                await self.change_once(document, variables)
            except TemporaryFailure:
                was_lost = True
                raise
            except NotFound:
                if not was_lost:
                    raise

        await http.retry(attempt, self.connection.patience, self.notice)

    async def change_once(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Like :meth:`change`, sent once only.

        Raises:
            TemporaryFailure: whether it was done is unknown.
        """
        (payload,) = (await self.once(document, variables)).values()
        result: dict[str, Any] = payload
        for error in result["userErrors"]:
            if error["code"] in _TEMPORARY:
                raise TemporaryFailure(error["message"])
            raise failures.of(str(error["code"]), str(error["message"]))
        return result

    async def once(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Send an operation once.

        Raises:
            TemporaryFailure: there was no answer, or one that may be different soon.
        """
        url = f"{self.connection.url}/graphql"
        body = json.dumps({"query": document, "variables": variables}, ensure_ascii=False).encode()
        headers = {
            "Authorization": f"Bearer {self.connection.token}",
            "Content-Type": "application/json",
            "Accept": f"{_ANSWER_TYPE}, application/json;q=0.9",
        }
        with http.translate_errors(url):
            async with self.session.post(
                url, data=body, headers=headers, proxy=http.proxy(url), allow_redirects=False
            ) as answer:
                http.raise_if_temporary(answer)
                http.refuse_redirect(url, answer)
                return _data(url, answer.status, await http.read(url, answer))


@asynccontextmanager
async def opened(connection: Connection, jobs: int, notice: Callable[[str], None]) -> AsyncIterator[Api]:
    """The API of a connection; ``jobs`` transfers may run beside its own requests."""
    async with http.session(jobs + 2) as session:
        with understood(connection.url):
            yield Api(connection, session, notice)


@contextmanager
def understood(url: str) -> Iterator[None]:
    """Translate what goes wrong while an answer is read that has another form than the API's.

    Raises:
        Failure: it has.
    """
    try:
        yield
    except UnicodeError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise Failure(
            f"{url} answered in a form that this client does not understand ({reason}); is it Modelyard?",
            code="BAD_ANSWER",
        ) from error


def _data(url: str, status: int, body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
        errors = answer.get("errors") or []
        data = answer.get("data")
    except (ValueError, AttributeError, RecursionError):
        raise Failure(f"{url} answered {status}, and not as Modelyard does; is the address right?") from None
    if errors:
        raise _refusal(errors)
    if not isinstance(data, dict):
        raise Failure(f"{url} answered {status} without data; is the address right?")
    return data


def _refusal(errors: list[dict[str, Any]]) -> Exception:
    codes = [str((error.get("extensions") or {}).get("code", "FAILED")) for error in errors]
    message = " ".join(dict.fromkeys(str(error.get("message")) for error in errors))
    if not _TEMPORARY.isdisjoint(codes):
        return TemporaryFailure(message)
    return failures.of(codes[0], message)
