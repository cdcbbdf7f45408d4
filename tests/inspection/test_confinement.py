"""What a scanner can do that a hostile file has taken over: nothing."""
# ruff: noqa: PTH208

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.embedded.servers import Servers
from app.inspection.confinement import seccomp
from app.inspection.confinement.kernel import Unsupported
from app.inspection.confinement.measures import Measure
from app.inspection.detection import Kind
from app.inspection.inspector import Outcome, inspect
from app.inspection.limits import Limits
from app.inspection.processes import sandbox
from app.inspection.processes.protocol import InspectionRequest, measures_from_json, measures_to_json
from app.inspection.processes.scanners import ROOT, Scanners
from tests.support.inspection.every_kind import FILES
from tests.support.inspection.sample_files import Reader, inspected, looked_at
from tests.support.inspection.scanners import attacks

linux = pytest.mark.skipif(sys.platform != "linux", reason="Landlock, seccomp and namespaces are Linux's")


@pytest.fixture
def aim(servers: Servers, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Things of this process and the servers, all of which are there and reachable from outside."""
    tmp_path.chmod(0o777)
    for name in ("there", "to remove"):
        (tmp_path / name).write_text("secret")
        (tmp_path / name).chmod(0o666)
    abstract = f"modelyard-{uuid4()}"
    with ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        tcp6 = stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        for address in (str(tmp_path / "socket"), "\0" + abstract):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(address)
            listener.listen()
        (tmp_path / "socket").chmod(0o777)
        yield {
            "worker": os.getpid(),
            "file": str(tmp_path / "there"),
            "file to remove": str(tmp_path / "to remove"),
            "new file": str(tmp_path / "new"),
            "port": tcp.getsockname()[1],
            "port6": tcp6.getsockname()[1],
            "socket": str(tmp_path / "socket"),
            "abstract": abstract,
            "postgres": str(next(servers.data_dir.glob("run/.s.PGSQL.*[0-9]"), tmp_path / "socket")),
            "valkey": str(next(servers.data_dir.glob("run/redis.sock"), tmp_path / "socket")),
        }


@pytest.fixture
def scanners(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scanners]:
    """Scanners of this test alone."""
    own = Scanners()
    monkeypatch.setattr(sandbox, "scanners", own)
    yield own
    own.stop()


async def _attack(aim: dict[str, Any], program: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr("app.inspection.processes.scanners.PROGRAM", program)
    report = await inspected("requirements.txt", json.dumps(aim).encode())
    assert (report.reason, report.format) == (None, None), report
    return report.facts


@linux
async def test_a_scanner_that_was_taken_over_can_do_nothing(
    aim: dict[str, Any], scanners: Scanners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELYARD_SECRET_KEY", "k" * 40)
    told = await _attack(aim, "tests.support.inspection.scanners.attacks", monkeypatch)
    refused = ("[Errno 1] Operation not permitted", "can't start new thread")
    assert {name: told[name] for name in attacks.attacks(aim) if not told[name].startswith(refused)} == {}
    assert told["environment"].keys() <= {"PYTHONPATH", "LC_ALL", "LC_CTYPE"}
    assert told["descriptors"] == []
    assert sorted(os.listdir(tmp_path)) == ["socket", "there", "to remove"]


@linux
async def test_without_seccomp_the_other_measures_keep_it_in(
    aim: dict[str, Any], scanners: Scanners, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await _attack(aim, "tests.support.inspection.scanners.attacks_unfiltered", monkeypatch)
    harmless = {"have memory that can be run", "raise its limits", "start a thread", "fork", "make a key"}
    done = {name for name in attacks.attacks(aim) if told[name] == "done"}
    assert done - harmless == set()
    assert told["descriptors"] == []


OUTSIDE = """
read a file, list a directory, see a file, write a file, make a directory, remove a file, connect by TCP,
connect by TCP on IPv6, listen, send by UDP, connect to a socket in a file, connect to PostgreSQL, connect to Valkey,
connect to an abstract socket, make a pair of sockets, make a pipe, duplicate its socket, start a program, fork,
start a thread, signal the worker, have memory that can be run
"""


@linux
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("name", [name.strip() for name in OUTSIDE.replace("\n", " ").split(",")])
def test_the_attacks_succeed_without_confinement(name: str, aim: dict[str, Any]) -> None:
    attacks.attacks(aim)[name]()


@linux
async def test_the_kernel_of_the_tests_allows_what_is_promised() -> None:
    """CI and developers have a Linux of today; where it refuses a measure the tests above would show less."""
    in_force = {measure.name for measure in await sandbox.measures() if measure.in_force}
    assert {"privileges", "limits", "landlock", "descriptors", "seccomp"} <= in_force


def test_measures_survive_the_socket() -> None:
    measures = [Measure("landlock", False, "the kernel has none"), Measure("user", True, "nobody")]
    assert measures_from_json(measures_to_json(measures)) == measures
    assert asdict(measures[0])["in_force"] is False


@pytest.mark.parametrize("machine", seccomp.ALLOWED)
def test_seccomp_filter_decides_every_system_call(machine: str) -> None:
    """Run the filter as the kernel would."""
    program = seccomp.program_for(machine)
    lines = [(int.from_bytes(program[at : at + 2], sys.byteorder), *program[at + 2 : at + 4],
              int.from_bytes(program[at + 4 : at + 8], sys.byteorder)) for at in range(0, len(program), 8)]  # fmt: skip

    def answer(number: int, protection: int = 0, architecture: int | None = None) -> int:
        data = {0: number, 4: architecture or seccomp._ARCHITECTURES[machine], 32: protection}
        at, loaded = 0, 0
        while True:
            code, if_true, if_false, value = lines[at]
            at += 1
            if code == 0x06:
                return value
            if code == 0x20:
                loaded = data[value]
            else:
                at += if_true if (loaded == value if code == 0x15 else loaded & value) else if_false

    allowed, refused, killed = 0x7FFF0000, 0x00050001, 0x80000000
    free, mapping = {*seccomp.ALLOWED[machine].values()}, {*seccomp.ALLOWED_UNLESS_EXECUTABLE[machine].values()}
    for number in [*range(600), *(0x40000000 | n for n in range(600))]:
        assert answer(number) == (allowed if number in free | mapping else refused), number
    for number in mapping:
        assert (answer(number, 3), answer(number, 5)) == (allowed, refused)
    assert answer(0, architecture=0x40000003) == killed


def test_other_processors_have_no_filter_and_say_so() -> None:
    with pytest.raises(Unsupported, match="no list of system calls for riscv64"):
        seccomp.program_for("riscv64")


@linux
async def test_refusals_are_told_and_the_others_hold(scanners: Scanners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "app.inspection.processes.scanners.PROGRAM", "tests.support.inspection.scanners.attacks_unfiltered"
    )
    told = {measure.name: measure for measure in await sandbox.measures()}
    assert told["seccomp"] == Measure("seccomp", False, "switched off by a test")
    assert told["descriptors"].in_force


UNREACHED = """
_md5 _sha1 _sha256 _sha3 _tokenize _winapi argparse asyncio.coroutines doctest email.generator email.policy
encodings.mbcs encodings.oem getopt importlib.readers nt numpy py7zr py_compile pydoc readline rlcompleter sitecustomize
statistics subprocess tracemalloc usercustomize
""".split()
"""What loaded modules import in functions that no inspection calls (``main``, ``_test``), or that are not here."""


@linux
async def test_the_log_tells_once_what_does_not_keep_scanners_in(
    scanners: Scanners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "app.inspection.processes.scanners.PROGRAM", "tests.support.inspection.scanners.attacks_unfiltered"
    )
    monkeypatch.setattr("app.inspection.inspector._told", False)
    with capture_logs() as told:
        for _ in range(2):
            await inspected("requirements.txt", b"{}")
    (confined,) = (each["by"] for each in told if each["event"] == "scanners.confined")
    assert {"privileges", "limits", "landlock", "descriptors"} <= set(confined)
    (missed,) = (each for each in told if each["log_level"] == "warning")
    assert (missed["event"], missed["by"], missed["reason"]) == (
        "scanners.not_confined", "seccomp", "switched off by a test"
    )  # fmt: skip


def test_all_modules_are_loaded_before_confinement() -> None:
    """No function of what is loaded imports what is not, but for those that are listed above."""
    command = [sys.executable, "-m", "tests.support.inspection.late_imports"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    late = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert {name: where for name, where in late.items() if name not in UNREACHED} == {}
    assert {"argparse", "subprocess"} <= late.keys()


@pytest.mark.parametrize("path", FILES)
async def test_inside_files_are_judged_as_outside(path: str) -> None:
    assert await inspected(path, FILES[path]) == looked_at(path, FILES[path])


@pytest.mark.parametrize("encoding", ["utf-16", "cp1251", "shift_jis", "idna", "mac_roman"])
async def test_declared_encodings_are_available_to_confined_scanners(encoding: str) -> None:
    text = f"# -*- coding: {encoding} -*-\nnumpy\n"
    content = text.encode("utf-16-le" if encoding == "utf-16" else "ascii")
    report = await inspected("requirements.txt", content if encoding != "utf-16" else b"\xff\xfe" + content)
    assert (report.outcome, report.facts["dependencies"]) == (Outcome.READY, ["numpy"])


async def test_a_killed_fork_server_is_restarted(scanners: Scanners) -> None:
    assert (await inspected("requirements.txt", b"numpy\n")).outcome is Outcome.READY
    assert scanners._process is not None
    first = scanners._process.pid
    os.kill(first, signal.SIGKILL)
    reports = await asyncio.gather(*(inspected("requirements.txt", b"numpy\n") for _ in range(4)))
    assert [report.facts["dependencies"] for report in reports] == [["numpy"]] * 4
    assert scanners._process.pid != first


async def test_inspections_survive_the_death_of_the_fork_server(scanners: Scanners) -> None:
    class Killing(Reader):
        killed = False

        async def read(self, start: int, end: int) -> bytes:
            if scanners._process is not None and not self.killed:
                self.killed = True
                os.kill(scanners._process.pid, signal.SIGKILL)
            return await super().read(start, end)

    await inspected("requirements.txt", b"numpy\n")
    reader = Killing(b"pandas\n")
    report = await inspect("requirements.txt", reader)
    assert reader.killed
    assert report.facts["dependencies"] == ["pandas"]


async def test_a_probe_that_fails_says_nothing_about_a_file_and_is_tried_again(
    scanners: Scanners, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed() -> list[Measure]:
        raise sandbox.Killed("It could not be scanned within 30 seconds.")

    monkeypatch.setattr("app.inspection.inspector._told", False)
    with monkeypatch.context() as patched, capture_logs() as told:
        patched.setattr(sandbox, "measures", killed)
        report = await inspected("requirements.txt", b"numpy\n")
    assert report.outcome is Outcome.READY
    assert report.facts["dependencies"] == ["numpy"]
    assert [each["event"] for each in told] == ["scanners.not_probed"]
    with capture_logs() as told:
        await inspected("requirements.txt", b"numpy\n")
    assert "scanners.confined" in [each["event"] for each in told]


async def test_scanners_that_cannot_be_started_say_nothing_about_a_file(
    scanners: Scanners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.inspection.processes.scanners.PROGRAM", "tests.inspection.no_such_program")
    with pytest.raises(sandbox.ScannersBroken, match="cannot be started"):
        await inspected("requirements.txt", b"numpy\n")


async def test_a_fork_that_fails_is_tried_again(scanners: Scanners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.inspection.processes.scanners.PROGRAM", "tests.support.inspection.scanners.forks_seldom")
    for _ in range(3):
        report = await inspected("requirements.txt", b"numpy\n")
        assert report.facts["dependencies"] == ["numpy"]


@linux
async def test_a_stuck_fork_server_is_replaced(scanners: Scanners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.inspection.processes.scanners.STUCK_SECONDS", 0.2)
    await inspected("requirements.txt", b"numpy\n")
    assert scanners._process is not None
    first = scanners._process.pid
    os.kill(first, signal.SIGSTOP)
    scanners.stop()
    report = await inspected("requirements.txt", b"numpy\n")
    assert report.facts["dependencies"] == ["numpy"]
    assert scanners._process.pid != first
    assert not _is_alive(first)


async def test_a_scanner_that_was_taken_over_reads_no_more_than_allowed(
    scanners: Scanners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.inspection.processes.scanners.PROGRAM", "tests.support.inspection.scanners.greedy")
    monkeypatch.setattr(sandbox, "SLACK", 0)
    for content, most in ((b"x" * 10_000, 100_000), (b"x", 200 * sandbox.SMALLEST_CHARGE)):
        reader = Reader(content)
        with pytest.raises(sandbox.Killed, match="answered nonsense"):
            await sandbox.run(InspectionRequest(Kind.PICKLE, "m.pkl", reader.size, Limits(read_bytes=most)), reader)
        assert reader.read_bytes <= most


def told(**changes: Any) -> bytes:
    report = {"outcome": "ready", "reason": None, "format": None, "facts": {}, "scan": None}
    return json.dumps(report | changes).encode()


NONSENSE = [b"", b"x", b"[]", b"{}", b"[" * 100_000, b'{"outcome": "perfect"}', b"\xff", b'{"outcome": []}',
            b'{"outcome": "ready", "facts": 1e999999, "more": {}}',
            told(facts=[]), told(facts={"a": "\0"}), told(facts={"\ud800": 1}), told(reason=5), told(format=["x"]),
            told(facts={"a": 1e400}), told(facts={"a": [float("nan")]}), told(outcome="perfect"), told(scan=[]),
            told(scan={"verdict": "harmless", "imports": [], "findings": [], "scanners": []}),
            told(scan={"verdict": "safe", "imports": [1], "findings": [], "scanners": []}),
            told(scan={"verdict": "safe", "imports": [], "findings": ["\0"], "scanners": []}),
            told(scan={"verdict": "safe", "imports": [], "findings": [], "scanners": [], "more": 1})]  # fmt: skip


@pytest.mark.parametrize("content", NONSENSE)
async def test_malformed_reports_are_refused(
    content: bytes, scanners: Scanners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.inspection.processes.scanners.PROGRAM", "tests.support.inspection.scanners.nonsense")
    reader = Reader(content)
    with pytest.raises(sandbox.Killed, match="answered nonsense"):
        await sandbox.run(InspectionRequest(Kind.PICKLE, "m.pkl", reader.size, Limits()), reader)


async def test_an_idle_fork_server_ends_and_returns(scanners: Scanners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.inspection.processes.scanners.PROGRAM", "tests.support.inspection.scanners.idle_at_once")
    for _ in range(3):
        assert (await inspected("requirements.txt", b"numpy\n")).outcome is Outcome.READY
        assert scanners._process is not None
        assert await asyncio.to_thread(scanners._process.wait, 10) == 0


async def test_scanners_end_with_the_worker() -> None:
    """A worker that is killed leaves neither the forker nor a scanner in the middle of a file."""
    program = (
        "import asyncio, os\n"
        "from app.inspection.inspector import inspect\n"
        "from app.inspection.processes.scanners import scanners\n"
        "class Stuck:\n"
        "    size = 1000\n"
        "    async def read(self, start, end):\n"
        "        if scanners._process is None: return b'#' * 1000\n"
        "        print(scanners._process.pid, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(inspect('requirements.txt', Stuck()))\n"
    )
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    await worker.stdout.readline()  # the log
    forker = int(await worker.stdout.readline())
    scanners = _children(forker)
    worker.kill()
    await worker.wait()
    for _ in range(200):
        if not any(_is_alive(pid) for pid in [forker, *scanners]):
            return
        await asyncio.sleep(0.05)
    pytest.fail("The processes outlive their worker.")


def _children(pid: int) -> list[int]:
    """Empty on systems that do not tell."""
    told = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in told.read_text().split()] if told.exists() else []


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
