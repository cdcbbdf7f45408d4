"""A developer of one project against everything of another, and bodies that no client sends."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

import pytest

from app.access import tokens
from app.access.policy import Role, Scope
from app.access.tokens import IssueToken
from app.runtime import Runtime
from tests.conftest import TestProject, new_project
from tests.mlflow.conftest import Rest
from tests.mlflow.test_hostile import CALLS, PLAIN, _filled

SECRET = "zebra-7731"
NAME = "theirs"


async def furnished(rest: Rest) -> dict[str, object]:
    """A project with one of everything, and the fields of requests about it."""
    filled = await _filled(rest)
    run = filled["run_id"]
    tags = [{"key": "k", "value": SECRET}]
    await rest.post("runs/log-batch", {"run_id": run, "tags": tags, "params": [{"key": "k", "value": SECRET}]})
    await rest.post("runs/log-metric", {"run_id": run, "key": "k", "value": 7731, "timestamp": 1})
    await rest.post("experiments/create", {"name": NAME})
    await rest.post("registered-models/create", {"name": NAME, "description": SECRET, "tags": tags})
    await rest.post("model-versions/create", {"name": NAME, "run_id": run, "tags": tags})
    await rest.post("registered-models/alias", {"name": NAME, "alias": "a", "version": "1"})
    url = f"{rest.base}/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/a"
    await rest.http.put(url, content=SECRET.encode(), headers=rest.headers)
    return filled | {"name": NAME, "experiment_id": "1", "experiment_ids": ["1"], "experiment_name": NAME}


@pytest.fixture
async def intruder(runtime: Runtime, staff: dict, url: str, http) -> tuple[Rest, str]:
    """Bare requests with a developer token of a project of its own."""
    mine: TestProject = await new_project(runtime, staff)
    command = IssueToken("ci", (Scope.API,), role=Role.DEVELOPER, project_id=mine.id)
    issued = await tokens.issue(runtime.db, mine.owner, command)
    return Rest(http, f"{url}/api/v4/projects/{mine.id}/ml/mlflow", {"Authorization": f"Bearer {issued.secret}"}), url


def addressed(rest: Rest, path: str, fields: Mapping[str, object]) -> str:
    return rest.base + path.replace("{id}", str(fields["model_id"])).replace("{key:path}", "k")


async def send(rest: Rest, method: str, path: str, fields: Mapping[str, object]):
    options = {"params": dict(fields)} if method == "GET" else {"json": dict(fields)}
    return await rest.http.request(method, addressed(rest, path, fields), headers=rest.headers, **options)


async def test_a_token_opens_no_other_project(rest: Rest, intruder: tuple[Rest, str]) -> None:
    """At the other project's own address every call is answered as if there were no such project."""
    fields = await furnished(rest)
    thief = Rest(rest.http, rest.base, intruder[0].headers)
    nowhere = Rest(rest.http, rest.base.replace("/projects/", "/projects/99999"), intruder[0].headers)
    leaks = []
    for method, path in CALLS:
        answer = await send(thief, method, path, fields)
        absent = await send(nowhere, method, path, fields)
        here = (answer.status_code, answer.text.replace(rest.base.split("/")[-3], "N"))
        there = (absent.status_code, absent.text.replace(nowhere.base.split("/")[-3], "N"))
        if here != there or answer.status_code not in {400, 404}:
            leaks.append((method, path, here, there))
    assert leaks == []


async def test_ids_of_another_project_are_not_found(rest: Rest, intruder: tuple[Rest, str]) -> None:
    """One's own address, with every id and name of the other project: nothing of it comes out, and it stays whole."""
    fields = await furnished(rest)
    before = await everything(rest, fields)
    leaks = []
    for thief in (intruder[0], Rest(rest.http, intruder[1], intruder[0].headers)):
        for method, path in CALLS:
            body = fields | {"filter": "", "source": f"runs:/{fields['run_id']}/a"}
            answer = await send(thief, method, path, body)
            if answer.status_code >= 500 or SECRET in answer.text:
                leaks.append((method, path, answer.status_code, answer.text))
        folder = f"{thief.base}/api/2.0/mlflow-artifacts/artifacts"
        for where in (f"0/{fields['run_id']}/artifacts/a", f"0/models/{fields['model_id']}/artifacts/a"):
            for method in ("GET", "PUT", "DELETE"):
                answer = await rest.http.request(method, f"{folder}/{where}", headers=thief.headers)
                if answer.status_code != 404:
                    leaks.append((method, where, answer.status_code, answer.text))
    assert leaks == []
    assert await everything(rest, fields) == before


async def everything(rest: Rest, fields: Mapping[str, object]) -> list[str]:
    answers = [
        await rest.get("runs/get", run_id=fields["run_id"]),
        await rest.get(f"logged-models/{fields['model_id']}"),
        await rest.get("registered-models/get", name=NAME),
        await rest.get("model-versions/get", name=NAME, version="1"),
        await rest.get("experiments/get", experiment_id="1"),
        await rest.get("artifacts/list", run_id=fields["run_id"]),
    ]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    return [answer.text for answer in answers]


