"""Has expressions evaluated in a process of its own, and ends it when one takes too long.

A process takes the tasks of one check one after the other. Where it ends without an answer, the expression whose turn
it was is to blame: that gets an error for all its tasks, and another process goes on with the rest.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

import structlog

from app.errors import Unavailable
from app.lifecycle.gates.expressions import protocol
from app.lifecycle.gates.expressions.protocol import Result

log = structlog.get_logger()
ROOT = Path(__file__).resolve().parents[4]
PROGRAM = "app.lifecycle.gates.expressions.program"
START_SECONDS = 15.0
"""For the start of the process, on a busy machine."""
SECONDS = 2.0
"""For each answer."""
ALL_SECONDS = 20.0
"""For all answers of a check; what is left then has none."""
MOST_DOCUMENT_BYTES = 4 * 1024 * 1024
AT_ONCE = 2
"""Processes of one API process; further checks wait."""
WAIT_SECONDS = 20.0
_NO_TIME = f"all expressions of this check together take more than {ALL_SECONDS:g} seconds"
_NO_START = "the process that evaluates expressions does not start; the log says why"
_TOO_LONG = f"it takes more than {SECONDS:g} seconds or {protocol.MEMORY_BYTES // 2**20} MiB of memory"


class EvaluatorBusy(Unavailable):
    """Too many expressions are being evaluated; try again shortly."""


class Evaluator:
    """Evaluates expressions; one for each process of the application."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def compile(self, expressions: Sequence[str]) -> list[Result]:
        """What is wrong with each expression; an empty error where it is one of CEL.

        Raises:
            EvaluatorBusy: there was no turn in time.
        """
        return await self._run(expressions, [], [(index, -1) for index in range(len(expressions))])

    async def evaluate(self, expressions: Sequence[str], documents: Sequence[bytes]) -> list[list[Result]]:
        """The result of each expression (outer list) over each document, which are JSON objects. Never within a
        transaction.

        Raises:
            EvaluatorBusy: there was no turn in time.
        """
        tasks = [(index, number) for index in range(len(expressions)) for number in range(len(documents))]
        results = await self._run(expressions, documents, tasks)
        width = len(documents)
        return [results[index * width : (index + 1) * width] for index in range(len(expressions))]

    async def _run(
        self, expressions: Sequence[str], documents: Sequence[bytes], tasks: Sequence[tuple[int, int]]
    ) -> list[Result]:
        if any(len(each) > MOST_DOCUMENT_BYTES for each in documents):
            message = f"the data of a version has more than {MOST_DOCUMENT_BYTES // 2**20} MiB"
            return [Result(None, message)] * len(tasks)
        try:
            await asyncio.wait_for(self._turns.acquire(), WAIT_SECONDS)
        except TimeoutError:
            raise EvaluatorBusy from None
        try:
            return await self._all(expressions, documents, tasks)
        finally:
            self._turns.release()

    async def _all(
        self, expressions: Sequence[str], documents: Sequence[bytes], tasks: Sequence[tuple[int, int]]
    ) -> list[Result]:
        results: dict[tuple[int, int], Result] = {}
        until = monotonic() + ALL_SECONDS
        while rest := [task for task in tasks if task not in results]:
            if monotonic() > until:
                results |= dict.fromkeys(rest, Result(None, _NO_TIME))
                break
            answers = await _answers(protocol.request(expressions, documents, rest))
            if answers is None:
                log.error("expression.process_failed")
                results |= dict.fromkeys(rest, Result(None, _NO_START))
                break
            results |= zip(rest, answers, strict=False)
            if len(answers) < len(rest):
                culprit = rest[len(answers)][0]
                log.info("expression.ended", characters=len(expressions[culprit]))
                results |= {task: Result(None, _TOO_LONG) for task in rest[len(answers) :] if task[0] == culprit}
        return [results[task] for task in tasks]


async def _answers(request: bytes) -> list[Result] | None:
    """As many answers as the process gave before it ended or took too long; None: it did not even start."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-s", "-P", "-m", PROGRAM,
            stdin=theirs.fileno(), stdout=DEVNULL, cwd="/", start_new_session=True,
            # Nothing of this process' environment: it holds the keys of the installation.
            env={"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
    try:
        return await _conversation(ours, request)
    finally:
        await _ended(process)


async def _conversation(ours: socket.socket, request: bytes) -> list[Result] | None:
    results: list[Result] = []
    reader, writer = await asyncio.open_unix_connection(sock=ours, limit=protocol.LONGEST_ANSWER)
    try:
        writer.write(request)
        writer.write_eof()
        if await asyncio.wait_for(_next(reader), START_SECONDS) != protocol.READY:
            return None
        with suppress(TimeoutError, OSError, ValueError):
            while text := await asyncio.wait_for(_next(reader), SECONDS):
                results.append(Result.from_bytes(text))
    except (TimeoutError, OSError):
        return None
    finally:
        writer.close()
    return results


async def _next(reader: StreamReader) -> bytes:
    text = await reader.readline()
    return text if text.endswith(b"\n") else b""


async def _ended(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
