from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from app.runtime import Runtime
from tests.graphql.conftest import ask, client, data, people  # noqa: F401  (fixtures)


class Entries:
    """Reads the entries of the log as a test wants to see them."""

    def __init__(self, runtime: Runtime) -> None:
        self._db = runtime.db

    async def of_chain(self, chain: int, **conditions: Any) -> list[dict[str, Any]]:
        return await self._read("chain_id = :chain", chain=chain, **conditions)

    async def of_request(self, request: str, **conditions: Any) -> list[dict[str, Any]]:
        return await self._read("position(:request in context) > 0", request=request, **conditions)

    async def _read(self, where: str, **values: Any) -> list[dict[str, Any]]:
        more = {name: values.pop(name) for name in ("object_type", "object_key", "action") if name in values}
        where += "".join(f" AND {name} = :{name}" for name in more)
        async with self._db.read() as snap:
            rows = await snap.execute(text(f"SELECT * FROM audit_entries WHERE {where} ORDER BY id"), values | more)
        return [_plain(dict(row)) for row in rows.mappings()]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    for name in ("about", "context", "before", "after"):
        row[name] = None if row[name] is None else json.loads(row[name])
    return row


@pytest.fixture
def entries(runtime: Runtime) -> Entries:
    return Entries(runtime)