@pytest.mark.parametrize("call", ["runs/search", "experiments/search", "registered-models/search"])
async def test_a_page_token_of_another_project_lists_only_the_requested_project(
    rest: Rest, intruder: tuple[Rest, str], call: str
) -> None:
    for name in ("a", "b", "c"):
        await rest.post("runs/create", {"run_name": f"{SECRET}{name}"})
        await rest.post("experiments/create", {"name": f"{SECRET}{name}"})
        await rest.post("registered-models/create", {"name": f"{SECRET}{name}"})
    query = {"max_results": 1, "experiment_ids": ["0"]}
    method = "GET" if call.startswith("registered") else "POST"
    token = (await send(rest, method, f"/api/2.0/mlflow/{call}", query | {"model_id": ""})).json()["next_page_token"]
    foreign = query | {"model_id": "", "page_token": token}
    answer = await send(intruder[0], method, f"/api/2.0/mlflow/{call}", foreign)
    assert answer.status_code in {200, 400}
    assert SECRET not in answer.text
    other = foreign | {"order_by": ["name DESC"] if call != "runs/search" else ["attributes.status DESC"]}
    refused = await send(rest, method, f"/api/2.0/mlflow/{call}", other)
    assert (refused.status_code, refused.json().get("error_code")) == (400, "INVALID_PARAMETER_VALUE")


BODIES = {
    "huge integer": b'{"name":"m","run_id":"RUN","key":"k","value":1,"timestamp":%s,"max_results":%s}'
    % ((b"9" * 400,) * 2),
    "float for integer": b'{"run_id":"RUN","key":"k","value":"1e400","timestamp":"1.5","step":1e30}',
    "deep": b'{"name":' + b'{"a":' * 3_000 + b"1" + b"}" * 3_000 + b"}",
    "invalid utf-8": b'{"name":"\xff\xfe\xc0\x80","run_id":"\xed\xa0\x80"}',
    "lone surrogate": rb'{"name":"a\ud800","run_id":"\udfff","key":"\ud800","value":"\ud800","run_name":"\ud800"}',
    "NUL": rb'{"name":"a\u0000","key":"k\u0000","value":"\u0000","run_id":"RUN","run_name":"\u0000"}',
    "duplicate key": b'{"name":"a","name":["b"],"run_id":"RUN","run_id":1}',
    "boolean for number": b'{"run_id":"RUN","key":"k","value":true,"timestamp":true,"step":false,"max_results":true}',
    "not a number": b'{"run_id":"RUN","key":"k","value":NaN,"timestamp":1}',
    "text": b'"{\\"name\\": 5}"',
    "null": b"null",
    "byte order mark": b'\xef\xbb\xbf{"name":"a"}',
}


@pytest.mark.parametrize("name", BODIES)
async def test_malformed_bodies_cause_no_server_error(rest: Rest, name: str) -> None:
    run = str((await rest.post("runs/create", {})).json()["run"]["info"]["run_id"])
    content = BODIES[name].replace(b"RUN", run.encode())
    accidents = []
    for method, path in CALLS:
        if method == "GET":
            continue
        url = addressed(rest, path, {"model_id": "m-" + "0" * 32})
        headers = rest.headers | {"Content-Type": "application/json"}
        answer = await rest.http.request(method, url, headers=headers, content=content)
        if answer.status_code >= 500 or not (answer.status_code == 200 or "error_code" in answer.json()):
            accidents.append((method, path, answer.status_code, answer.text[:200]))
    assert accidents == []


@pytest.mark.parametrize("text", ["a\0b", "\U0001f600"], ids=["nul", "emoji"])
async def test_hostile_texts_in_lists_cause_no_server_error(rest: Rest, text: str) -> None:
    plain = await _filled(rest)
    odd = [{"key": text, "value": text, "timestamp": 1, "dataset": {"name": text, "digest": text}, "model_id": text}]
    lists = [
        (field, odd if isinstance(value[0], dict) else [text]) for field, value in PLAIN.items() if type(value) is list
    ]
    accidents = []
    for method, path in CALLS:
        for field, values in lists if method != "GET" else []:
            answer = await send(rest, method, path, plain | {field: values})
            if answer.status_code >= 500:
                accidents.append((method, path, field, answer.status_code, answer.text[:200]))
    assert accidents == []


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"Content-Type": "text/plain"}, b'{"name":"a"}'),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"name=a"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--"),
        ({"Content-Type": "\xff"}, b'{"name":"a"}'),
        ({}, b'{"name":"a"}'),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzip.compress(b'{"name":"a"}', mtime=0)),
        ({"Content-Type": "application/json; charset=utf-16"}, '{"name":"a"}'.encode("utf-16")),
    ],
)
async def test_bodies_of_other_media_types_are_refused(rest: Rest, headers: dict[str, str], content: bytes) -> None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = await rest.send("POST", "experiments/create", headers=raw, content=content)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
