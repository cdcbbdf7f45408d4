"""A service that means harm gets nothing but what was pushed, and writes nothing but what belongs."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from modelyard_client.connection import Connection
from modelyard_client.failures import Failure
from modelyard_client.progress import NoProgress
from modelyard_client.pull import PullOptions, pull
from modelyard_client.push import PushOptions, push
from modelyard_client.targets import NewVersion
from modelyard_client.text import legible

CONTENT = b"harm"


class Hostile:
    """Speaks the API as far as a client asks."""

    def __init__(self) -> None:
        self.url = ""
        self.paths: list[str] = []
        self.body = CONTENT
        self.size = len(CONTENT)
        self.sha256 = hashlib.sha256(CONTENT).hexdigest()
        self.part = {"number": 1, "offset": 0, "size": 5}
        self.got: list[bytes] = []
        self.headers: list[dict[str, str]] = []

    async def graphql(self, request: web.Request) -> web.Response:
        document = (await request.json())["query"]
        name = document.split("(")[0].split()[1]
        return web.json_response({"data": getattr(self, name)()})

    def Viewer(self) -> Any:  # noqa: N802 - the operation's name
        return {"viewer": {"scopes": []}, "project": {"id": "p"}}

    def VersionFiles(self) -> Any:  # noqa: N802
        facts = {
            "size": self.size,
            "sha256": self.sha256,
            "status": "READY",
            "statusReason": None,
        }
        link = {"downloadUrl": f"{self.url}/download"}
        nodes = [{"id": path, "path": path, **facts, **link} for path in self.paths]
        files = {"nodes": nodes, "pageInfo": {"hasNextPage": False, "endCursor": None}}
        version = {"id": "v", "version": "1.0.0", "number": 1, "artifactFolder": "", "model": {"name": "m"}}
        return {"modelVersion": {**version, "artifacts": files}}

    def Model(self) -> Any:  # noqa: N802
        return {"model": {"id": "m"}}

    def VersionCreate(self) -> Any:  # noqa: N802
        version = {"id": "v", "version": "1.0.0", "number": 1, "tags": []}
        return {"modelVersionCreate": {"modelVersion": version, "userErrors": []}}

    def VersionCheck(self) -> Any:  # noqa: N802
        return {"modelVersionCheck": {"version": "1.0.0", "userErrors": []}}

    def UploadCreate(self) -> Any:  # noqa: N802
        shown = {
            "status": "OPEN",
            "statusReason": None,
            "alreadyStored": False,
            "backgroundJob": None,
            "artifact": None,
        }
        parts = [{**self.part, "url": f"{self.url}/upload"}]
        upload = {"id": "u", "path": "a", "artifact": None, **shown, "partSize": 5, "partCount": 1, "parts": parts}
        return {"artifactUploadCreate": {"artifactUploads": [upload], "userErrors": []}}

    def Uploads(self) -> Any:  # noqa: N802
        return {"nodes": []}

    async def download(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        return web.Response(body=self.body)

    async def upload(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        self.got.append(await request.read())
        return web.Response(status=400)


@pytest.fixture
async def hostile() -> AsyncIterator[Hostile]:
    service = Hostile()
    application = web.Application()
    application.router.add_post("/graphql", service.graphql)
    application.router.add_get("/download", service.download)
    application.router.add_put("/upload", service.upload)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()


async def take(hostile: Hostile, folder: Path) -> None:
    await pull(Connection(hostile.url, "t", "p", 0.2), PullOptions(folder, "m", "latest"), NoProgress())


def left(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize(
    "path",
    [
        "../evil",
        "/evil",
        "a/../../evil",
        "a//b",
        "./a",
        "..",
        "",
        "a\\..\\evil",
        "a\0b",
        "a\nb",
        ".modelyard-partial/x",
        "\ud800",
    ],
)
async def test_paths_that_lead_outside_are_refused(hostile: Hostile, tmp_path: Path, path: str):
    hostile.paths = ["fine", path]
    with pytest.raises(Failure, match="cannot be put into a folder") as refused:
        await take(hostile, tmp_path / "out")
    assert (refused.value.code, left(tmp_path)) == ("BAD_PATH", [])


@pytest.mark.parametrize("sha256", ["../../evil", "/evil", "", "a" * 63, "A" * 64])
async def test_a_hash_that_leads_outside_is_refused(hostile: Hostile, tmp_path: Path, sha256: str):
    hostile.paths, hostile.sha256, hostile.body = ["a"], sha256, b"l"
    with pytest.raises(Failure, match="no size or SHA-256"):
        await take(hostile, tmp_path / "out")
    assert left(tmp_path) == []


@pytest.mark.parametrize("size", [-1, 2**63])
async def test_a_size_that_no_file_has_is_refused(hostile: Hostile, tmp_path: Path, size: int):
    hostile.paths, hostile.size = ["a"], size
    with pytest.raises(Failure, match="no size or SHA-256"):
        await take(hostile, tmp_path / "out")


def test_control_characters_of_a_service_do_not_reach_the_terminal():
    assert legible("a\x1b[2Jb\rc\u202ed\nf\ud800") == "a\ufffd[2Jb\ufffdc\ufffdd\nf\ufffd"


async def test_downloads_from_the_store_carry_no_token(hostile: Hostile, tmp_path: Path):
    hostile.paths = ["a/b"]
    await take(hostile, tmp_path / "out")
    assert left(tmp_path) == ["out", "out/a", "out/a/b"]
    assert [headers for headers in hostile.headers if "Authorization" in headers] == []


@pytest.mark.parametrize(("body", "size"), [(b"other", 5), (b"more than was told", 4), (b"l", 4), (b"harm", 3)])
async def test_other_bytes_do_not_reach_the_folder(hostile: Hostile, tmp_path: Path, body: bytes, size: int):
    hostile.paths, hostile.body, hostile.size = ["a"], body, size
    with pytest.raises(Failure):
        await take(hostile, tmp_path / "out")
    assert (tmp_path / "out" / "a").exists() is False


async def test_a_file_and_a_folder_of_one_name_are_refused(hostile: Hostile, tmp_path: Path):
    hostile.paths = ["a", "a/b"]
    with pytest.raises(Failure, match="cannot be put in its place"):
        await take(hostile, tmp_path / "out")


async def test_a_partial_folder_that_leads_elsewhere_is_refused(hostile: Hostile, tmp_path: Path):
    hostile.paths = ["a"]
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / ".modelyard-partial").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Failure, match="cannot be used"):
        await take(hostile, tmp_path / "out")
    assert left(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("part", [{"offset": 2}, {"size": 500}, {"offset": -3}, {"size": -1}])
async def test_parts_that_the_file_does_not_have_are_not_sent(hostile: Hostile, tmp_path: Path, part: dict[str, int]):
    (tmp_path / "a").write_bytes(b"12345")
    hostile.part |= part
    order = PushOptions((tmp_path / "a",), NewVersion("m"))
    with pytest.raises(Failure, match="asks for a part of `a` that it does not have"):
        await push(Connection(hostile.url, "t", "p", 0.2), order, tmp_path / "cache", NoProgress())
    assert hostile.got == []


async def test_uploads_to_the_store_carry_no_token(hostile: Hostile, tmp_path: Path):
    (tmp_path / "a").write_bytes(b"12345")
    order = PushOptions((tmp_path / "a",), NewVersion("m"))
    with pytest.raises(Failure, match="`a` was refused with 400"):
        await push(Connection(hostile.url, "t", "p", 0.2), order, tmp_path / "cache", NoProgress())
    assert hostile.got == [b"12345"]
    assert [headers for headers in hostile.headers if "Authorization" in headers] == []
