"""What every answer says of itself: its type is not guessed, and no cache keeps it unless it says so."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence

import httpx
import pytest
from starlette.routing import BaseRoute, Mount, Route

from app.http.probes import health
from app.main import create_app
from app.mlflow.protocol.route_lookup import PathLookup
from app.runtime import Runtime
from tests.conftest import Person, TestProject
from tests.support.http.unfinished_requests import unfinished_request

KEPT = {"private, no-cache"}
"""By the client itself, if it asks each time whether it may."""


def _routes(routes: Sequence[BaseRoute], before: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _routes(route.routes, before + route.path)
        elif isinstance(route, PathLookup):
            yield from _routes([one for result in route._routes.values() for one in result], before)
        elif isinstance(route, Route):
            yield from ((method, before + route.path) for method in sorted(route.methods or ()))


def _check(answer: httpx.Response, *, kept: bool = False) -> None:
    target = (answer.request.method, str(answer.request.url), answer.status_code)
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"], target
    (caching,) = answer.headers.get_list("cache-control") or ["-"]
    assert caching in KEPT if kept else caching == "no-store", (target, caching)
    assert answer.headers["x-request-id"], target


async def test_every_route_answers_nosniff_and_no_store(
    runtime: Runtime, http: httpx.AsyncClient, project: TestProject
) -> None:
    """All routes with their own methods and with some that they do not have, with a token and without."""
    routes = sorted(set(_routes(create_app(runtime.settings, runtime=runtime).routes)))
    assert len(routes) > 300
    paths = {path for _, path in routes}
    calls = routes + [(method, path) for path in paths for method in ("OPTIONS", "PATCH")]
    seen = set()
    for number, (method, path) in enumerate(calls):
        url = re.sub(r"{(\w+)(:path)?}", lambda match: str(project.id) if match[1] == "project" else "x", path)
        headers = {} if number % 3 == 0 else project.headers
        answer = await http.request(method, url, headers=headers, content=b"{" if method != "GET" else None)
        if path not in {"/", "/-/licenses"} or method not in {"GET", "HEAD"}:  # tests/web
            _check(answer)
        seen.add(answer.status_code)
    assert {200, 400, 401, 404, 405} <= seen
    assert not {code for code in seen if code >= 500}


async def test_refusals_before_routing_answer_nosniff_and_no_store(
    http: httpx.AsyncClient, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, status in (("/nothing", 404), ("/graphql/", 307), ("/health/live/", 307), ("/x/", 404)):
        answer = await http.get(path)
        assert answer.status_code == status
        _check(answer)
    for headers, status in (({"Authorization": "Bearer myt_wrong"}, 401), ({"Host": "evil.example"}, 421)):
        answer = await http.get("/graphql", headers=headers)
        assert answer.status_code == status
        _check(answer)
    monkeypatch.setattr(health, "PROBE_SECONDS", 0)
    unavailable = await http.get("/health/ready")
    assert unavailable.status_code == 503
    _check(unavailable)
    monkeypatch.setattr(health, "generate_latest", lambda _: 1 / 0)
    broken = await http.get("/metrics", headers=admin.headers)
    assert broken.status_code == 500
    _check(broken)


async def test_the_explorer_and_answers_to_get_are_cached_privately(
    http: httpx.AsyncClient, project: TestProject
) -> None:
    page = await http.get("/graphql", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers.get_list("x-content-type-options") == ["nosniff"]
    assert page.headers["cache-control"] == "no-cache"
    query = {"query": "{ viewer { isAdmin } }"}
    first = await http.get("/graphql", params=query, headers=project.headers)
    again = await http.get(
        "/graphql", params=query, headers={**project.headers, "If-None-Match": first.headers["etag"]}
    )
    assert (first.status_code, again.status_code) == (200, 304)
    _check(first, kept=True)
    _check(again, kept=True)
    _check(await http.get("/graphql", params={"query": "{ nothing }"}, headers=project.headers))
    _check(await http.post("/graphql", json=query, headers=project.headers))


async def test_files_are_cached_privately(http: httpx.AsyncClient, project: TestProject) -> None:
    unfinished = await unfinished_request(http, project, "mlflow file")
    put = await http.put(unfinished.path, content=b"0123456789", headers=project.headers)
    _check(put)
    etag = (await http.get(unfinished.path, headers=project.headers)).headers["etag"]
    run = unfinished.path.split("/0/")[1].split("/")[0]
    asking = {"run_id": run, "path": "f"}
    call = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/artifacts/presigned-download-url"
    link = (await http.post(call, json=asking, headers=project.headers)).json()["presigned_url"]
    package = f"/api/v4/projects/{project.id}/packages/ml_models/candidate:{run}/files/f"
    expected = [({}, 200), ({"Range": "bytes=2-3"}, 206), ({"If-None-Match": etag}, 304)]
    for address in (unfinished.path, package, link):
        for headers, status in expected:
            answer = await http.get(address, headers={**project.headers, **headers})
            assert answer.status_code == status
            _check(answer, kept=True)
        _check(await http.get(address, headers={**project.headers, "Range": "bytes=99-"}))
    _check(await http.get(link[:-3] + "000"))


async def test_event_streams_are_not_cached(http: httpx.AsyncClient, project: TestProject) -> None:
    body = {"query": "{ viewer { isAdmin } }"}
    headers = {**project.headers, "Accept": "text/event-stream"}
    async with asyncio.timeout(10), http.stream("POST", "/graphql", json=body, headers=headers) as answer:
        _check(answer)
