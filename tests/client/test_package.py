"""The package as it is installed: its size, on the oldest Python too, beside the server and without it."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.conftest import Desk, noise
from tests.support.client.machine import OLDEST, PACKAGE, Machine, build_wheel, install, oldest_python
from tests.support.client.proxy import Proxy
from tests.support.source import ROOT

MIB = 1024 * 1024
MOST_PACKAGES, MOST_BYTES = 12, 15_000_000
STARTUP_SECONDS = 0.15

pytestmark = pytest.mark.xdist_group("package")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return build_wheel(PACKAGE, tmp_path_factory.mktemp("wheel"))
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        pytest.skip(f"no wheel can be built here: {getattr(error, 'stderr', error)}")


@pytest.fixture(scope="module", params=["oldest", "this"])
def scripts(request, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of scripts of an environment that has the wheel and what it needs, and nothing else."""
    python = oldest_python() if request.param == "oldest" else sys.executable
    if python is None:
        pytest.skip(f"this machine has no Python {OLDEST[0]}.{OLDEST[1]}")
    try:
        yield install(python, tmp_path_factory.mktemp("venv") / "venv", wheel)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"what it needs cannot be installed here: {error.stderr}")


@pytest.fixture
def installed(desk: Desk, scripts: Path) -> Desk:
    """A desk whose commands are those of the environment."""
    desk.python = str(scripts / "python")
    return desk


def modelyard(desk: Desk, *words: str, **variables: str):
    script = str(Path(desk.python).parent / "modelyard")
    return desk.run(script, *words, PYTHONPATH="", PYTHONWARNINGS="error", **variables)


def test_the_package_is_small(scripts: Path):
    (packages,) = scripts.parent.glob("lib/python*/site-packages")
    installed = [path for path in packages.iterdir() if path.name.endswith(".dist-info")]
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    assert len(installed) <= MOST_PACKAGES, sorted(path.name for path in installed)
    assert size <= MOST_BYTES
    assert (packages / "modelyard_client" / "py.typed").exists()


