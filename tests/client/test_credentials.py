"""Where tokens are kept, and whom they are shown to: keyrings, browsers, redirects, answers that mean harm."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from modelyard_client.accounts import device_flow, keyring_storage, private_file, sign_in
from modelyard_client.accounts.profiles import KEYRING, Profile, Profiles
from modelyard_client.failures import Failure, Misused
from modelyard_client.service import http as client_http
from tests.support.client.machine import PACKAGE, Machine

KEYRING_PACKAGE = """
import json, os, pathlib
_FILE = pathlib.Path(os.environ["HOME"]) / "keyring.json"

class Backend:
    priority = float(os.environ.get("KEYRING_PRIORITY", "5"))
    def _all(self):
        return json.loads(_FILE.read_text()) if _FILE.exists() else {}
    def get_password(self, service, account):
        if os.environ.get("KEYRING_LOCKED"):
            raise RuntimeError("the keyring is locked")
        return self._all().get(f"{service}/{account}")
    def set_password(self, service, account, secret):
        if os.environ.get("KEYRING_LOCKED"):
            raise RuntimeError("the keyring is locked")
        _FILE.write_text(json.dumps({**self._all(), f"{service}/{account}": secret}))
    def delete_password(self, service, account):
        kept = self._all(); del kept[f"{service}/{account}"]; _FILE.write_text(json.dumps(kept))

def get_keyring():
    return Backend()
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """With a package `keyring` that keeps what it is told in a file."""
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "keyring.py").write_text(KEYRING_PACKAGE)
    return Machine(tmp_path, environment={"PYTHONPATH": f"{PACKAGE}:{packages}"})


def keyring_of(machine: Machine) -> dict[str, str]:
    file = machine.home / "keyring.json"
    return json.loads(file.read_text()) if file.exists() else {}


async def test_the_keyring_of_the_system_keeps_the_token(machine: Machine, url, project):
    done = await machine.run("login", url, "--token", "-", "--profile", "p", "--json", given=project.token)
    assert done.json["storage"] == "keyring"
    assert keyring_of(machine) == {f"modelyard/p {url}": project.token}
    assert project.token not in machine.profiles.read_text()
    assert (await machine.run("whoami")).code == 0
    locked = await machine.run("whoami", KEYRING_LOCKED="1")
    assert (locked.code, "The system's keyring did not give the token: the keyring is locked." in locked.err) == (
        1,
        True,
    )
    gone = await machine.run("whoami", PYTHONPATH=str(PACKAGE))
    assert (gone.code, "which cannot be used here" in gone.err) == (1, True)
    assert (await machine.run("logout", "--keep-token")).code == 0
    assert keyring_of(machine) == {}


async def test_a_token_in_the_keyring_belongs_to_its_address(machine: Machine, url, project):
    assert (await machine.run("login", url, "--token", "-", "--profile", "p", given=project.token)).code == 0
    machine.profiles.write_text(machine.profiles.read_text().replace(url, "http://127.0.0.1:1"))
    refused = await machine.run("whoami", MODELYARD_RETRY_SECONDS="0")
    assert (refused.code, "MODELYARD_TOKEN is missing in the profile p" in refused.err) == (2, True)


@pytest.mark.parametrize("variables", [{"KEYRING_PRIORITY": "0.5"}, {"KEYRING_LOCKED": "1"}])
async def test_a_keyring_that_keeps_nothing_safely_is_not_used(machine: Machine, url, project, variables):
    done = await machine.run("login", url, "--token", "-", "--json", given=project.token, **variables)
    assert (done.code, done.json["storage"], keyring_of(machine)) == (0, "file", {})
    assert (await machine.run("whoami", **variables)).code == 0


def test_a_token_that_moves_from_the_keyring_to_the_file_leaves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    kept: dict[str, str] = {}
    backend = SimpleNamespace(
        priority=5,
        get_password=lambda _, account: kept.get(account),
        set_password=lambda _, account, secret: kept.update({account: secret}),
        delete_password=lambda _, account: kept.pop(account),
    )
    profiles = Profiles(tmp_path / "profiles.json")
    monkeypatch.setattr(keyring_storage, "_package", lambda: SimpleNamespace(get_keyring=lambda: backend))
    assert profiles.store(Profile("p", "http://a"), "one").profile.storage == KEYRING
    profiles.store(Profile("p", "http://b"), "two")
    assert kept == {"p http://b": "two"}, "the address of a profile changed"
    monkeypatch.setattr(backend, "set_password", lambda *_: None)
    profiles.store(Profile("p", "http://b"), "three")
    stored = profiles.find("p")
    assert (stored.storage, stored.token, kept) == ("file", "three", {})


def test_a_profile_does_not_show_its_token():
    assert "secret" not in repr(Profile("p", "http://a", token="secret"))


