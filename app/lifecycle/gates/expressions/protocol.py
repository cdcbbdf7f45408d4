"""What the evaluating process gets and answers: one JSON document in, one line of JSON for each task out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 5
LONGEST_ANSWER = 65_536
READY = b"ready\n"
"""The first line: everything is loaded, and the time of the first task begins."""


@dataclass(frozen=True, slots=True)
class Result:
    """What an expression gave: ``value`` is its truth, None when it has none, then ``error`` says why."""

    value: bool | None
    error: str = ""

    def to_bytes(self) -> bytes:
        """One line, with its end."""
        return orjson.dumps([self.value, self.error[:1_000]]) + b"\n"

    @staticmethod
    def from_bytes(text: bytes) -> Result:
        """The reverse of ``to_bytes``.

        Raises:
            ValueError: it is none.
        """
        value, error = orjson.loads(text)
        if value not in (True, False, None) or not isinstance(error, str):
            raise ValueError("no result")
        return Result(value, error)


def request(expressions: Sequence[str], documents: Sequence[bytes], tasks: Sequence[tuple[int, int]]) -> bytes:
    """Texts, JSON documents, and which expression is evaluated over which document; -1: it is compiled and tried."""
    return orjson.dumps([list(expressions), [orjson.Fragment(each) for each in documents], list(tasks)])
