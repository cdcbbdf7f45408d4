"""Subscriptions by tokens of projects, groups and CI jobs: told of their scope, refused elsewhere, never broken."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from tests.conftest import new_project
from tests.graphql.test_fields_told import ROOTS, document, results
from tests.support.access.scoped_tokens import TOKENS, Bearer, token_of
from tests.support.graphql.examples import SUBSCRIPTIONS


@pytest.fixture
def first(http, showcases):
    """The first result of a subscription about a project, with any token."""

    async def read(visibility: str, bearer: Bearer, root: str) -> dict[str, Any]:
        query = document(root)
        available = {**showcases[visibility].variables, "after": showcases[visibility].beginning}
        variables = {name: value for name, value in available.items() if f"${name}:" in query}
        headers = bearer.headers | {"Accept": "text/event-stream"}
        sent = {"query": query, "variables": variables}
        async with asyncio.timeout(10), http.stream("POST", "/graphql", json=sent, headers=headers) as answer:
            assert answer.status_code == 200
            async with aclosing(results(answer)) as stream:
                return await anext(stream)

    return read


@pytest.mark.parametrize(("scope", "name"), TOKENS)
async def test_tokens_subscribe_within_their_scope(runtime, showcases, first, scope, name):
    assert set(ROOTS) == set(SUBSCRIPTIONS)
    bearer = await token_of(runtime, showcases["private"].project, scope, name)
    for root in ROOTS:
        told = await first("private", bearer, root)
        assert not told.get("errors"), told
        assert told["data"][root]


@pytest.mark.parametrize("visibility", ["private", "public"])
@pytest.mark.parametrize("scope", ["project", "group"])
async def test_tokens_subscribe_to_no_other_project(runtime, staff, first, scope, visibility):
    bearer = await token_of(runtime, await new_project(runtime, staff), scope, "deleting")
    for root in ROOTS:
        told = await first(visibility, bearer, root)
        assert [error["extensions"]["code"] for error in told["errors"]] == ["NOT_FOUND"]
