"""When two files are judged alike."""

from __future__ import annotations

import gzip
import pickle
import shutil
from pathlib import Path

import pytest

from app.inspection import equality
from app.inspection.detection import HEAD, detect
from app.inspection.equality import TELLING_SUFFIXES, name_kind, rules
from app.inspection.examination import examine
from app.inspection.limits import Limits

HEADS = {
    "text": b"numpy==2.1.0\n",
    "noise": bytes(range(255, -1, -1)),
    "pickle": pickle.dumps({"a": [1, 2, 3], "b": "c"}),
    "old pickle": b"cos\nsystem\n(S'true'\ntR.",
    "zip": b"PK\x03\x04" + bytes(40),
    "gguf": b"GGUF\x03\0\0\0" + bytes(16),
    "safetensors": (2).to_bytes(8, "little") + b"{}",
    "onnx": b"\x08\x0a\x12\x03abc",
    "gzip": gzip.compress(pickle.dumps([1, 2])),
    "yaml": b"flavors: {}\n",
    "empty": b"",
}
SUFFIXES = sorted(TELLING_SUFFIXES | {f".pkl{each}" for each in (".gz", ".z", ".zip")} | {".tar.gz", ".joblib.gz"})


class Bytes:
    def __init__(self, data: bytes) -> None:
        self.data, self.size = data, len(data)

    def read(self, start: int, end: int) -> bytes:
        return self.data[start:end]


@pytest.mark.parametrize("head", sorted(HEADS))
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_paths_of_one_name_kind_have_equal_reports(head, suffix):
    """For names that look like nothing in particular, and for those that other rules are about."""
    data = HEADS[head]
    names = [
        "a",
        "model",
        "requirements",
        "conda",
        "MLmodel",
        "mlmodel",
        "Some.Name",
        "folder.pt/saved_model",
        "code/x",
    ]
    kinds: dict[str, list[object]] = {}
    for name in names:
        path = f"{name}{suffix}"
        kind = detect(data[:HEAD], len(data), path)
        report = examine(kind, path, Bytes(data), Limits()) if kind else None
        kinds.setdefault(name_kind(path), []).append((kind, report))
    for reports in kinds.values():
        assert all(each == reports[0] for each in reports)


@pytest.mark.parametrize(
    ("one", "other", "are_alike"),
    [
        ("a.pkl", "folder/b.PKL", True),
        ("a.bin", "a.pkl", False),
        ("a.pkl.gz", "b.pkl.gz", True),
        ("a.pkl.gz", "b.json.gz", False),
        ("requirements.txt", "notes.txt", False),
        ("MLmodel", "sub/mlmodel", True),
        ("conda.yaml", "python_env.yaml", False),
        (".pkl", ".bin", False),
    ],
)
def test_name_kind_of_typical_paths(one, other, are_alike):
    assert (name_kind(one) == name_kind(other)) is are_alike


def test_changed_inspection_code_changes_the_rules(tmp_path, monkeypatch):
    assert rules() == rules.__wrapped__()
    copy = tmp_path / "inspection"
    shutil.copytree(Path(equality.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(equality, "__file__", str(copy / "equality.py"))
    assert rules.__wrapped__() == rules()
    with (copy / "detection.py").open("a") as code:
        code.write("# another rule\n")
    assert rules.__wrapped__() != rules()


def test_changed_scanner_version_changes_the_rules(monkeypatch):
    monkeypatch.setattr(equality, "version", lambda _distribution: "99")
    assert rules.__wrapped__() != rules()
