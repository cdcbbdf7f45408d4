"""What is directly in a folder: all of it in one answer, since MLflow's clients ask for no second page.

A long listing goes out as it is read, so that it takes no more memory than a short one. Should something fail on the
way the connection ends early: an answer that was cut is never mistaken for a whole one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType

import orjson
from starlette.responses import StreamingResponse

from app.artifacts.reads.folders import Entry
from app.files import read
from app.files.targets import Target
from app.mlflow.protocol import shapes
from app.mlflow.protocol.call import Answer, Call

Head = Mapping[str, str]


async def answer(
    call: Call, target: Target, folder: str, *, shown_below: str = "", head: Head = MappingProxyType({})
) -> Answer:
    """``files`` after what ``head`` holds; names begin at the folder, or at ``shown_below``."""
    listing = await read.list_folder(call.db, call.actor, target, folder)
    if listing.is_whole:
        return {**head, "files": [shapes.file(entry, shown_below) for entry in listing.entries]}

    async def chunks() -> AsyncIterator[bytes]:
        yield orjson.dumps(dict(head))[:-1] + (b"," if head else b"") + b'"files":['
        yield _json(listing.entries, shown_below)
        async for entries in listing.more():
            yield b"," + _json(entries, shown_below)
        yield b"]}"

    return StreamingResponse(chunks(), media_type="application/json")


def _json(entries: list[Entry], shown_below: str) -> bytes:
    return b",".join(orjson.dumps(shapes.file(entry, shown_below)) for entry in entries)
