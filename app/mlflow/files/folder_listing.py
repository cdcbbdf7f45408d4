"""What is directly in a folder: all of it in one answer, since MLflow's clients ask for no second page.

A long listing goes out as it is read, so that it takes no more memory than a short one. Should something fail on the
way the connection ends early: an answer that was cut is never mistaken for a whole one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType

import orjson
from starlette.responses import StreamingResponse

from app.artifacts.artifacts import Root
from app.artifacts.reads import folders
from app.artifacts.reads.folders import Entry
from app.artifacts.visibility import Visibility
from app.db.database import Database
from app.mlflow.protocol import shapes
from app.mlflow.protocol.call import Answer

Head = Mapping[str, str]


async def answer(
    db: Database, root: Root, folder: str, view: Visibility, *, shown_below: str = "", head: Head = MappingProxyType({})
) -> Answer:
    """``files`` after what ``head`` holds; names begin at the folder, or at ``shown_below``.

    ``view`` says which files the caller may see.
    """
    entries, after = await _page(db, root, folder, "", view)
    if after is None:
        return {**head, "files": [shapes.file(entry, shown_below) for entry in entries]}

    async def chunks(entries: list[Entry], after: str | None) -> AsyncIterator[bytes]:
        yield orjson.dumps(dict(head))[:-1] + (b"," if head else b"") + b'"files":['
        yield _lines(entries, shown_below)
        while after is not None:
            entries, after = await _page(db, root, folder, after, view)
            if entries:
                yield b"," + _lines(entries, shown_below)
        yield b"]}"

    return StreamingResponse(chunks(entries, after), media_type="application/json")


async def _page(db: Database, root: Root, folder: str, after: str, view: Visibility) -> tuple[list[Entry], str | None]:
    async with db.read() as snap:
        return await folders.list_page(snap, root, folder, after, view)


def _lines(entries: list[Entry], shown_below: str) -> bytes:
    return b",".join(orjson.dumps(shapes.file(entry, shown_below)) for entry in entries)
