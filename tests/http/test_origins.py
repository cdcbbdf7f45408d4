"""Pages of other origins: what they may do when the operator has named them, and that others may nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from app.settings import Settings, SettingsError
from tests.conftest import TestProject
from tests.support.http.unfinished_requests import unfinished_request

UI = "https://ui.example.org"
PREFLIGHT = {
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "authorization,content-type,x-any",
}
PATHS = [
    "/graphql",
    "/artifacts/1/2/f",
    "/uploads/1/2/3",
    "/uploads/1/file/x/f",
    "/api/v4/projects/a%2Fb/packages/ml_models/1/files/f",
]


@pytest.fixture(scope="module")
async def open_http(served_with) -> AsyncIterator[httpx.AsyncClient]:
    """The API, with one origin named."""
    async with (
        served_with(graphql_origins=f"{UI}, http://localhost:3000") as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        yield http


def _allowed(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", [UI, "http://localhost:3000"])
async def test_preflights_of_named_origins_are_allowed(open_http: httpx.AsyncClient, path: str, origin: str) -> None:
    answer = await open_http.options(path, headers={"Origin": origin, **PREFLIGHT})
    assert answer.status_code == 204
    assert _allowed(answer) == {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, HEAD, POST, PUT",
        "access-control-allow-headers": "Authorization, *",
        "access-control-max-age": "600",
    }
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "*", f"{UI}.evil.example", f"{UI}:444", "http://ui.example.org", "https://ui", ""],
)
async def test_other_origins_are_not_allowed(open_http: httpx.AsyncClient, path: str, origin: str) -> None:
    query = await open_http.options(path, headers={"Origin": origin, **PREFLIGHT})
    assert (query.status_code, _allowed(query)) == (405, {})
    answer = await open_http.get(path, headers={"Origin": origin})
    assert _allowed(answer) == {}
    assert "Origin" in answer.headers["vary"]


async def test_no_origin_is_allowed_by_default(http: httpx.AsyncClient) -> None:
    for path in PATHS:
        query = await http.options(path, headers={"Origin": UI, **PREFLIGHT})
        assert (query.status_code, _allowed(query)) == (405, {})


@pytest.mark.parametrize("path", ["/health/live", "/metrics", "/ci/token", "/api/2.0/mlflow/runs/get", "/graphql/x"])
async def test_other_paths_allow_no_origin(open_http: httpx.AsyncClient, path: str) -> None:
    for answer in (
        await open_http.options(path, headers={"Origin": UI, **PREFLIGHT}),
        await open_http.get(path, headers={"Origin": UI}),
    ):
        assert _allowed(answer) == {}


async def test_a_page_of_a_named_origin_uses_graphql_and_files(
    open_http: httpx.AsyncClient, project: TestProject
) -> None:
    """Also errors can be read, and what is needed of the headers."""
    page = {"Origin": UI}
    query = {"query": "{ viewer { isAdmin } }"}
    for headers, status in ((project.headers, 200), ({"Authorization": "Bearer myt_wrong"}, 401)):
        answer = await open_http.post("/graphql", json=query, headers={**page, **headers})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, UI)
    part = await unfinished_request(open_http, project, "small part")
    sent = await open_http.put(part.path, content=b"x" * part.size, headers=page)
    file = await unfinished_request(open_http, project, "package")
    await open_http.put(file.path, content=b"0123456789", headers=project.headers)
    read = await open_http.get(file.path, headers={**page, **project.headers, "Range": "bytes=0-3"})
    assert (sent.status_code, read.status_code) == (200, 206)
    for answer in (sent, read):
        assert answer.headers["access-control-allow-origin"] == UI
        assert {"ETag", "Content-Range"} <= {*answer.headers["access-control-expose-headers"].split(", ")}
        assert answer.headers["etag"]
    broken = await open_http.get("/artifacts/x/y/z", headers=page)
    assert (broken.status_code, broken.headers["access-control-allow-origin"]) == (404, UI)


async def test_no_answer_allows_credentials_or_all_origins(open_http: httpx.AsyncClient, project: TestProject) -> None:
    for path in PATHS:
        for origin in (UI, "https://evil.example", "*"):
            for answer in (
                await open_http.options(path, headers={"Origin": origin, **PREFLIGHT}),
                await open_http.get(path, headers={"Origin": origin, "Cookie": "a=b", **project.headers}),
            ):
                assert "access-control-allow-credentials" not in answer.headers
                assert answer.headers.get("access-control-allow-origin", UI) == UI


@pytest.mark.parametrize(
    "origins", ["*", "null", "ui.example.org", "https://ui.example.org/", "https://a b", "ftp://a"]
)
def test_an_invalid_origin_in_the_settings_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, origins: str
) -> None:
    monkeypatch.setenv("MODELYARD_GRAPHQL_ORIGINS", origins)
    with pytest.raises(SettingsError, match=r"MODELYARD_GRAPHQL_ORIGINS.*is not an origin"):
        Settings.read()