@pytest.mark.parametrize(
    "link", ["file:///etc/passwd", "javascript:alert(1)", "http://a b/", "//x", 7, None, "http://ü/"]
)
async def test_a_browser_is_sent_to_pages_only(link: Any, service: Service):
    service.code["verification_uri_complete"] = link
    service.code["verification_uri"] = link
    async with client_http.session(1) as session:
        with pytest.raises(Failure, match="otherwise than RFC 8628 says"):
            await device_flow.begin(session, service.url)


@pytest.mark.parametrize(
    ("variables", "opens"),
    [
        ({}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0", "SSH_CONNECTION": "x"}, False),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "x"}, True),
    ],
)
def test_a_browser_is_opened_where_there_is_a_screen(variables, opens, monkeypatch: pytest.MonkeyPatch):
    opened: list[str] = []
    monkeypatch.setattr(sign_in.webbrowser, "open", lambda link: opened.append(link) or True)
    assert sign_in.open_browser("https://a/device", variables) is opens
    assert opened == (["https://a/device"] if opens else [])


class Service:
    """Answers a sign-in and GraphQL as it is told, and keeps what it was shown."""

    def __init__(self) -> None:
        self.url = ""
        self.code: dict[str, Any] = {}
        self.polls: list[tuple[int, Any]] = []
        self.answer = web.json_response
        self.graphql: tuple[int, dict[str, str], bytes] = (200, {}, b"{}")
        self.tokens: list[str | None] = []

    async def begin(self, request: web.Request) -> web.Response:
        return web.json_response(self.code)

    async def poll(self, request: web.Request) -> web.Response:
        status, body = self.polls.pop(0)
        return web.json_response(body, status=status)

    async def api(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers.get("Authorization"))
        status, headers, body = self.graphql
        return web.Response(status=status, headers=headers, body=body)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with _serving() as running:
        yield running


@asynccontextmanager
async def _serving() -> AsyncIterator[Service]:
    service = Service()
    application = web.Application()
    application.router.add_post("/oauth/device/code", service.begin)
    application.router.add_post("/oauth/token", service.poll)
    application.router.add_route("*", "/graphql", service.api)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    service.code = {
        "device_code": "d", "user_code": "ABCD-EFGH", "verification_uri": f"{service.url}/device",
        "expires_in": 600, "interval": 0,
    }  # fmt: skip
    try:
        yield service
    finally:
        await runner.cleanup()


async def poll(service: Service) -> str:
    async with client_http.session(1) as session:
        code = await device_flow.begin(session, service.url)
        return await device_flow.token(session, service.url, code)


async def test_polling_waits_out_what_passes(service: Service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(device_flow, "_SLOWER", 0.1)
    service.polls = [
        (400, {"error": "authorization_pending"}),
        (400, {"error": "slow_down"}),
        (503, {}),
        (429, {"error": "temporarily_unavailable"}),
        (200, {"access_token": "myt_abcdefgh"}),
    ]
    assert await poll(service) == "myt_abcdefgh"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, {"error": "expired_token"}), "The code has expired"),
        ((400, {"error": "access_denied"}), "refused in the browser"),
        ((400, {"error": "invalid_grant", "error_description": "no such code"}), "it answered 400, no such code"),
        ((200, {"access_token": "two words\n"}), "without a token"),
        ((200, {}), "without a token"),
        ((200, []), "without a token"),
    ],
)
async def test_polling_ends_with_what_the_service_says(service: Service, answer, words):
    service.polls = [answer]
    with pytest.raises(Failure, match=words):
        await poll(service)


async def test_polling_ends_when_the_code_is_old(service: Service):
    service.code["expires_in"] = -1
    with pytest.raises(Failure, match="The code has expired"):
        await poll(service)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_token_is_not_sent_where_a_redirect_leads(tmp_path: Path, service: Service, status: int):
    async with _serving() as other:
        service.graphql = (status, {"Location": f"{other.url}/graphql"}, b"")
        machine = Machine(tmp_path, environment=_variables(service))
        for words in (("models",), ("push", "m", str(Path(__file__))), ("whoami",)):
            refused = await machine.run(*words)
            assert refused.code == 1
            assert f"redirects to {other.url}/graphql. The token was not sent there" in refused.err
        assert other.tokens == []
        assert set(service.tokens) == {"Bearer myt_secret"}


HARMFUL = {
    "not JSON": b"<html>",
    "another shape": b'{"data": {"project": 7}}',
    "a list": b"[]",
    "nothing": b"",
    "deep": b"[" * 200_000,
    "wrong types": json.dumps(
        {"data": {"project": {"models": {"nodes": [{"id": [], "name": None}], "pageInfo": {}}}}}
    ).encode(),
    "errors of another kind": b'{"errors": 3}',
    "errors that are texts": b'{"errors": ["no"]}',
    "user errors": b'{"data": {"x": {"userErrors": 4}}}',
}


@pytest.mark.parametrize("name", HARMFUL)
async def test_an_answer_in_another_form_is_told_without_a_traceback(tmp_path: Path, service: Service, name: str):
    service.graphql = (200, {}, HARMFUL[name])
    machine = Machine(tmp_path, environment=_variables(service))
    for words in (
        ("models",),
        ("show", "m"),
        ("show", "m:1"),
        ("alias", "set", "m:1", "a"),
        ("whoami",),
        ("delete", "m", "--yes"),
    ):
        refused = await machine.run(*words, "--json")
        assert (refused.code, refused.err) == (1, ""), (words, refused)
        assert refused.json["error"]["message"]