def test_commands_start_at_once(scripts: Path):
    def seconds() -> float:
        began = time.perf_counter()
        done = subprocess.run([scripts / "modelyard", "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == "modelyard-client 0.1.0\n"
        return time.perf_counter() - began

    assert min(seconds() for _ in range(7)) < STARTUP_SECONDS


async def test_files_go_up_and_come_down(installed: Desk):
    large = installed.write("large.bin", noise(40 * MIB))
    installed.write("a/small.txt", b"hello")
    installed.write("a/copy.txt", b"hello")
    pushed = await modelyard(installed, "push", "m", "files", "--metric", "auc=0.9", "--alias", "champion", "--json")
    assert (pushed.code, pushed.err) == (0, ""), pushed
    assert (pushed.json["files"], pushed.json["bytes"]) == (3, 40 * MIB + 10)
    pulled = await modelyard(installed, "pull", "m@champion", "out")
    assert pulled.code == 0, pulled
    assert installed.tree() == {"large.bin": large, "a/small.txt": b"hello", "a/copy.txt": b"hello"}
    again = await modelyard(installed, "pull", "m@champion", "out", "--json")
    assert (again.json["receivedBytes"], again.json["thereBefore"]) == (0, 3)


async def test_an_interrupted_push_goes_on(installed: Desk, proxy: Proxy):
    installed.write("big.bin", noise(20 * MIB))
    proxy.bytes_left, proxy.is_held = 17 * MIB, True
    script = str(Path(installed.python).parent / "modelyard")
    process = await installed._begin(script, "push", "m", "files", "--jobs", "1", PYTHONPATH="")
    await asyncio.wait_for(proxy.held.wait(), 300)
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 130
    assert err.decode().endswith("modelyard: Interrupted. Run the same command again to resume.\n"), err
    proxy.bytes_left = None
    again = await modelyard(installed, "push", "m", "files", "--json")
    assert (again.json["sentParts"], again.json["number"], again.json["resumed"]) == (1, 1, True)


async def test_connections_that_break_are_waited_out(installed: Desk, proxy: Proxy):
    content = installed.write("big.bin", noise(34 * MIB))
    proxy.bytes_left = 9 * MIB
    proxy.statuses = {"POST": [503, 500], "PUT": [503]}
    pushing = asyncio.create_task(modelyard(installed, "push", "m", "files", "--json"))
    await asyncio.sleep(3)
    proxy.bytes_left = None
    pushed = await pushing
    assert pushed.code == 0, pushed
    proxy.statuses = {"GET": [503]}
    pulled = await modelyard(installed, "pull", "m", "out")
    assert (pulled.code, installed.tree()) == (0, {"big.bin": content}), pulled


async def test_failures_end_a_command_with_their_exit_codes(installed: Desk):
    installed.write("a.txt", b"hello")
    missing = await modelyard(installed, "show", "nope", "--json")
    assert (missing.code, missing.json["error"]["code"]) == (5, "NOT_FOUND")
    away = await modelyard(
        installed, "push", "m", "files", MODELYARD_URL="http://127.0.0.1:1", MODELYARD_RETRY_SECONDS="0.3"
    )
    assert (away.code, "127.0.0.1:1 cannot be reached" in away.err) == (3, True)
    usage = await modelyard(installed, "push")
    assert (usage.code, "Traceback" in usage.err) == (2, False)


async def test_all_other_commands_work(installed: Desk):
    installed.write("a.txt", b"hello")
    for words in (
        ("push", "m", "files/a.txt", "--tag", "a=b"),
        ("models",),
        ("versions", "m"),
        ("show", "m"),
        ("show", "m:1.0.0"),
        ("log", "m:1.0.0", "--metric", "a=1", "--param", "p=1", "--dataset", "d@1"),
        ("stage", "m:latest", "staging", "--archive-existing"),
        ("alias", "set", "m:latest", "champion"),
        ("alias", "delete", "m", "champion"),
        ("tag", "set", "m", "k=v", "l=w"),
        ("tag", "delete", "m:latest", "a"),
        ("whoami",),
        ("env",),
        ("profiles", "list"),
        ("open", "--print"),
        ("completion", "bash"),
        ("delete", "m:1.0.0", "--yes"),
        ("--help",),
        ("push", "--help"),
    ):
        ended = await modelyard(installed, *words)
        assert (ended.code, ended.err.count("Traceback")) == (0, 0), (words, ended)
    completed = await modelyard(installed, "__complete", "sho")
    assert completed.out == "show\n"


async def test_a_token_signs_in(installed: Desk, tmp_path: Path):
    machine = Machine(tmp_path / "home", (str(Path(installed.python).parent / "modelyard"),), {"PYTHONPATH": ""})
    machine.home.mkdir()
    done = await machine.run("login", installed.url, "--token", "-", given=installed.project.token)
    assert done.code == 0, done
    assert (await machine.run("whoami", "--json")).json["url"] == installed.url
    assert (await machine.run("logout", "--keep-token")).code == 0


async def test_the_python_api_works(installed: Desk):
    installed.write("a.txt", b"hello")
    script = (
        "import modelyard_client as modelyard\n"
        "with modelyard.Client() as client:\n"
        "    made = client.push('m', 'files', metrics={'auc': 0.9}, aliases=['champion'])\n"
        "    assert client.get('m@champion').metrics == {'auc': 0.9}\n"
        "    assert client.pull('m', 'out').files == 1\n"
        "    print(made.version, [one.name for one in client.models()])\n"
    )
    done = await installed.run(installed.python, "-W", "error", "-c", script, PYTHONPATH="")
    assert (done.out, done.err) == ("1.0.0 ['m']\n", "")


@pytest.fixture(scope="module")
def server_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        pytest.skip(f"no wheel can be built here: {getattr(error, 'stderr', error)}")


@pytest.mark.parametrize("order", ["server, client", "client, server", "server"])
def test_the_server_has_the_commands_of_the_client(order: str, wheel: Path, server_wheel: Path, tmp_path: Path):
    """Installed by `--no-deps` beside the packages of the tests, in either order."""
    wheels = {"server": server_wheel, "client": wheel}
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    for name in order.split(", "):
        command = [
            ROOT / ".venv-uv" / "bin" / "uv",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--python",
            python,
            wheels[name],
        ]
        subprocess.run(command, check=True)
    (packages,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    (ours,) = {path for path in sys.path if path.endswith("site-packages") and str(ROOT) in path} or {
        path for path in sys.path if path.endswith("site-packages")
    }
    (packages / "tests.pth").write_text(f"{ours}\n")

    def ended(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [tmp_path / "venv" / "bin" / "modelyard", *words],
            capture_output=True, text=True, cwd=tmp_path, check=False,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    assert ended("schema", "--help")[0] == 0, ended("schema", "--help")
    assert "Make a model version of files." in ended("push", "--help")[1]
    for word in ("worker", "login", "alias"):
        assert word in ended("--help")[1]
    assert ended("profiles", "list") == (0, "There is none.\n")
    assert json.loads(ended("models", "--json")[1])["exitCode"] == 2
