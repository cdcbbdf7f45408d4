"""What a history of operations allows: who sees what, when everything that was acknowledged holds for ever.

An operation without an answer may have happened at any time since it was sent, or never.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Op:
    """A request, and how it ended: ``ok``, ``fail`` (refused, nothing happened) or ``unknown``."""

    kind: str
    key: str
    value: Any
    invoked: float
    ended: float
    result: str

    @property
    def may_have_happened(self) -> bool:
        return self.result != "fail"

    @property
    def certain_end(self) -> float:
        """After which it cannot happen any more."""
        return self.ended if self.result == "ok" else math.inf


def register(writes: Sequence[Op], reads: Iterable[Op], initial: Any = None) -> list[str]:
    """Each read gives a value that was written, and none that an acknowledged write has replaced before the read."""
    first = Op("write", "", initial, -math.inf, -math.inf, "ok")
    possible = [first, *(op for op in writes if op.may_have_happened)]
    certain = [op for op in possible if op.result == "ok"]
    problems = []
    for read in reads:
        if read.result != "ok":
            continue
        sources = [op for op in possible if op.value == read.value and op.invoked < read.ended]
        if not sources:
            problems.append(f"{read.key} gave {read.value!r}, which no client has written")
        elif all(_is_replaced(source, certain, read) for source in sources):
            problems.append(f"{read.key} gave {read.value!r} at {read.invoked:.3f}, which had been replaced")
    return problems


def _is_replaced(write: Op, certain: Sequence[Op], read: Op) -> bool:
    return any(later.invoked > write.certain_end and later.ended < read.invoked for later in certain)


def counter(creations: Sequence[Op], stored: Sequence[int]) -> list[str]:
    """Numbers begin with 1 and have no gap; what was acknowledged is stored, once, and grows with time."""
    acknowledged = [op for op in creations if op.result == "ok"]
    given = Counter(op.value for op in acknowledged)
    problems = [f"number {number} was given {times} times" for number, times in given.items() if times > 1]
    problems += [f"number {number} was acknowledged and is lost" for number in sorted(given.keys() - set(stored))]
    if sorted(stored) != list(range(1, len(stored) + 1)):
        problems.append(f"numbers are not 1 to {len(stored)}: {sorted(stored)[:20]}")
    most = sum(op.may_have_happened for op in creations)
    if len(stored) > most:
        problems.append(f"{len(stored)} are stored, but {most} were asked for")
    by_end = sorted(acknowledged, key=lambda op: op.ended)
    for op in acknowledged:
        problems += [
            f"number {earlier.value} was given before {op.value} was asked for"
            for earlier in by_end
            if earlier.ended < op.invoked and earlier.value > op.value
        ]
    return problems


def growing_set(additions: Sequence[Op], stored: Sequence[Any]) -> list[str]:
    """What was acknowledged is there, nothing is there twice, and nothing that was never sent."""
    there = Counter(stored)
    problems = [f"{element!r} is there {times} times" for element, times in there.items() if times > 1]
    for op in additions:
        present = [element in there for element in op.value]
        if op.result == "ok" and not all(present):
            problems.append(f"{op.key}: {present.count(False)} of {len(present)} acknowledged are lost")
        if any(present) and not all(present):
            problems.append(f"{op.key}: {present.count(True)} of {len(present)} of one batch are there")
        if op.result == "fail" and any(present):
            problems.append(f"{op.key} was refused and is there")
    sent = {element for op in additions for element in op.value}
    problems += [f"{element!r} was never sent" for element in there.keys() - sent]
    return problems


def table(ops: Sequence[Op]) -> str:
    """Numbers of operations by kind and how they ended."""
    counted = Counter((op.kind, op.result) for op in ops)
    kinds = sorted({kind for kind, _ in counted})
    head = ["| operation | acknowledged | unknown | refused |", "|---|---|---|---|"]
    cells = {kind: [str(counted[kind, end]) for end in ("ok", "unknown", "fail")] for kind in kinds}
    return "\n".join([*head, *(f"| {kind} | {' | '.join(numbers)} |" for kind, numbers in cells.items())])
