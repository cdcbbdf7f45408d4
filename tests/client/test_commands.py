"""The commands as they are typed: exit codes, what is printed, and what is loaded."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys

from app.access.policy import Role
from tests.client.conftest import Desk, noise
from tests.support.client.proxy import Proxy
from tests.support.source import ROOT

MIB = 1024 * 1024
PACKAGE = ROOT / "clients" / "python" / "modelyard_client"
HEAVY = ("sqlalchemy", "strawberry", "starlette", "aiohttp", "minio", "rich.progress")


async def test_push_and_pull_for_people(desk: Desk):
    desk.write("a.txt", b"hello")
    (desk.files / "b").mkdir()
    desk.write("b/c.txt", b"world")
    pushed = await desk.command(
        "push", "churn", "files", "--tag", "by=ci", "--alias", "champion", "--increment", "minor"
    )
    stages = [line for line in pushed.err.splitlines() if "%" not in line]  # those come every few seconds
    assert (pushed.code, stages) == (0, ["Hashing: 10 B", "Sending: 10 B", "Verifying: 10 B"])
    lines = pushed.out.splitlines()
    assert lines[0] == f"churn 1.0.0 (number 1) in {desk.project.path}"
    assert lines[1].startswith("  2 files, 10 B, in ")
    assert lines[3] == "  fetch it: modelyard pull churn:1.0.0 FOLDER, or models:/churn/1.0.0 with MLflow"
    pulled = await desk.command("pull", "churn@champion", "out")
    assert (pulled.code, pulled.out.splitlines()[0]) == (0, "churn 1.0.0 (number 1) is in out")
    assert desk.tree() == {"a.txt": b"hello", "b/c.txt": b"world"}


async def test_json_is_all_that_is_printed(desk: Desk):
    desk.write("a.txt", b"hello")
    pushed = await desk.command("push", "churn", "files/a.txt", "--json")
    assert (pushed.code, pushed.err) == (0, "")
    assert {name: pushed.json[name] for name in ("model", "version", "number", "files", "bytes", "uri")} == {
        "model": "churn",
        "version": "1.0.0",
        "number": 1,
        "files": 1,
        "bytes": 5,
        "uri": "models:/churn/1.0.0",
    }
    refused = await desk.command("pull", "churn:^7", "out", "--json")
    assert (refused.code, refused.err) == (5, "")
    assert refused.json == {
        "error": {"code": "NOT_FOUND", "message": f"There is no version `^7` of `churn` in {desk.project.path}."},
        "exitCode": 5,
    }


async def test_a_wrong_token_is_refused(desk: Desk):
    desk.write("a.txt", b"hello")
    for command in (("push", "m", "files"), ("pull", "m", "out")):
        ended = await desk.command(*command, "--json", MODELYARD_TOKEN="myt_" + "x" * 40)
        assert (ended.code, ended.json["error"]["code"]) == (6, "UNAUTHENTICATED")


async def test_a_forbidden_push_is_reported(desk: Desk):
    desk.write("a.txt", b"hello")
    guest = desk.project[Role.GUEST].token
    ended = await desk.command("push", "m", "files", "--json", MODELYARD_TOKEN=guest)
    assert (ended.code, ended.json["error"]["code"]) == (7, "FORBIDDEN")
    stranger = await desk.command("push", "m", "files", MODELYARD_TOKEN=desk.project.stranger.token)
    assert stranger.code == 5
    assert f"There is no project `{desk.project.path}`, or the token may not see it." in stranger.err


async def test_a_service_that_is_away_is_told(desk: Desk):
    desk.write("a.txt", b"hello")
    ended = await desk.command("push", "m", "files", MODELYARD_URL="http://127.0.0.1:1", MODELYARD_RETRY_SECONDS="0.3")
    assert ended.code == 3
    assert ended.err.startswith("Hashing") is False
    assert "127.0.0.1:1 cannot be reached" in ended.err
    assert ended.err.endswith("Run the same command again to resume.\n")


async def test_another_service_is_told(desk: Desk, proxy: Proxy):
    desk.write("a.txt", b"hello")
    proxy.statuses = {"POST": [404]}
    ended = await desk.command("push", "m", "files")
    assert ended.code == 1
    assert "answered 404, and not as Modelyard does; is the address right?" in ended.err


async def test_wrong_usage_is_told(desk: Desk):
    desk.write("a.txt", b"hello")
    wrong = {
        ("push", "m", "nowhere"): "There is no nowhere.",
        ("push", "m", "files", "--tag", "x"): "--tag is KEY=VALUE, not 'x'.",
        ("push", "m", "files", "--version", "1.0.0", "--increment", "major"): "not both",
        ("pull", "m"): "Give MODEL and FOLDER, not 1 arguments.",
        ("pull", "m", "out", "--candidate", "x"): "Give FOLDER alone with --candidate, not 2 arguments.",
    }
    ended = await asyncio.gather(*(desk.command(*arguments) for arguments in wrong))
    assert [one.code for one in ended] == [2] * len(wrong)
    assert [words in one.err for words, one in zip(wrong.values(), ended, strict=True)] == [True] * len(wrong)
    missing = await desk.command("push", "m", "files", MODELYARD_URL="", MODELYARD_TOKEN="", MODELYARD_PROJECT="")
    assert (missing.code, "MODELYARD_URL and MODELYARD_TOKEN" in missing.err) == (2, True)


async def test_ctrl_c_ends_a_push_and_the_next_goes_on(desk: Desk, proxy: Proxy):
    desk.write("big.bin", noise(20 * MIB))
    proxy.bytes_left, proxy.is_held = 17 * MIB, True
    process = await desk.begin("push", "m", "files", "--jobs", "1")
    await asyncio.wait_for(proxy.held.wait(), 300)
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 130
    assert err.decode().endswith("modelyard: Interrupted. Run the same command again to resume.\n")
    proxy.bytes_left = None
    again = await desk.command("push", "m", "files", "--json")
    assert (again.json["sentParts"], again.json["number"]) == (1, 1)


def test_help_loads_nothing_heavy():
    script = (
        "import json, sys; from modelyard_client.cli.main import run; assert run(['push', '--help']) == 0; "
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--from-run" in done.stdout
    assert [name for name in HEAVY if name in json.loads(done.stderr)] == []


def test_the_client_loads_nothing_of_the_service():
    modules = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if path.name != "__main__.py"
    ]
    script = (
        f"import importlib, json, sys; [importlib.import_module(name) for name in {modules!r}]; "
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    server = {"app", "sqlalchemy", "strawberry", "starlette", "pydantic", "minio", "typer", "rich", "orjson"}
    assert loaded & server == set()
