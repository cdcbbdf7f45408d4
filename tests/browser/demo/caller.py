"""How the demonstration's data is made: by the public interface, in the name of one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx


@dataclass(frozen=True)
class Caller:
    """A person with a token, at the API under test."""

    http: httpx.AsyncClient
    username: str
    token: str

    async def ask(self, document: str, **variables: Any) -> Any:
        """The data of an operation that must not fail."""
        sent = {"query": document, "variables": variables}
        body = (await self.http.post("/graphql", json=sent, headers=self.headers)).json()
        assert not body.get("errors"), body
        return body["data"]

    async def do(self, mutation: str, fields: str = "", /, **given: Any) -> Any:
        """The payload of a mutation that must succeed; ``fields`` are those of it that are wanted."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        document = (
            f"mutation M($input: {kind}!) {{ {mutation}(input: $input) {{ {fields} userErrors {{ code message }} }} }}"
        )
        payload = (await self.ask(document, input=given))[mutation]
        assert payload["userErrors"] == [], (mutation, payload)
        return payload

    async def put(self, project: int, owner: str, path: str, content: bytes) -> None:
        """A file of a version (its number in the database) or of `candidate:<run id>`."""
        address = f"/api/v4/projects/{project}/packages/ml_models/{owner}/files/{quote(path)}"
        answer = await self.http.put(address, content=content, headers=self.headers)
        assert answer.status_code < 300, (path, answer.text)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}