async def test_an_answer_without_an_end_is_given_up(tmp_path: Path, service: Service):
    service.graphql = (200, {}, b" " * (65 * 1024 * 1024))
    refused = await Machine(tmp_path, environment=_variables(service)).run("models")
    assert (refused.code, "answered with more than 64 MiB" in refused.err) == (1, True)


async def test_names_that_would_rewrite_the_terminal_are_made_legible(tmp_path: Path, service: Service):
    evil = "\x1b[2Jm\u202e\x07\x9b1m"
    node = {
        "id": "1", "name": evil, "description": evil, "createdAt": None, "updatedAt": None,
        "tags": [{"key": evil, "value": evil}], "latestVersion": {"version": evil},
        "aliases": [{"name": evil, "modelVersion": {"version": evil}}],
    }  # fmt: skip
    machine = Machine(tmp_path, environment=_variables(service))
    models = {"nodes": [node], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    service.graphql = (200, {}, json.dumps({"data": {"project": {"models": models}, "model": node}}).encode())
    for words in (("models",), ("show", "m"), ("__complete", "show", "")):
        shown = await machine.run(*words)
        assert shown.code == 0, shown
        assert [letter for letter in shown.out if letter in "\x1b\u202e\x07\x9b"] == []
    service.graphql = (200, {}, json.dumps({"errors": [{"message": evil}]}).encode())
    refused = await machine.run("models")
    assert [letter for letter in refused.err if letter in "\x1b\u202e\x07\x9b"] == []
    as_json = await machine.run("models", "--json")
    assert as_json.json["error"]["message"] == evil


async def test_a_list_that_never_ends_can_be_limited(tmp_path: Path, service: Service):
    models = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "x"}}
    service.graphql = (200, {}, json.dumps({"data": {"project": {"models": models}}}).encode())
    shown = await Machine(tmp_path, environment=_variables(service)).run("models")
    assert (shown.code, shown.out) == (0, "There is none.\n")


async def test_a_reader_that_goes_away_is_no_failure(tmp_path: Path, service: Service):
    machine = Machine(tmp_path, environment=_variables(service))
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", f'"{sys.executable}" -m modelyard_client --help | true; echo "${{PIPESTATUS-}}"',
        env=machine.variables, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, err = await process.communicate()
    assert b"Traceback" not in err


def _variables(service: Service) -> dict[str, str]:
    return {
        "MODELYARD_URL": service.url, "MODELYARD_TOKEN": "myt_secret", "MODELYARD_PROJECT": "g/p",
        "MODELYARD_RETRY_SECONDS": "0.2",
    }  # fmt: skip


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o777])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int):
    path = tmp_path / "profiles.json"
    private_file.write(path, {"a": 1})
    assert (path.stat().st_mode & 0o777, private_file.read(path)) == (0o600, {"a": 1})
    path.chmod(mode)
    with pytest.raises(Misused, match="others may read its tokens"):
        private_file.read(path)


def test_what_is_no_file_is_refused(tmp_path: Path):
    with pytest.raises(Misused):
        private_file.read(tmp_path)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path):
    path = tmp_path / "profiles.json"
    private_file.write(path, {"a": 1})
    with pytest.raises(TypeError):
        private_file.write(path, {"a": object()})
    assert private_file.read(path) == {"a": 1}
    assert [one.name for one in tmp_path.iterdir()] == ["profiles.json"]


def test_settings_of_the_user_are_where_the_system_has_them(tmp_path: Path):
    assert private_file.folder({"XDG_CONFIG_HOME": "/c"}) == Path("/c/modelyard")
    assert private_file.folder({"XDG_CONFIG_HOME": "relative", "HOME": "/h"}) == Path("/h/.config/modelyard")


def test_nothing_breaks_at_import_where_unix_is_missing():
    """As on Windows: no fcntl, no uvloop, and none of the flags of POSIX."""
    script = textwrap.dedent("""
        import importlib, os, pathlib, sys
        sys.modules["fcntl"] = sys.modules["uvloop"] = None
        for name in ("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "pread", "pwrite"):
            delattr(os, name)
        os.supports_dir_fd = set()
        root = pathlib.Path("modelyard_client")
        for path in root.rglob("*.py"):
            if path.name != "__main__.py":
                importlib.import_module(".".join(path.with_suffix("").parts))
        from modelyard_client.cli.main import run
        assert run(["profiles", "list"]) == 0
        from modelyard_client.failures import Failure
        from modelyard_client.transfer import destination
        try:
            with destination.opened(pathlib.Path("out")):
                pass
        except Failure as failure:
            print(failure.message)
    """)
    done = subprocess.run([sys.executable, "-c", script], cwd=PACKAGE, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].startswith("Pulling needs a system that opens files relative to folders")
