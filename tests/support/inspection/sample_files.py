"""Files to inspect, and readers of them."""

from __future__ import annotations

import json
from typing import Any

from app.inspection.detection import HEAD, detect
from app.inspection.examination import examine
from app.inspection.inspector import Limits, Report, inspect
from app.inspection.source import Held


class Reader:
    """A file in memory; counts what is read of it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = len(content)
        self.read_bytes = 0

    async def read(self, start: int, end: int) -> bytes:
        assert 0 <= start <= end <= self.size
        self.read_bytes += end - start
        return self.content[start:end]


async def inspected(path: str, content: bytes, limits: Limits | None = None) -> Report:
    return await inspect(path, Reader(content), limits=limits or Limits())


def safetensors(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def looked_at(path: str, content: bytes, limits: Limits | None = None) -> Report:
    """The same within this process, where neither time nor memory is limited."""
    kind = detect(content[:HEAD], len(content), path)
    return Report() if kind is None else examine(kind, path, Held(content), limits or Limits())
