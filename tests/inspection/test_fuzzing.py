"""Whatever the bytes and the name: a report, soon, and never an exception."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import zipfile

from hypothesis import given, settings
from hypothesis import strategies as st

from app.inspection.detection import Kind
from app.inspection.examination import examine
from app.inspection.inspector import Limits, Outcome, Report
from app.inspection.source import Held
from tests.inspection.test_documents import MLMODEL
from tests.inspection.test_format_detection import LEARNER, TREES, ubjson
from tests.inspection.test_headers import LLAMA, gguf, hdf5, npy, npy_header, onnx
from tests.inspection.test_joblib import PAIR, ZEROS, array, dtype
from tests.inspection.test_joined_archives_and_lz4 import MODEL, frame, packed
from tests.inspection.test_keras import REGISTERED, archive, model
from tests.inspection.test_tars import FILE, INSIDE, tarred
from tests.support.inspection.handmade_pickles import SYSTEM, proto
from tests.support.inspection.sample_files import looked_at, safetensors

LIMITS = Limits(opcodes=100_000, unpacked_bytes=2_000_000)


def _zip() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", pickle.dumps({"a": [1, 2.5, "x"]}))
        archive.writestr("b.npy", npy(npy_header("<f8"), bytes(48)))
    return written.getvalue()


HONEST: list[tuple[str, bytes]] = [
    ("m.safetensors", safetensors({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(8))),
    ("m.gguf", gguf(LLAMA, [("w", [32, 4], 2, 0)], 96)),
    ("m.onnx", onnx(data=bytes(20))),
    ("m.h5", hdf5(0)),
    ("m.npy", npy(npy_header("<f8"), bytes(48))),
    ("o.npy", npy(npy_header("|O"), pickle.dumps([None]))),
    ("MLmodel", MLMODEL.encode()),
    ("conda.yaml", b"name: e\ndependencies:\n- python=3\n- pip:\n  - numpy\n"),
    ("requirements.txt", b"numpy\n"),
    ("m.zip", _zip()),
    ("m.pkl.gz", gzip.compress(pickle.dumps([1, "a"] * 20))),
    ("m.joblib", proto(b"](" + array(dtype("f8"), PAIR, ZEROS) + b"e")),
    *((f"m{n}.pkl", pickle.dumps({"a": [1, -5, 2**70, b"x", "y", {1}], "b": Limits}, n)) for n in range(6)),
    ("harm.pkl", proto(SYSTEM)),
    ("m.tar", tarred(INSIDE["link through a link"])),
    ("m.tar.gz", gzip.compress(tarred([("sub/data.pkl", FILE, pickle.dumps([1]))]))),
    ("m.joblib", frame(packed(b"\x12a\x01\x00\x50hello"))),
    ("0.distcp", MODEL + MODEL),
    ("m.ubj", ubjson(json.loads(LEARNER))),
    ("m.json", LEARNER.encode()),
    ("m.txt", TREES),
    ("train.jl", b"cos\nsin\ntan\n"),
    ("m.keras", archive(model(REGISTERED["Keras 3"]))),
]


def check(report: Report) -> None:
    assert isinstance(report.outcome, Outcome)
    assert (report.reason is None) == (report.outcome is Outcome.READY)
    assert Report.from_json(report.to_json()) == report
    json.dumps(report.facts, allow_nan=False)


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(Kind), content=st.binary(max_size=300))
def test_random_bytes_of_every_kind_yield_a_report(kind: Kind, content: bytes) -> None:
    check(examine(kind, "file", Held(content), LIMITS))


@settings(max_examples=80, deadline=None)
@given(content=st.binary(max_size=100), name=st.sampled_from([name for name, _ in HONEST]))
def test_random_bytes_under_random_names_yield_a_report(content: bytes, name: str) -> None:
    check(looked_at(name, content, LIMITS))


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_mutated_honest_files_yield_a_report(data: st.DataObject) -> None:
    name, content = data.draw(st.sampled_from(HONEST))
    changed = bytearray(content)
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        changed[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    check(looked_at(name, bytes(changed[:end]), LIMITS))


PLAIN = b"( N t R b e u s a 0 1 2 } ] ) \x85 \x86 \x94 \x93 \x81 \x92 o Q h\x00 q\x00 K\x01 C\x01x .".split()
NAMES = [b"\x8c\x02os", b"\x8c\x06system", b"\x8c\x03abc", b"cos\nsystem\n", b"ia\nb\n", b"cbuiltins\ngetattr\n"]
NAMES += [b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n", b"cnumpy\ndtype\n", b"ccloudpickle.cloudpickle\nsubimport\n"]
OPCODES = st.sampled_from(PLAIN + NAMES)


@settings(max_examples=150, deadline=None)
@given(st.lists(OPCODES, max_size=60).map(b"".join))
def test_random_opcodes_yield_a_report(body: bytes) -> None:
    report = looked_at("m.pkl", b"\x80\x04" + body + b".", LIMITS)
    check(report)
    assert report.scan is not None
    if "os.system" in report.scan.imports:
        assert report.scan.verdict == "dangerous"
