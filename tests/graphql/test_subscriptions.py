"""Subscriptions as the reference clients see them: npm graphql-ws and graphql-sse, against two API processes' worth."""

from __future__ import annotations

import asyncio

import pytest

from tests.conftest import serving
from tests.graphql.watching import Clients

EVENTS = """subscription e($path: String!, $after: String) { projectEvents(project: {path: $path}, after: $after) {
  type objectType objectId detail cursor object { id } } }"""
CANDIDATE = """subscription c($id: ID!, $after: String) { candidateUpdated(by: {id: $id}, after: $after) {
  complete cursor candidate { status } metrics { key value step } } }"""
JOB = "subscription j($uuid: String!) { backgroundJobUpdated(by: {uuid: $uuid}) { state done } }"
CREATE = """mutation m($path: String!, $name: String!) {
  modelCreate(input: {project: {path: $path}, name: $name}) { model { id } userErrors { message } } }"""


@pytest.fixture(scope="module")
async def clients():
    opened = await Clients.open()
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture(scope="module")
async def other_url(runtime):
    """A second API beside the one at ``url``; they share nothing but the database."""
    async with serving(runtime) as address:
        yield address


@pytest.fixture(params=["ws", "sse"])
def transport(request):
    return request.param


async def created(http, project, name):
    answer = await http.post(
        "/graphql", json={"query": CREATE, "variables": {"path": project.path, "name": name}}, headers=project.headers
    )
    assert answer.json()["data"]["modelCreate"]["userErrors"] == []
    return answer.json()["data"]["modelCreate"]["model"]["id"]


async def settled(watched, make, attempts=40):
    """Make something happen until the subscription tells of it: it may not stand yet; its first event."""
    for _ in range(attempts):
        if not watched.is_silent:
            break
        await make()
        await asyncio.sleep(0.25)
    return await watched.data()


async def test_a_change_through_one_process_is_told_by_another(clients, http, other_url, project, transport):
    watched = await clients.subscribe(
        other_url, EVENTS, project.token, variables={"path": project.path}, transport=transport
    )
    numbers = iter(range(100))
    first = await settled(watched, lambda: created(http, project, f"warm-{next(numbers)}"))
    assert (first["type"], first["objectType"]) == ("MODEL_CREATED", "Model")
    made = await created(http, project, "last")
    told = first
    while told["objectId"] != made:
        told = await watched.data()
    assert told["object"] == {"id": made}
    await watched.stop()
