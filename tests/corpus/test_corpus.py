"""The record of the corpus is whole and readable, the hostile set is caught, and a maker's errors are told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.inspection.inspector import Outcome, Report, Scan
from tests.corpus import hostile
from tests.corpus.__main__ import PAGE, RECORD
from tests.corpus.environments import GROUPS, LOCKS, MAKERS, ROOT
from tests.corpus.recording import differences, outcomes, record, stable, to_json, to_markdown
from tests.support.inspection.sample_files import looked_at

SUSPICIOUS = Report(format="pickle", scan=Scan("suspicious", [], [], []))


def made(path: str, library: str = "a") -> dict[str, object]:
    return {"library": library, "version": "1", "python": "3.11", "folder": "b", "path": path, "size": 3, "sha256": "f"}


def test_the_record_withholds_all_hostile_files_and_no_honest_one() -> None:
    recorded = json.loads(RECORD.read_text())
    results = outcomes(recorded)
    assert len(results) >= 200
    assert {path for path, (outcome, _) in results.items() if outcome != "ready"} == set()
    assert recorded["hostile"].keys() >= {*hostile.TABLES, hostile.CARRIERS, "poisoned"}
    assert {name: counts for name, counts in recorded["hostile"].items() if counts[0] < counts[1]} == {}
    assert recorded["missing"] == {}


def test_the_page_is_written_from_the_record() -> None:
    recorded = json.loads(RECORD.read_text())
    assert to_markdown(recorded) == PAGE.read_text()
    assert to_json(recorded) == RECORD.read_text()


@pytest.mark.parametrize("table", [*hostile.TABLES, hostile.CARRIERS])
def test_hostile_files_are_withheld(table: str) -> None:
    cases = list(hostile.cases(table))
    assert len(cases) >= 3
    assert [case for case in cases if looked_at(case.path, case.content).outcome is Outcome.READY] == []


def test_every_group_has_its_lock_and_its_makers() -> None:
    for group in GROUPS:
        pins = (LOCKS / f"{group.name}.txt").read_text().splitlines()[1:]
        assert pins
        assert [pin for pin in pins if "==" not in pin or "://" in pin] == []
        assert all((MAKERS / f"{script}.py").exists() for script in group.scripts)


def test_changing_parts_of_paths_are_not_recorded() -> None:
    paths = [
        "joblib/memory/cache/__main__--home-me-classic/halved/1f/out.pkl",
        "mlflow/autolog/artifacts/7270ec3d7e0343ef862342f1ee0ce32d/a",
        "mlflow/autolog/artifacts/8270ec3d7e0343ef862342f1ee0ce32d/a",
        "keras/callbacks/board/events.out.tfevents.1796028013.host.1.0.v2",
    ]
    assert stable(paths) == [
        "joblib/memory/cache/__main__-*/halved/1f/out.pkl",
        "mlflow/autolog/artifacts/*/a",
        "mlflow/autolog/artifacts/*/a (2)",
        "keras/callbacks/board/events.out.tfevents.*",
    ]


def test_differences_are_reported_for_makers_of_both_runs() -> None:
    changing = made(f"a/b/{'f' * 32}")
    before = record([made("a/b/x"), made("a/b/y"), made("c/b/z", "c"), changing], [Report()] * 4, {}, {})
    after = record([made("a/b/x"), made("a/b/w")], [SUSPICIOUS, Report()], {}, {})
    told = ["a/b/x: was ready, is ready (suspicious)", "a/b/w: is new", "a/b/y: is gone"]
    assert differences(before, json.loads(to_json(after))) == told
    assert differences(after, after) == []


def test_makers_files_and_failures_are_recorded(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from tests.corpus.making import attempt, makes, run\n"
        "@makes('python')\n"
        "def some_files(folder):\n"
        "    (folder / 'a').write_text('a')\n"
        "    attempt(folder / 'b', lambda path: path.write_text(1))\n"
        "    raise ValueError('no')\n"
        "run()\n"
    )
    subprocess.run([sys.executable, script, tmp_path, "--suffix=-x"], env={"PYTHONPATH": str(ROOT)}, check=True)
    lines = [json.loads(line) for line in (tmp_path / "made/script-x.jsonl").read_text().splitlines()]
    assert [line.get("error") or line["path"] for line in lines] == ["ValueError: no", "python/some-files-x/a"]
