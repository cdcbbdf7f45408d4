"""What is directly in a folder: all of it in one answer, since MLflow's clients ask for no second page.

A long listing goes out as it is read, so that it takes no more memory than a short one. Should something fail on the
way the connection ends early: an answer that was cut is never mistaken for a whole one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import orjson
from starlette.responses import StreamingResponse

from app.artifacts import artifacts
from app.artifacts.artifacts import Entry, Root
from app.artifacts.sight import Seen
from app.db.database import Database
from app.mlflow import shapes
from app.mlflow.protocol import Answer


async def answer(
    db: Database, root: Root, folder: str, seen: Seen, *, shown_below: str = "", head: Mapping[str, str] | None = None
) -> Answer:
    """``files`` after what ``head`` holds; names begin at the folder, or at ``shown_below``.

    ``seen`` says which files the one who asks may see.
    """
    entries, after = await _page(db, root, folder, "", seen)
    if after is None:
        return {**(head or {}), "files": [shapes.file(entry, shown_below) for entry in entries]}

    async def chunks(entries: list[Entry], after: str | None) -> AsyncIterator[bytes]:
        yield orjson.dumps(head or {})[:-1] + (b"," if head else b"") + b'"files":['
        yield _lines(entries, shown_below)
        while after is not None:
            entries, after = await _page(db, root, folder, after, seen)
            if entries:
                yield b"," + _lines(entries, shown_below)
        yield b"]}"

    return StreamingResponse(chunks(entries, after), media_type="application/json")


async def _page(db: Database, root: Root, folder: str, after: str, seen: Seen) -> tuple[list[Entry], str | None]:
    async with db.read() as snap:
        return await artifacts.list_page(snap, root, folder, after, seen)


def _lines(entries: list[Entry], shown_below: str) -> bytes:
    return b",".join(orjson.dumps(shapes.file(entry, shown_below)) for entry in entries)
