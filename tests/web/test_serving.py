"""The built pages as browsers get them: at which addresses, in which form, under which policy, kept for how long."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from app.access.names import RESERVED
from app.http.edge_table import EdgeTable
from app.main import EDGES, PROJECTS
from app.runtime import Runtime
from app.web.build import state
from app.web.build.state import Build
from tests.conftest import Person, TestProject, serving
from tests.support.http.raw_connection import send_once
from tests.web.conftest import BROTLI, DOCUMENT, PAGE, SCRIPT, write

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {own} data: blob:; media-src {own} blob:; "
    "font-src 'self'; connect-src {own}; frame-src {own} blob:; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types modelyard-html dompurify modelyard-worker"
)
MAIN = "/-/assets/main-abc.js"
OPENED = [
    "/", "/-/search", "/-/admin/users", "/-/mlflow?project=1", "/team", "/team/", "/team/vision/ocr",
    "/team/vision/ocr/-/models/a%2Fb/versions/1.0.0", "/team/vision/-/ml/models/7/versions/9",
    "/team/-/ml/experiments/3", "/%EB%AA%A8%EB%8D%B8", "/a%00b", "/a%2F..%2F..%2Fetc", "/graphqlx", "/_x.y",
]  # fmt: skip
NO_PAGES = [
    "/graphql/x", "/api", "/api/v4/projects/1", "/api/v5", "/health/x", "/artifacts", "/uploads/1", "/oauth/x",
    "/ajax-api/3", "/account/x", "/sign-in/x", "//evil.example/x", "//", "/.env", "/.git/config", "/ci",
    "/-/assets", "/-/assets/", "/-/assets/x.js",
]  # fmt: skip


async def test_every_address_of_a_page_gets_the_one_document(http: httpx.AsyncClient, built: Path) -> None:
    for address in OPENED:
        answer = await http.get(address, headers=PAGE)
        assert (answer.status_code, answer.content) == (200, DOCUMENT), address
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        head = await http.head(address, headers=PAGE)
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])


async def test_paths_of_other_edges_have_no_page(url: str, built: Path) -> None:
    for address in NO_PAGES:
        head = f"GET {address} HTTP/1.1\r\nHost: localhost\r\nAccept: {PAGE['Accept']}\r\nConnection: close\r\n\r\n"
        answer = await send_once(url, head.encode())
        assert answer.status in {307, 401, 404, 405}, (address, answer.status)
        assert DOCUMENT not in answer.body, address


async def test_programs_are_told_what_they_were_always_told(http: httpx.AsyncClient, built: Path) -> None:
    for accept in ("*/*", "application/json", "text/html;q=0", "text/html;q=x", "image/*", "text/*"):
        answer = await http.get("/team/vision", headers={"Accept": accept})
        told = {"error_code": "NOT_FOUND", "message": "There is nothing at GET /team/vision."}
        assert (answer.status_code, answer.json()) == (404, told), accept
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = await http.request(method, "/team/vision", headers=PAGE)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "NOT_FOUND")
    assert (await http.get("/", headers={"Accept": "*/*"})).content == DOCUMENT
    assert (await http.post("/", headers=PAGE)).status_code == 405


async def test_the_document_is_the_same_for_every_caller(
    http: httpx.AsyncClient, built: Path, project: TestProject, admin: Person
) -> None:
    """What there is, and who asks, is in no byte of it: pages read that later, with the session."""
    answers = set()
    for address in (f"/{project.path}", f"/{project.path}-absent", "/nobody"):
        cookie = {"Cookie": "modelyard_session=wrong"}
        for more in ({}, project.headers, admin.headers, {"Authorization": "Bearer myt_wrong"}, cookie):
            answer = await http.get(address, headers={**PAGE, **more})
            kept = {name: value for name, value in answer.headers.items() if name not in {"date", "x-request-id"}}
            answers.add((answer.status_code, answer.content, str(kept)))
    assert len(answers) == 1


async def test_answers_carry_the_policy_and_nothing_of_the_installation(
    http: httpx.AsyncClient, built: Path, runtime: Runtime
) -> None:
    for address, accept in (("/", PAGE), (MAIN, {}), ("/-/assets/none.js", {})):
        answer = await http.get(address, headers=accept)
        headers = answer.headers
        assert headers.get_list("content-security-policy") == [POLICY.format(own="'self'")]
        assert headers["referrer-policy"] == "same-origin"
        assert headers.get_list("x-content-type-options") == ["nosniff"]
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"
        assert "camera=()" in headers["permissions-policy"]
        assert "set-cookie" not in headers
        told = f"{headers}{answer.text}"
        secrets = (runtime.settings.secret_key, runtime.settings.s3_secret_key, runtime.settings.s3_access_key)
        assert not [one for one in secrets if one.get_secret_value() in told]
        assert runtime.settings.s3_url not in told


async def test_the_policy_names_the_store_where_browsers_reach_it(runtime: Runtime, built: Path) -> None:
    public = "https://store.example.org:9443/path"
    settings = runtime.settings.model_copy(update={"s3_public_url": public})
    async with serving(replace(runtime, settings=settings)) as url, httpx.AsyncClient(base_url=url) as client:
        policy = (await client.get("/")).headers["content-security-policy"]
    assert policy == POLICY.format(own="'self' https://store.example.org:9443")


async def test_the_document_is_checked_each_time_and_sent_when_it_has_changed(
    http: httpx.AsyncClient, built: Path
) -> None:
    first = await http.get("/", headers=PAGE)
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["vary"] == "Accept, Accept-Encoding"
    for given in (first.headers["etag"], f'"x", W/{first.headers["etag"]}', "*"):
        again = await http.get("/", headers={**PAGE, "If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    shutil.rmtree(built)
    write(built, b"<!doctype html>\nanother one")
    changed = await http.get("/", headers={**PAGE, "If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.text) == (200, "<!doctype html>\nanother one")


@pytest.mark.parametrize(
    ("given", "coding"),
    [
        (None, ""), ("", ""), ("br", "br"), ("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("GZIP", "gzip"),
        ("br;q=0.5, gzip", "gzip"), ("br;q=0, gzip;q=0.001", "gzip"), ("br;q=0", ""), ("*", "br"),
        ("*;q=0.2, br;q=0", "gzip"),
        ("identity, br;q=0.5", ""), ("identity;q=0.5, br", "br"), ("deflate", ""), ("br;q=abc", ""), ("br;q=1.5", ""),
        ("br;q=nan", ""), ("identity;q=0, gzip", "gzip"), (";q=1,,br", "br"), ("br ; q = 0.9 , gzip;q=0.8", "br"),
    ],
)  # fmt: skip
async def test_files_come_in_the_coding_that_the_browser_prefers(
    http: httpx.AsyncClient, built: Path, given: str | None, coding: str
) -> None:
    request = http.build_request("GET", MAIN)
    del request.headers["accept-encoding"]
    if given is not None:
        request.headers["accept-encoding"] = given
    answer = await http.send(request, stream=True)
    raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    await answer.aclose()
    assert (answer.status_code, answer.headers.get("content-encoding", "")) == (200, coding)
    assert raw == {"br": BROTLI, "gzip": (built / MAIN[1:]).with_suffix(".js.gz").read_bytes(), "": SCRIPT}[coding]
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-length"] == str(len(raw))
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_forms_of_a_file_have_different_etags(http: httpx.AsyncClient, built: Path) -> None:
    plain, small = [await http.get(MAIN, headers={"Accept-Encoding": one}) for one in ("identity", "gzip")]
    assert plain.headers["etag"] != small.headers["etag"]
    assert gzip.decompress((built / MAIN[1:]).with_suffix(".js.gz").read_bytes()) == small.content == SCRIPT
    for form, coding in ((plain, "identity"), (small, "gzip")):
        sent = {"Accept-Encoding": coding, "If-None-Match": form.headers["etag"]}
        assert (await http.get(MAIN, headers=sent)).status_code == 304
        other = {"Accept-Encoding": "br", "If-None-Match": form.headers["etag"]}
        assert (await http.head(MAIN, headers=other)).status_code == 200


async def test_a_file_that_is_not_compressed_is_sent_plain(http: httpx.AsyncClient, built: Path) -> None:
    for name, media_type in (("font-abc.woff2", "font/woff2"), ("style-abc.css", "text/css; charset=utf-8")):
        answer = await http.get(f"/-/assets/{name}", headers={"Accept-Encoding": "br, gzip"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert "content-encoding" not in answer.headers
    refused = await http.get("/-/assets/style-abc.css", headers={"Accept-Encoding": "br, *;q=0"})
    assert (refused.status_code, "NOT_ACCEPTABLE" in refused.text) == (406, True)


async def test_files_are_never_sent_in_part(http: httpx.AsyncClient, built: Path) -> None:
    for coding in ("br", "identity"):
        sent = {"Accept-Encoding": coding, "Range": "bytes=0-3"}
        request = http.build_request("GET", MAIN, headers=sent)
        answer = await http.send(request, stream=True)
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert (answer.status_code, raw) == (200, BROTLI if coding == "br" else SCRIPT)
        assert answer.headers["accept-ranges"] == "none"


@pytest.mark.parametrize(
    "name",
    [
        "../index.html", "../../index.html", "%2e%2e/%2e%2e/index.html", "..%2f..%2findex.html", "..%5c..%5cindex.html",
        "%2fetc%2fpasswd", "/etc/passwd", "//etc/passwd", "main-abc.js%00", "%00", "main-abc.js%2f", "main-abc.js/",
        "main-abc.js.br", "main-abc.js.gz", "main-abc.js;x", "MAIN-ABC.JS", "", ".", "..", "link.js", "folder",
        "folder/inner.js", "folder%2finner.js", "x" * 5_000, "%ff", "%C0%AE%C0%AE%2findex.html",
    ],
)  # fmt: skip
async def test_nothing_but_the_files_of_the_build_can_be_had(url: str, built: Path, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    assets = built / "-" / "assets"
    (assets / "link.js").symlink_to(secret)
    (assets / "folder").mkdir()
    (assets / "folder" / "inner.js").write_bytes(b"secret")
    for accept in ("*/*", PAGE["Accept"]):
        head = f"GET /-/assets/{name} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
        answer = await send_once(url, head.encode())
        assert answer.status in {404, 414}, (name, answer.status)
        assert b"secret" not in answer.body.replace(unquote(name).encode(), b"")
        assert DOCUMENT not in answer.body


async def test_licences_of_what_is_in_the_scripts_can_be_read(http: httpx.AsyncClient, built: Path) -> None:
    answer = await http.get("/-/licenses")
    assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (200, "# Licences\n", "no-cache")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    (built / "licenses.md").unlink()
    (built / "other").touch()
    assert (await http.get("/-/licenses")).status_code == 404


async def test_a_build_that_is_not_there_is_told_in_both_languages(http: httpx.AsyncClient, unbuilt: Path) -> None:
    answer = await http.get("/team", headers=PAGE)
    assert (answer.status_code, answer.headers["refresh"], answer.headers["cache-control"]) == (503, "10", "no-store")
    assert "There are no pages here" in answer.text
    assert '<section lang="ko">\n<h1>웹 페이지가 없습니다</h1>' in answer.text
    assert answer.headers["content-security-policy"] == POLICY.format(own="'self'")
    assert "<script" not in answer.text and "<style" not in answer.text and " style=" not in answer.text
    assert (await http.get("/team")).json()["error_code"] == "NOT_FOUND"
    assert (await http.post("/graphql", json={"query": "{ viewer { isAdmin } }"})).status_code == 200


async def test_a_build_that_runs_says_what_it_does(http: httpx.AsyncClient, unbuilt: Path) -> None:
    with state.locked(unbuilt):
        for step, told, in_korean in (
            ("node", "fetching Node.js", "Node.js를 내려받는 중"),
            ("packages", "fetching packages", "패키지를 내려받는 중"),
            ("compile", "compiling", "컴파일하는 중"),
        ):
            state.write(unbuilt, Build(step, is_running=True))
            answer = await http.get("/", headers=PAGE)
            assert (answer.status_code, answer.headers["refresh"], answer.headers["retry-after"]) == (503, "2", "2")
            assert "The pages are being built" in answer.text
            assert "웹 페이지를 빌드하고 있습니다" in answer.text
            assert told in answer.text and in_korean in answer.text
    killed = await http.get("/", headers=PAGE)
    assert "There are no pages here" in killed.text


async def test_a_build_that_failed_says_where_its_log_is(http: httpx.AsyncClient, unbuilt: Path) -> None:
    (unbuilt / state.FOLDER).mkdir(parents=True)
    (unbuilt / state.LOG).write_text("https://user:secret@registry.example.org")
    state.write(unbuilt, Build("packages", has_failed=True))
    answer = await http.get("/", headers=PAGE)
    assert (answer.status_code, answer.headers["refresh"]) == (503, "10")
    assert "The pages could not be built" in answer.text and "웹 페이지를 빌드하지 못했습니다" in answer.text
    assert answer.text.count(state.LOG) == 2
    assert "fetching packages" in answer.text
    assert str(unbuilt) not in answer.text and "secret" not in answer.text


async def test_a_tracking_uri_that_is_opened_in_a_browser_leads_to_the_pages(
    http: httpx.AsyncClient, built: Path, project: TestProject
) -> None:
    for spelling, told in (
        (str(project.id), str(project.id)),
        (project.path.replace("/", "%2F"), project.path.replace("/", "%2F")),
        (project.path, project.path.replace("/", "%2F")),
        ("no%2Fsuch", "no%2Fsuch"),
        ("a%2Fb%26x=%23", "a%2Fb%26x%3D%23"),
    ):
        for end in ("/", ""):
            address = f"{PROJECTS}{spelling}/ml/mlflow{end}"
            answer = await http.get(address, headers=PAGE, follow_redirects=not end)
            if end:
                assert (answer.status_code, answer.headers["location"]) == (302, f"/-/mlflow?project={told}")
                assert answer.headers["cache-control"] == "no-store"
            else:
                assert (answer.status_code, answer.url.raw_path.decode()) == (200, f"/-/mlflow?project={told}")
                assert answer.content == DOCUMENT


async def test_clients_of_mlflow_are_not_led_away(http: httpx.AsyncClient, built: Path, project: TestProject) -> None:
    base = f"{PROJECTS}{project.id}/ml/mlflow"
    for method, path in (("GET", "/"), ("POST", "/"), ("HEAD", "/"), ("DELETE", "/")):
        answer = await http.request(method, base + path, headers=project.headers)
        assert answer.status_code == 404
        if method != "HEAD":
            told = {"error_code": "ENDPOINT_NOT_FOUND", "message": f"There is nothing at {method} {base}/."}
            assert answer.json() == told
    opened = await http.get(f"{base}/version", headers=PAGE)
    assert opened.text == "3.17.2"
    call = await http.get(f"{base}/api/2.0/mlflow/experiments/get?experiment_id=0", headers=project.headers | PAGE)
    assert call.json()["experiment"]["name"] == "Default"


def test_no_group_or_user_can_have_the_name_of_an_address_of_the_service() -> None:
    assert EdgeTable(EDGES, projects=PROJECTS).first_segments == RESERVED
