"""Headers of safetensors: what they say, and the ways in which they lie."""

from __future__ import annotations

import pytest

from app.inspection.detection import Kind, detect
from app.inspection.examination import examine
from app.inspection.inspector import Limits, Outcome, Report
from app.inspection.source import Held
from tests.support.inspection.sample_files import Reader, inspect, inspected, safetensors


def tensor(start: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def examined(content: bytes, path: str = "model.safetensors", limits: Limits | None = None) -> Report:
    kind = detect(content[:4096], len(content), path)
    assert kind is Kind.SAFETENSORS
    return examine(kind, path, Held(content), limits or Limits())


async def test_header_is_told_by_reading_a_small_part() -> None:
    header = {"__metadata__": {"format": "pt"}, "b": tensor(24, 28, [2], "F16"), "a": tensor(0, 24, [2, 3])}
    reader = Reader(safetensors(header, bytes(28)) + b"")
    report = await inspect("weights.bin", reader)
    assert report == Report(
        Outcome.READY,
        None,
        "safetensors",
        {
            "tensorCount": 2,
            "parameterCount": 8,
            "dtypes": {"F32": 6, "F16": 2},
            "dataBytes": 28,
            "metadata": {"format": "pt"},
            "tensors": [
                {"name": "a", "dtype": "F32", "shape": [2, 3]},
                {"name": "b", "dtype": "F16", "shape": [2]},
            ],
        },
        None,
    )


async def test_only_the_header_is_read() -> None:
    reader = Reader(safetensors({"a": tensor(0, 2**20, [2**18])}, bytes(2**20)))
    assert (await inspect("a.safetensors", reader)).outcome is Outcome.READY
    assert reader.read_bytes < 10_000


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (safetensors({"a": tensor(0, 8, [2])}, bytes(4)), "ends at 8, but only 4 bytes follow"),
        (safetensors({"a": tensor(0, 8, [3])}, bytes(8)), "takes 96 bits, but its offsets 0 to 8 span 8 bytes"),
        (safetensors({"a": tensor(4, 8, [1])}, bytes(8)), "leaves a gap: it begins at 4, not at 0"),
        (
            safetensors({"a": tensor(0, 8, [2]), "b": tensor(4, 12, [2])}, bytes(12)),
            "overlaps the one before: it begins at 4, not at 8",
        ),
        (safetensors({"a": tensor(0, 8, [2])}, bytes(9)), "end at 8, but 9 bytes follow"),
        (safetensors({"a": tensor(-8, 0, [2])}, bytes(8)), "two numbers from 0 on, not [-8, 0]"),
        (safetensors({"a": tensor(8, 0, [2])}, bytes(8)), "span -8 bytes"),
        (safetensors({"a": tensor(0, 8, [-2])}, bytes(8)), "numbers from 0 on, not [-2]"),
        (safetensors({"a": tensor(0, 8, [True])}, bytes(8)), "numbers from 0 on, not [True]"),
        (safetensors({"a": tensor(0, 8, [2], "F31")}, bytes(8)), "'F31' is no dtype"),
        (safetensors({"a": tensor(0, 0, [2**62] * 9)}), "is larger than any file"),
        (safetensors({"a": {}}), "dtype, shape and data_offsets are needed"),
        (safetensors({"a": None}), "dtype, shape and data_offsets are needed"),
        (safetensors({"__metadata__": {"a": 1}}), "__metadata__ must map text to text"),
        (safetensors(b'{"a":1,"a":2}'), "dtype, shape and data_offsets are needed"),
        (safetensors(b'{"__metadata__":{},"__metadata__":{}}'), "names '__metadata__' 2 times"),
        (safetensors(b'{"a":{"dtype":"F32","dtype":"F32"}}'), "names 'dtype' 2 times"),
        (safetensors(b'{"a":NaN}'), "holds NaN"),
        (safetensors(b'{"a":' * 50_000), "is nested too deeply"),
        (safetensors(b'{"a'), "is no JSON"),
        (safetensors(b'{"\xff":1}'), "is no JSON"),
        (safetensors(b"[1]"), "must be a JSON object, not b'[1]'"),
        (safetensors(b'{"a":' + b"9" * 5000 + b"}"), "is no JSON"),
        (safetensors({}, length=2**63), "claims 9,223,372,036,854,775,808 bytes; the format allows 100,000,000"),
        (safetensors({}, length=500), "claims 500 bytes, but only 2 follow"),
        (b"\1\0\0", "at least 8 bytes, this one has 3"),
        (b"", "at least 8 bytes, this one has 0"),
    ],
)
def test_inconsistent_headers_fail_with_the_numbers(content: bytes, reason: str) -> None:
    report = examined(content)
    assert report.outcome is Outcome.FAILED
    assert reason in (report.reason or "")
    assert report.scan is None


def test_header_beyond_the_limit_is_not_read() -> None:
    assert examined(safetensors({"a": tensor(0, 4, [1])}, bytes(4)), limits=Limits(header_bytes=20)) == Report()


def test_facts_stay_small() -> None:
    header = {"__metadata__": {f"k{n}": "v" * 10_000 for n in range(300)}} | {
        f"{'t' * 500}{n}": tensor(4 * n, 4 * n + 4, [1]) for n in range(1000)
    }
    report = examined(safetensors(header, bytes(4000)), limits=Limits(facts_bytes=20_000))
    assert report.facts["tensorCount"] == 1000
    assert len(report.to_json()) < 20_000
    assert report.facts["leftOut"] == ["tensors", "metadata"]


async def test_pointer_of_git_lfs_is_no_model() -> None:
    report = await inspected("m.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n")
    assert report.outcome is Outcome.FAILED
    assert "pointer of Git LFS" in (report.reason or "")
