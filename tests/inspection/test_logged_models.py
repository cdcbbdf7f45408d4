"""What people really log, made by the libraries themselves, is never quarantined."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from app.inspection.inspector import Outcome, Report
from tests.support.inspection.sample_files import inspected, looked_at

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("logged")
    python, script = (
        ROOT / ".venv-mlflow/bin/python",
        Path(__file__).parents[1] / "support" / "inspection" / "write_logged_models.py",
    )
    subprocess.run([python, "-W", "ignore", script, folder], check=True)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def reports(logged: dict[str, bytes]) -> dict[str, Report]:
    return {name: looked_at(name, content) for name, content in logged.items()}


def test_logged_models_are_not_quarantined(reports: dict[str, Report]) -> None:
    assert len(reports) == 63
    refused = {name: report.reason for name, report in reports.items() if report.outcome is not Outcome.READY}
    assert refused == {}


def test_plain_models_are_safe_and_code_is_suspicious(reports: dict[str, Report]) -> None:
    verdicts = {name: report.scan.verdict for name, report in reports.items() if report.scan}
    assert verdicts.keys() == reports.keys()
    plain = (
        "forest",
        "boosting",
        "text",
        "lightgbm",
        "xgboost",
        "zlib",
        "gzip",
        "bz2",
        "xz",
        "lzma",
        "arrays",
        "frame",
    )
    assert {name for name, verdict in verdicts.items() if verdict != "safe" and name.startswith(plain)} == set()
    with_code = [name for name in verdicts if name.startswith(("functions", "lambda", "values", "typed"))]
    assert {verdicts[name] for name in with_code} == {"suspicious"}


def test_code_of_its_own_is_told(reports: dict[str, Report]) -> None:
    scan = reports["functions.5.cloudpickle"].scan
    assert scan is not None
    assert {"cloudpickle.cloudpickle._make_function", "functools.partial", "os", "numpy", "re"} <= set(scan.imports)
    assert any("uses the modules" in told for told in scan.findings)


def test_formats_are_told(reports: dict[str, Report]) -> None:
    expected = {"forest.5.pkl": "pickle", "forest.joblib": "joblib", "xz.joblib": "joblib", "arrays.npz": "numpy"}
    assert {name: reports[name].format for name in expected} == expected
    assert reports["forest.joblib"].facts["arrayCount"] == 22


async def test_confined_inspection_gives_the_same_report(logged: dict[str, bytes], reports: dict[str, Report]) -> None:
    assert await inspected("forest.joblib", logged["forest.joblib"]) == reports["forest.joblib"]
