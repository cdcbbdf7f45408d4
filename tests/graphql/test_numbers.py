"""The scalar Long: integers of 64 bits, by variable and in the document, and nothing that is only near one."""

from __future__ import annotations

import json

import httpx
import pytest

from app.graphql.types import ids
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate
from tests.conftest import TestProject

FITTING = [0, -1, 5, "5", "-5", 2**63 - 1, -(2**63), str(2**63 - 1), str(-(2**63))]
OUTSIDE = [
    2**63, -(2**63) - 1, 2**64, 10**30, str(2**63), str(-(2**63) - 1), "9" * 30, 1e19, 5.0, 1.5, "1.5", "1e3", " 5",
    "5 ", "+5", "5_0", "\u0665", "0x5", "", True, [5], {"a": 5},
]  # fmt: skip
LOG = """mutation log($id: ID!, $number: Long!) {
  candidateLog(input: {candidate: {id: $id}, metrics: [{key: "m", value: 1, step: $number, timestamp: 1}]}) {
    userErrors { code message } } }"""
TIMED = LOG.replace("step: $number, timestamp: 1", "timestamp: $number")
NUMBER = "query numbered($id: ID!, $number: Long!) { node(id: $id) { id } project(by: {number: $number}) { id } }"
SAMPLE = """query sample($id: ID!, $number: Long!) {
  candidate(by: {id: $id}) { metricSample(key: "m", fromStep: $number, toStep: $number) { step } } }"""
SERIES = """query series($id: ID!, $number: Long!) {
  metricSeries(candidateIds: [$id], keys: ["m"], fromStep: $number, toStep: $number) { series { key } } }"""
DOCUMENTS = [LOG, TIMED, NUMBER, SAMPLE, SERIES]


async def _ask(http: httpx.AsyncClient, project: TestProject, document: str, **variables: object) -> httpx.Response:
    content = json.dumps({"query": document, "variables": variables})
    return await http.post("/graphql", content=content, headers={**project.headers, "Content-Type": "application/json"})


@pytest.fixture
async def candidate(project: TestProject) -> str:
    """The global id of a candidate."""
    made = await candidates.create(project.runtime.db, project.owner, project.id, CreateCandidate())
    return ids.of("Candidate", project.id, made.id)


def _literally(document: str, value: object) -> str:
    """The document with the number written into it."""
    return document.replace(", $number: Long!", "").replace("$number", json.dumps(value))


async def test_longs_out_of_range_are_refused(http: httpx.AsyncClient, project: TestProject, candidate: str) -> None:
    for document in DOCUMENTS:
        for value in OUTSIDE:
            written = _literally(document, value) if not isinstance(value, dict) else "{ nothing }"
            for answer in (
                await _ask(http, project, document, id=candidate, number=value),
                await _ask(http, project, written, id=candidate),
            ):
                body = answer.json()
                assert (value, answer.status_code, body.get("data")) == (value, 200, None)
                assert body["errors"][0]["message"]
                assert "Internal" not in body["errors"][0]["message"]


async def test_integers_of_thousands_of_digits_are_refused(
    http: httpx.AsyncClient, project: TestProject, candidate: str
) -> None:
    """Python itself refuses to read integers of more than 4,300 digits."""
    for digits in ("9" * 5_000, "-" + "9" * 5_000, "0" * 5_000 + "1"):
        for document in DOCUMENTS:
            written = document.replace(", $number: Long!", "").replace("$number", digits)
            answer = await _ask(http, project, written, id=candidate)
            assert answer.status_code == 200
            assert answer.json()["errors"][0]["extensions"]["code"] != "INTERNAL"


async def test_longs_within_range_are_accepted(http: httpx.AsyncClient, project: TestProject, candidate: str) -> None:
    for document in DOCUMENTS:
        for value in FITTING:
            for answer in (
                await _ask(http, project, document, id=candidate, number=value),
                await _ask(http, project, _literally(document, value), id=candidate),
            ):
                body = answer.json()
                assert "errors" not in body, body
                before_1970 = document is TIMED and int(value) < 0
                errors = next(iter(body["data"].values()))
                assert bool(errors.get("userErrors") if isinstance(errors, dict) else None) == before_1970, body


async def test_filters_with_integers_out_of_range_are_refused(http: httpx.AsyncClient, project: TestProject) -> None:
    document = """query found($path: String!, $in: [ID!]!, $filter: String!) {
      project(by: {path: $path}) { candidateSearch(experimentIds: $in, filter: $filter) { nodes { id } } } }"""
    where = {"path": project.path, "in": [ids.of("Experiment", project.id, 0)]}
    for number in (2**63, -(2**63) - 1, 10**30):
        answer = await _ask(http, project, document, **where, filter=f"start_time < {number}")
        assert "64 bits" in answer.json()["errors"][0]["message"]
