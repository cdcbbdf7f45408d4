"""The Python API: its documentation runs, and it works in notebooks, threads and forks."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import modelyard_client as modelyard
from tests.client.conftest import Desk
from tests.support.client.machine import PACKAGE
from tests.support.source import ROOT

README = PACKAGE / "README.md"


@pytest.fixture
def client(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(desk.home / "cache"))
    with modelyard.Client(desk.url, desk.project.token, desk.project.path) as made:
        yield made


async def in_thread(work):
    """Beside the loop of the tests, which serves the API."""
    return await asyncio.to_thread(work)


async def test_the_examples_of_the_documentation_run(desk: Desk):
    (desk.home / "model").mkdir()
    (desk.home / "model" / "weights.bin").write_bytes(b"\xff weights")
    examples = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 2
    done = await desk.run(sys.executable, "-c", "\n".join(examples))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "churn 1.0.0: 1 files",
        "1 0.93 ['weights.bin']",
        "churn 1.0.0 {'champion': '1.0.0'}",
        "1 files in served",
        f"There is no version `^9` of `churn` in {desk.project.path}.",
        "CONFLICT",
    ]


async def test_all_calls_of_the_api_do_what_they_say(desk: Desk, client: modelyard.Client):
    desk.write("a.txt", b"hello")

    def work():
        assert client.whoami().url == desk.url
        made = client.push("m", desk.files, version="1.0.0", tags={"a": "b"}, description="text")
        assert (made.version, made.files, made.bytes) == ("1.0.0", 1, 5)
        assert client.model("m").latest_version == "1.0.0"
        (listed,) = client.versions("m", "^1")
        assert (listed.version, listed.tags["a"], listed.description) == ("1.0.0", "b", "text")
        client.log("m:1.0.0", params={"depth": 6}, metrics={"x": float("inf")}, step=3)
        version = client.get("m")
        assert (version.params, version.metrics, version.uri) == (
            {"depth": "6"},
            {"x": float("inf")},
            "models:/m/1.0.0",
        )
        assert client.set_alias("m:1.0.0", "champion", expected_number=0).aliases == ["champion"]
        assert client.delete_alias("m", "champion") is True
        client.set_tags("m:1.0.0", {"a": None})
        assert "a" not in client.get("m:1.0.0").tags
        client.delete_version("m:1.0.0")
        assert client.versions("m") == []
        client.delete_model("m")
        assert client.models() == []

    await in_thread(work)


async def test_failures_are_of_one_tree(desk: Desk, client: modelyard.Client):
    def work():
        with pytest.raises(modelyard.NotFound):
            client.get("nope")
        with pytest.raises(modelyard.Misused, match="Say which version of 'm'"):
            client.set_stage("m", "staging")
        with pytest.raises(modelyard.Misused, match="There is no fact `colour`"):
            client.push("m", desk.files, facts={"colour": "red"})
        wrong = modelyard.Client(desk.url, "myt_" + "x" * 40, desk.project.path)
        with wrong, pytest.raises(modelyard.Unauthenticated):
            wrong.models()

    await in_thread(work)
    kinds = [getattr(modelyard, name) for name in modelyard.__all__]
    failures = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(failures) == 9
    assert all(issubclass(kind, modelyard.Failure) for kind in failures)


async def test_it_works_where_a_loop_runs_already(desk: Desk):
    """As in a notebook."""
    script = (
        "import asyncio, modelyard_client as modelyard\n"
        "async def cell():\n    return modelyard.Client().models()\n"
        "print(asyncio.run(cell()))"
    )
    done = await desk.run(sys.executable, "-W", "error", "-c", script)
    assert (done.out, done.err) == ("[]\n", "")


async def test_threads_share_a_client(client: modelyard.Client):
    def work():
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda _: client.models(), range(40)))

    assert await in_thread(work) == [[]] * 40


async def test_a_forked_process_has_connections_of_its_own(desk: Desk):
    script = (
        "import os, modelyard_client as modelyard\n"
        "client = modelyard.Client(); client.models()\n"
        "child = os.fork()\n"
        "assert client.models() == []\n"
        "if child == 0: os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0; print('both')"
    )
    done = await desk.run(sys.executable, "-c", script)
    assert done.out == "both\n", done


async def test_ctrl_c_ends_a_call(desk: Desk):
    script = (
        "import os, signal, threading, modelyard_client as modelyard\n"
        "client = modelyard.Client()\n"
        "threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n    client.models()\nexcept KeyboardInterrupt:\n    print('ended')"
    )
    variables = {"MODELYARD_URL": "http://127.0.0.1:1", "MODELYARD_RETRY_SECONDS": "60"}
    done = await asyncio.wait_for(desk.run(sys.executable, "-c", script, **variables), 20)
    assert done.out == "ended\n", done


def test_a_token_goes_with_its_address(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(modelyard.Misused, match="both url and token"):
        modelyard.Client("http://127.0.0.1:1")
    with pytest.raises(modelyard.Misused, match="or a profile"):
        modelyard.Client("http://127.0.0.1:1", "t", "p", profile="x")
    assert "secret" not in repr(modelyard.Client("http://127.0.0.1:1", "secret", "p"))


def test_its_types_are_for_users(tmp_path):
    """A program that uses it is checked strictly, by the marker `py.typed`."""
    program = tmp_path / "program.py"
    program.write_text(
        "import modelyard_client as modelyard\n"
        "client = modelyard.Client('http://a', 't', 'p')\n"
        "reveal_type(client.get('m').metrics)\n"
        "reveal_type(client.models())\n"
        "client.set_alias('m:1', 7)\n"
    )
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--cache-dir",
        str(tmp_path / "cache"),
        str(program),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env={"PATH": "", "MYPYPATH": str(PACKAGE)}, capture_output=True, text=True, check=False
    )
    told = [row.partition(": ")[2] for row in done.stdout.splitlines()]
    assert told == [
        'note: Revealed type is "typing.Mapping[str, float]"',
        'note: Revealed type is "list[modelyard_client.results.Model]"',
        'error: Argument 2 to "set_alias" of "Client" has incompatible type "int"; expected "str"  [arg-type]',
    ], done


def test_names_are_loaded_when_they_are_used():
    assert set(modelyard.__all__) <= set(dir(modelyard))
    assert all(getattr(modelyard, name) for name in modelyard.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nope'"):
        _ = modelyard.nope  # type: ignore[attr-defined]
