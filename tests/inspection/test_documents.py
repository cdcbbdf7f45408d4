"""MLmodel, conda.yaml and requirements.txt, honest and hostile."""

from __future__ import annotations

import json

import pytest
import yaml

from app.inspection.inspector import Limits, Outcome, Report
from tests.support.inspection.sample_files import inspected, looked_at

MLMODEL = """
artifact_path: model
flavors:
  python_function:
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.sklearn
    python_version: 3.11.7
  sklearn:
    code: null
    pickled_model: model.pkl
mlflow_version: 3.17.2
model_size_bytes: 1234
model_uuid: 0123
run_id: 5e1f
signature:
  inputs: '[{"type": "double", "name": "x", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
utc_time_created: '2026-01-01 00:00:00'
"""


async def test_mlmodel_tells_flavors_and_signature() -> None:
    report = await inspected("model/MLmodel", MLMODEL.encode())
    assert (report.outcome, report.format, report.scan) == (Outcome.READY, "mlmodel", None)
    assert report.facts == {
        "flavors": {
            "python_function": {
                "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
                "loader_module": "mlflow.sklearn",
                "python_version": "3.11.7",
            },
            "sklearn": {"code": None, "pickled_model": "model.pkl"},
        },
        "pythonVersion": "3.11.7",
        "loaderModule": "mlflow.sklearn",
        "signature": {
            "inputs": [{"type": "double", "name": "x", "required": True}],
            "outputs": [{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}],
            "params": None,
        },
        "artifactPath": "model",
        "mlflowVersion": "3.17.2",
        "modelSizeBytes": 1234,
        "modelUuid": 83,
        "runId": "5e1f",
        "createdAt": "2026-01-01 00:00:00",
    }


def bomb(levels: int, each: int) -> str:
    lines = ["flavors: {}", "a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * each)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("flavors: !!python/object/apply:os.system [harm]", "is no YAML"),
        ("flavors: {a: 2026-99-99}", "holds a value that is none"),
        ("flavors: [", "is no YAML"),
        ("- 1", "must be a mapping"),
        ("", "must be a mapping"),
        ("a: 1\n---\nb: 2", "is no YAML"),
        ("flavors: {? [a, {b: 1}] : 1}", "is no YAML"),
        ("flavors: \x00", "is no YAML"),
        ("a: " + "[1," * 30 + "2" * 5000 + "]" * 30, "holds a value that is none"),
    ],
)
def test_hostile_documents_have_failed(content: str, reason: str) -> None:
    report = looked_at("MLmodel", content.encode())
    assert (report.outcome, report.format) == (Outcome.FAILED, "mlmodel")
    assert reason in (report.reason or "")


@pytest.mark.parametrize(
    "content",
    [
        bomb(60, 9),
        "flavors: {a: &a {b: 1}, c: {<<: *a}}",
        "flavors: " + "[" * 10_000,
        "flavors: [1]",
        "flavors: {}\nx: " + "x" * 17_000_000,
    ],
)
def test_documents_that_mlflow_may_well_read_are_of_no_format(content: str) -> None:
    assert looked_at("MLmodel", content.encode()) == Report()


def test_mlmodel_may_have_no_flavors_and_many_columns() -> None:
    for content in ("run_id: a", "run_id: a\nflavors: null"):
        report = looked_at("MLmodel", content.encode())
        assert (report.outcome, report.facts["flavors"], report.facts["runId"]) == (Outcome.READY, {}, "a")
    columns = [{"type": "double", "name": f"the column {n}", "required": True} for n in range(20_000)]
    report = looked_at(
        "MLmodel", yaml.safe_dump({"flavors": {}, "signature": {"inputs": json.dumps(columns)}}).encode()
    )
    assert (report.outcome, report.format) == (Outcome.READY, "mlmodel")
    signature = report.facts["signature"]
    assert isinstance(signature, dict)
    assert signature["inputs"] == [*columns[:600], "…"]


def test_aliases_do_not_make_facts_large() -> None:
    report = looked_at("MLmodel", bomb(20, 9).replace("flavors: {}", "x: 1").encode() + b"\nflavors: {a: *a19}")
    assert report.outcome is Outcome.READY
    assert len(report.to_json()) < Limits().facts_bytes


def test_documents_must_be_text() -> None:
    report = looked_at("MLmodel", b"flavors: \xff")
    assert "no text in UTF-8: byte 9" in (report.reason or "")


def test_conda_tells_its_dependencies() -> None:
    text = "name: e\nchannels: [conda-forge]\ndependencies:\n- python=3.11.7\n- pip<=24\n- pip: [mlflow==3.1, numpy]\n"
    report = looked_at("conda.yaml", text.encode())
    assert report.facts == {
        "name": "e",
        "channels": ["conda-forge"],
        "dependencyCount": 4,
        "dependencies": ["python=3.11.7", "pip<=24"],
        "pip": ["mlflow==3.1", "numpy"],
    }
    assert looked_at("conda.yaml", b"dependencies: 7").outcome is Outcome.FAILED
    assert looked_at("conda.yaml", b"dependencies: [{pip: 7}, {x: 1}, 5]").facts["dependencyCount"] == 0


def test_requirements_tell_packages_and_options() -> None:
    text = b"# made\n--index-url https://x\nmlflow==3.1  # why\n\n-r other.txt\nnumpy>=1\n"
    report = looked_at("sub/requirements-dev.txt", text)
    assert report.facts == {
        "dependencyCount": 2,
        "dependencies": ["mlflow==3.1", "numpy>=1"],
        "options": ["--index-url https://x", "-r other.txt"],
    }
    many = looked_at("requirements.txt", b"a\n" * 1000, Limits(listed=5))
    assert (many.facts["dependencyCount"], many.facts["dependencies"]) == (1000, ["a"] * 5)
    assert looked_at("requirements.txt", bytes(range(256))).outcome is Outcome.FAILED
