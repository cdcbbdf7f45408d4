"""Arrays between the opcodes of a pickle, as joblib writes them."""

from __future__ import annotations

import pickle
import struct

import pytest

from app.inspection.inspector import Outcome, Report
from tests.support.inspection.handmade_pickles import SYSTEM, called, named, proto, text
from tests.support.inspection.sample_files import looked_at


def dtype(code: str | bytes, size: int = -1, flags: int = 0) -> bytes:
    """As NumPy pickles it: a call, then a state of eight."""
    made = called(named("numpy", "dtype"), code if isinstance(code, bytes) else text(code), b"\x89", b"\x88")
    numbers = struct.pack("<ci", b"J", size) + struct.pack("<ci", b"J", -1) + b"K" + bytes((flags,))
    return made + b"(K\x03" + text("<") + b"NNN" + numbers + b"tb"


def array(described: bytes, shape: bytes, content: bytes, *, aligned: bool = True) -> bytes:
    """NumpyArrayWrapper and its state, then what pickle knows nothing of."""
    wrapper = named("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81}("
    wrapper += text("subclass") + named("numpy", "ndarray") + text("shape") + shape + text("order") + text("C")
    wrapper += text("dtype") + described + text("allow_mmap") + b"\x88"
    if aligned:
        return wrapper + text("numpy_array_alignment_bytes") + b"K\x10ub" + b"\x03\xff\xff\xff" + content
    return wrapper + b"ub" + content


def verdict(report: Report) -> str:
    assert report.scan is not None
    return report.scan.verdict


PAIR = b"K\x02K\x03\x86"
ZEROS = bytes(48)


@pytest.mark.parametrize(
    ("described", "size"),
    [
        (dtype("f8"), 8),
        (dtype("c16"), 16),
        (dtype("i4"), 4),
        (dtype("b1"), 1),
        (dtype("U5", 20), 20),
        (dtype("S3", 3), 3),
        (dtype("V12", 12, 16), 12),
        (dtype(named("ml_dtypes", "bfloat16"), 2, 64), 2),
        (dtype(named("ml_dtypes", "float8_e4m3fn"), 1, 64), 1),
        (dtype(named("ml_dtypes", "bcomplex32"), 4, 64), 4),
    ],
)
@pytest.mark.parametrize("aligned", [True, False])
def test_joblib_arrays_are_skipped(described: bytes, size: int, aligned: bool) -> None:
    content = array(described, PAIR, bytes(6 * size), aligned=aligned)
    report = looked_at("model", proto(b"](" + content + content + b"e"))
    assert (report.format, verdict(report)) == ("joblib", "safe")
    assert report.facts["arrayCount"] == 2
    assert verdict(looked_at("model", proto(b"](" + content + SYSTEM + b"e"))) == "dangerous"
    assert looked_at("model", proto(content)[: -6 * size]).outcome is Outcome.QUARANTINED


STRINGS = called(named("numpy._core._internal", "_convert_to_stringdtype_kwargs"), b"K\x01")


@pytest.mark.parametrize(
    "described",
    [dtype("O8", 8, 63), dtype("V12", 12, 27), STRINGS, called(named("numpy.dtypes", "StringDType"))],
)
def test_arrays_of_objects_are_pickles(described: bytes) -> None:
    def content(inner: bytes) -> bytes:
        return proto(array(described, PAIR, b"", aligned=True)[:-4] + inner)

    assert verdict(looked_at("model", content(pickle.dumps([1])))) == "safe"
    assert verdict(looked_at("model", content(proto(SYSTEM)))) == "dangerous"
    assert verdict(looked_at("model", content(b"\x80\x04N"))) == "unreadable"


@pytest.mark.parametrize(
    ("described", "shape"),
    [
        (named("numpy", "float64"), PAIR),
        (dtype("f8"), b"N"),
        (dtype("f8"), b"J\xff\xff\xff\xff\x85"),
        (dtype("x9"), PAIR),
        (called(named("numpy", "dtype"), text("V8")), PAIR),
        (dtype(named("numpy", "float64"), 100, 0), PAIR),
        (dtype(named("x.y", "bfloat16"), 100, 0), PAIR),
        (dtype(named("ml_dtypes", "finfo"), 100, 0), PAIR),
        (called(named("numpy", "dtype"), named("ml_dtypes", "bfloat16")), PAIR),
        (called(named("numpy", "dtype"), called(named("x", "y"))), PAIR),
    ],
)
def test_arrays_of_undetermined_size_are_unreadable(described: bytes, shape: bytes) -> None:
    assert verdict(looked_at("model", proto(array(described, shape, ZEROS)))) == "unreadable"


def test_array_data_is_also_judged_as_opcodes() -> None:
    """joblib takes them for numbers, pickle.load for opcodes: loading it with the latter must do no harm."""
    hidden = (b"0" + SYSTEM + b".").ljust(48, b"\0")
    content = array(dtype("f8"), PAIR, hidden, aligned=False)
    report = looked_at("model.joblib", proto(content))
    assert verdict(report) == "dangerous"
    assert "Read by pickle instead of joblib" in (report.reason or "")


def test_memo_is_shared_across_arrays() -> None:
    content = text("system") + b"\x940" + text("os") + b"\x940" + array(dtype("f8"), PAIR, ZEROS) + b"0h\x01h\x00\x93"
    assert verdict(looked_at("model", proto(content))) == "dangerous"
