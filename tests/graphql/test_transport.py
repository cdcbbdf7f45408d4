"""GraphQL over HTTP: media types, methods, and every body that is not one."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from app.access import projects
from app.access.policy import Role
from app.access.projects import UpdateProject

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
QUERY = b'{"query": "{ viewer { isAdmin } }"}'


async def post(client, body, *, media_type=JSON, **headers):
    return await client.post("/graphql", content=body, headers={"content-type": media_type, **headers})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"5",
        b'"x"',
        b"[]",
        b'[{"query": "{ viewer { isAdmin } }"}]',
        b"{}",
        b'{"query": null}',
        b'{"query": 5}',
        b'{"query": ""}',
        b'{"query": "{ viewer { isAdmin } }", "variables": []}',
        b'{"query": "{ viewer { isAdmin } }", "variables": "x"}',
        b'{"query": "{ viewer { isAdmin } }", "operationName": 1}',
        b'{"query": "{ viewer { isAdmin } }", "operationName": "other"}',
        b'{"query": "{ viewer { isAdmin } }", "extensions": 1}',
        b'{"query": "{ viewer { isAdmin } }"',
        b'{"query": "{ viewer { isAdmin } }"} trailing',
        b"{'query': '{ viewer { isAdmin } }'}",
        b'{"query": "\xff\xfe"}',
        b'{"query": "\\ud800"}',
        '{"query": "{ viewer { isAdmin } }"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"query": "{ viewer { isAdmin } }", "variables": {"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
        b'{"a":' * 100_000,
    ],
    ids=lambda body: body[:30].decode("latin-1"),
)
async def test_malformed_bodies_are_refused_with_a_reason(client, body):
    answer = await post(client, body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == JSON
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "INVALID"}


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('application/json; charset="UTF-8"', 200),
        ("application/json; charset=utf-16", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/graphql", 415),
        ("application/xml", 415),
        ("", 415),
    ],
)
async def test_only_json_is_read(client, media_type, status):
    assert (await post(client, QUERY, media_type=media_type)).status_code == status


async def test_compressed_bodies_are_not_read(client):
    assert (await post(client, QUERY, **{"content-encoding": "gzip"})).status_code == 415


async def test_bodies_are_limited(client):
    large = orjson.dumps({"query": "{ viewer { isAdmin } }", "variables": {"x": "y" * 1024 * 1024}})
    answer = await post(client, large)
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["extensions"] == {"code": "TOO_LARGE"}

    async def chunks():
        for _ in range(40):
            yield b" " * 65536

    answer = await client.post("/graphql", content=chunks(), headers={"content-type": JSON})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", GRAPHQL_JSON),
        ("application/json;q=0.5, application/graphql-response+json", GRAPHQL_JSON),
        ("application/*", JSON),
        (f"{GRAPHQL_JSON}, {JSON}, text/event-stream, multipart/mixed", GRAPHQL_JSON),
        (f"{JSON};q=0.9, text/event-stream", JSON),
    ],
)
async def test_answers_in_the_media_type_that_is_accepted(client, accept, media_type):
    answer = await post(client, QUERY, **({"accept": accept} if accept else {}))
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.json()["data"] == {"viewer": None}


async def test_event_stream_is_chosen_when_accepted_first(client):
    answer = await post(client, QUERY, accept=f"text/event-stream, {JSON}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


async def test_other_media_types_are_not_acceptable(client):
    assert (await post(client, QUERY, accept="text/csv")).status_code == 406


@pytest.mark.parametrize("document", ["{ viewer {", "{ unknown }", "query q($a: Int!) { viewer { isAdmin } }"])
async def test_invalid_requests_are_400_in_graphql_response_json(client, document):
    body = orjson.dumps({"query": document})
    old = await post(client, body)
    new = await post(client, body, accept=GRAPHQL_JSON)
    assert (old.status_code, new.status_code) == (200, 400)
    assert old.json() == new.json()
    assert set(new.json()) - {"extensions"} == {"errors"}


async def test_queries_run_by_get(client, project):
    parameters = {
        "query": "query q($path: String!) { project(by: {path: $path}) { fullPath } }",
        "variables": orjson.dumps({"path": project.path}).decode(),
        "operationName": "q",
    }
    answer = await client.get("/graphql", params=parameters, headers=project.headers)
    assert answer.status_code == 200
    assert answer.json()["data"] == {"project": {"fullPath": project.path}}


async def test_matching_etag_is_answered_304(client, project, runtime):
    query = "query q($path: String!) { project(by: {path: $path}) { name } }"
    requested = {"query": query, "variables": orjson.dumps({"path": project.path}).decode()}
    first = await client.get("/graphql", params=requested, headers=project.headers)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    kept = {"cache-control": "private, no-cache", "vary": "Authorization, Cookie, Private-Token, Accept", "etag": tag}
    assert kept.items() <= first.headers.items()
    for existing in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = await client.get("/graphql", params=requested, headers={**project.headers, "if-none-match": existing})
        assert (again.status_code, again.content) == (304, b"")
        assert kept.items() <= again.headers.items()
    other = await client.get("/graphql", params=requested, headers={**project.stranger.headers, "if-none-match": tag})
    assert (other.status_code, other.json()["data"]) == (200, {"project": None})
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, name="another"))
    changed = await client.get("/graphql", params=requested, headers={**project.headers, "if-none-match": tag})
    assert (changed.status_code, changed.json()["data"]) == (200, {"project": {"name": "another"}})


async def test_only_successful_get_answers_have_an_etag(client, project):
    posted = await post(client, QUERY)
    assert "etag" not in posted.headers
    broken = await client.get("/graphql", params={"query": "{"}, headers={"accept": GRAPHQL_JSON})
    assert (broken.status_code, broken.headers["cache-control"]) == (400, "no-store")
    assert "etag" not in broken.headers
    failed = await client.get("/graphql", params={"query": "{ project(by: {}) { id } }"}, headers={"accept": JSON})
    assert (failed.status_code, failed.headers["cache-control"], "etag" in failed.headers) == (200, "no-store", False)


@pytest.mark.parametrize("parameters", [{}, {"query": ""}, {"query": "{ viewer { isAdmin } }", "variables": "[1"}])
async def test_malformed_query_strings_are_refused_with_a_reason(client, parameters):
    assert (await client.get("/graphql", params=parameters)).status_code == 400


async def test_mutations_do_not_run_by_get(client, project):
    document = 'mutation { tokenCreate(input: {name: "x"}) { secret } }'
    answer = await client.get("/graphql", params={"query": document}, headers=project.headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
async def test_other_methods_are_refused(client, method):
    assert (await client.request(method, "/graphql")).status_code == 405


async def test_browsers_get_the_explorer(client):
    answer = await client.get("/graphql", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "https://" not in answer.text


async def test_invalid_tokens_are_refused(client):
    answer = await post(client, QUERY, authorization="Bearer myt_wrong")
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_root_fields_of_queries_run_concurrently(data, project):
    document = "query q($path: String!) { " + " ".join(
        f"f{number}: project(by: {{path: $path}}) {{ createdBy {{ username }} group {{ path }} }}"
        for number in range(10)
    )
    answers = await asyncio.gather(*(data(project[Role.GUEST], document + " }", path=project.path) for _ in range(5)))
    for answer in answers:
        assert {result["createdBy"]["username"] for result in answer.values()} == {project.owner.username}


@pytest.mark.parametrize(
    "variables",
    [{"id": "9" * 6000}, {"id": 10**18}, {"id": {"a": 1}}, {"id": None}, {"id": [[[1]]]}, {"id": "\x00"}, {}],
    ids=str,
)
async def test_hostile_variables_are_errors_or_nothing(ask, variables):
    answer = await ask(None, "query q($id: ID!) { node(id: $id) { id } }", **variables)
    assert answer.data == {"node": None} if isinstance(variables.get("id"), str | int) else answer.errors


@pytest.mark.parametrize("literal", ["9" * 2000, "-" + "9" * 900, "1e999", '"\\u0000"', "[[[[[1]]]]]", "{a: {b: 1}}"])
async def test_hostile_literals_are_errors(ask, literal):
    answer = await ask(None, f"{{ projects(first: {literal}) {{ nodes {{ id }} }} }}")
    assert answer.data is None
    assert "Internal" not in str(answer.errors)
