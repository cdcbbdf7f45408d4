"""Headers of GGUF, ONNX, HDF5 and NumPy: what they say, and the ways in which they lie."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Sequence
from typing import Any

import pytest

from app.inspection.inspector import Limits, Outcome, Report
from tests.support.inspection.handmade_pickles import SYSTEM, proto
from tests.support.inspection.sample_files import Reader, inspect, looked_at

Q = struct.Struct("<Q")


def gguf_text(value: str) -> bytes:
    return Q.pack(len(value.encode())) + value.encode()


def gguf_value(value: Any) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + gguf_text(value)
    if isinstance(value, list):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(gguf_text, value))
    return struct.pack("<II", 4, value)


def gguf(
    metadata: dict[str, Any], described: Sequence[tuple[str, list[int], int, int]] = (), data: int = 0, **counts: int
) -> bytes:
    header = b"GGUF" + struct.pack("<I", counts.get("version", 3))
    header += Q.pack(counts.get("tensors", len(described))) + Q.pack(counts.get("entries", len(metadata)))
    header += b"".join(gguf_text(key) + gguf_value(value) for key, value in metadata.items())
    for name, shape, kind, offset in described:
        header += gguf_text(name) + struct.pack("<I", len(shape)) + b"".join(map(Q.pack, shape))
        header += struct.pack("<IQ", kind, offset)
    return header + bytes(-len(header) % 32) + bytes(data)


LLAMA = {
    "general.architecture": "llama",
    "general.name": "tiny",
    "general.file_type": 2,
    "llama.context_length": 2048,
    "tokenizer.ggml.tokens": ["a", "b" * 5000],
}


def test_gguf_tells_its_architecture() -> None:
    report = looked_at("pytorch_model.bin", gguf(LLAMA, [("w", [32, 4], 2, 0), ("n", [5], 0, 96)], 96 + 20))
    assert report == Report(
        Outcome.READY,
        None,
        "gguf",
        {
            "version": 3,
            "architecture": "llama",
            "name": "tiny",
            "quantisation": "Q4_0",
            "parameterCount": 133,
            "contextLength": 2048,
            "tensorCount": 2,
            "tensorTypes": {"Q4_0": 1, "F32": 1},
            "metadata": {**LLAMA, "tokenizer.ggml.tokens": {"length": 2}},
        },
        None,
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gguf({}, tensors=2**63), "claims 9,223,372,036,854,775,808 tensors"),
        (gguf({}, entries=2**63), "9,223,372,036,854,775,808 entries of metadata"),
        (gguf({}, entries=5), "5 entries of metadata; the file has 32"),
        (gguf({}, entries=1), "claims 4 bytes at 32; the file has 32"),
        (gguf({}, version=9), "GGUF version 9 is not known"),
        (gguf({"a": 1}).replace(gguf_text("a"), Q.pack(2**62) + b"a"), "claims 4,611,686,018,427,387,904 bytes"),
        (gguf({"a": ["x"]}).replace(b"\x08\0\0\0\1", b"\x08\0\0\0\xff", 1), "claims"),
        (gguf({"a": 1}).replace(b"a\x04", b"a\x63"), "a value of type 99"),
        (gguf(LLAMA, [("w", [32, 4], 2, 0)], 10), "The GGUF tensor 'w' ends at"),
        (gguf({}, [("w", [2**63, 2**63], 0, 0)], 10), "The GGUF tensor 'w' ends at"),
        (gguf({}, [("w", [1], 0, 7)], 50), "begins at 7, which 32 does not divide"),
        (gguf({}, [("w", [1] * 5, 0, 0)], 50), "claims 5 dimensions"),
        (gguf({}, [("w", [1], 0, 0), ("w", [1], 0, 32)], 64), "the tensor 'w' 2 times"),
        (gguf({"general.alignment": 0}), "alignment 0"),
        (b"GGUF", "claims 4 bytes at 4; the file has 4"),
        (b"lies", "begins with GGUF"),
    ],
)
def test_inconsistent_gguf_has_failed(content: bytes, reason: str) -> None:
    report = looked_at("model.gguf", content)
    assert (report.outcome, report.format) == (Outcome.FAILED, "gguf")
    assert reason in (report.reason or "")


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out, value = out + bytes((value & 0x7F | 0x80,)), value >> 7
    return out + bytes((value,))


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def onnx_value(name: str, *shape: int | str) -> bytes:
    sides = b"".join(field(1, field(1, side) if isinstance(side, int) else field(2, side)) for side in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, sides)))


def onnx(initializer: bytes = b"", data: bytes = b"") -> bytes:
    inner = field(5, field(8, "inner") + field(13, field(1, "location") + field(2, "deep.bin")))
    node = field(4, "If") + field(5, field(1, "then_branch") + field(6, field(1, field(4, "Relu")) + inner))
    graph = field(1, field(4, "MatMul")) + field(1, node) + field(2, "net")
    graph += field(5, field(1, 3) + field(8, "w") + field(9, data) + initializer)
    graph += (
        field(11, onnx_value("x", "batch", 4)) + field(11, onnx_value("w", 4)) + field(12, onnx_value("y", "batch"))
    )
    return field(1, 9) + field(2, "pytorch") + field(7, graph) + field(8, field(1, "") + field(2, 17))


async def test_onnx_tells_its_graph_without_its_tensors() -> None:
    outside = field(13, field(1, "location") + field(2, "weights/w.bin"))
    reader = Reader(onnx(outside, bytes(3_000_000)))
    report = await inspect("model", reader)
    assert (report.outcome, report.format, report.scan) == (Outcome.READY, "onnx", None)
    assert report.facts == {
        "irVersion": 9,
        "producerName": "pytorch",
        "graph": "net",
        "opsets": {"ai.onnx": 17},
        "inputs": [{"name": "x", "type": "float", "shape": ["batch", 4]}],
        "outputs": [{"name": "y", "type": "float", "shape": ["batch"]}],
        "nodeCount": 2,
        "functionCount": 0,
        "functionNodeCount": 0,
        "operators": {"MatMul": 1, "If": 1, "Relu": 1},
        "initializerCount": 1,
        "externalData": ["deep.bin", "weights/w.bin"],
        "metadata": {},
    }
    assert reader.read_bytes < 300_000


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "a/../../b", "C:\\x", "~/x"])
def test_onnx_with_external_data_outside_the_folder_has_failed(location: str) -> None:
    report = looked_at("m.onnx", onnx(field(13, field(1, "location") + field(2, location))))
    assert report.outcome is Outcome.FAILED
    assert "outside of its folder" in (report.reason or "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (onnx()[:-5], "The bytes end at"),
        (onnx(data=bytes(5000))[:2000], "but its message ends at"),
        (field(1, 9), "has not both"),
        (b"", "has not both"),
        (b"hello world", ""),
        (field(1, 9) + b"\x3a" + b"\xff" * 11, "has no end"),
        (field(1, 9) + field(7, field(1, field(5, field(6, b"") * 2)) * 3)[:-1], "but its message ends at"),
    ],
)
def test_inconsistent_onnx_has_failed(content: bytes, reason: str) -> None:
    report = looked_at("m.onnx", content)
    assert (report.outcome, report.format) == (Outcome.FAILED, "onnx")
    assert reason in (report.reason or "")


def test_onnx_of_graphs_in_graphs_ends() -> None:
    graph = field(2, "g")
    for _ in range(60):
        graph = field(1, field(5, field(6, graph)))
    report = looked_at("m.onnx", field(1, 9) + field(7, graph))
    assert "nested deeper than 32" in (report.reason or "")


def hdf5(version: int, size: int | None = None, extra: bytes = b"") -> bytes:
    start = b"\x89HDF\r\n\x1a\n" + bytes((version,))
    if version < 2:
        head = start + bytes((0, 0, 0, 0, 8, 8, 0)) + struct.pack("<HHI", 4, 16, 0) + (bytes(4) if version else b"")
    else:
        head = start + bytes((8, 8, 0))
    total = len(head) + 40 + len(extra)
    return head + Q.pack(0) + Q.pack(2**64 - 1) + Q.pack(total if size is None else size) + bytes(16) + extra


@pytest.mark.parametrize("version", range(4))
def test_hdf5_tells_its_length(version: int) -> None:
    content = hdf5(version)
    report = looked_at("weights", content)
    assert (report.outcome, report.format) == (Outcome.READY, "hdf5")
    assert report.facts == {
        "superblockVersion": version,
        "declaredBytes": len(content),
        "keras": False,
        "lambdaLayer": False,
    }
    cut = looked_at("weights.h5", hdf5(version, 9999))
    assert cut.outcome is Outcome.FAILED
    assert "says that it has 9,999 bytes" in (cut.reason or "")


def test_hdf5_of_keras_with_code_is_suspicious() -> None:
    report = looked_at("model.h5", hdf5(0, extra=b'keras_version model_config {"class_name": "Lambda"}'))
    assert report.scan is not None
    assert (report.outcome, report.scan.verdict) == (Outcome.READY, "suspicious")
    assert looked_at("model.h5", b"no").outcome is Outcome.FAILED


def npy(header: str, data: bytes = b"", version: int = 1, length: int | None = None) -> bytes:
    text = header.encode()
    count = len(text) if length is None else length
    return b"\x93NUMPY" + bytes((version, 0)) + count.to_bytes(2 if version == 1 else 4, "little") + text + data


def npy_header(descr: Any, shape: Any = (2, 3)) -> str:
    return f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}\n"


@pytest.mark.parametrize(
    ("descr", "size"), [("<f8", 8), ("|b1", 1), ("<U5", 20), ("|S3", 3), ("<M8[ns]", 8), (">c16", 16)]
)
def test_arrays_tell_their_shape(descr: str, size: int) -> None:
    report = looked_at("x.dat", npy(npy_header(descr), bytes(6 * size), version=2))
    assert (report.outcome, report.format, report.scan) == (Outcome.READY, "numpy", None)
    assert report.facts == {"version": "2.0", "dtype": descr, "shape": [2, 3], "fortranOrder": False, "objects": False}
    cut = looked_at("x.npy", npy(npy_header(descr), bytes(6 * size - 1)))
    assert cut.outcome is Outcome.FAILED
    assert f"takes {6 * size:,} bytes, but {6 * size - 1:,} follow" in (cut.reason or "")


@pytest.mark.parametrize(
    "descr", ["|O", [("a", "<i4"), ("b", "|O")], [("a", [("b", "O")])], ("|O", (2,)), "object", "4O", "i4,O"]
)
def test_arrays_of_objects_are_pickles(descr: Any) -> None:
    fine = looked_at("x.npy", npy(npy_header(descr), pickle.dumps([1])))
    assert fine.scan is not None
    assert (fine.outcome, fine.scan.verdict) == (Outcome.READY, "safe")
    harmful = looked_at("x.npy", npy(npy_header(descr), proto(SYSTEM)))
    assert harmful.scan is not None
    assert (harmful.outcome, harmful.scan.verdict) == (Outcome.QUARANTINED, "dangerous")


@pytest.mark.parametrize(
    "content",
    [
        npy("__import__('os').system('harm')"),
        npy("{'descr': '<f8'}"),
        npy(npy_header("<f8", (-1,))),
        npy(npy_header("<f8", (2**70,))),
        npy(npy_header("<f8", (1,) * 100)),
        npy("(" * 5000, version=2, length=5000),
        npy("", version=2, length=2**31),
        npy(npy_header("<f8"), version=9),
        npy(npy_header("|O", (-1,)), proto(SYSTEM)),
        npy(npy_header("|O").replace("3)", "3L)"), proto(SYSTEM)),
        npy(npy_header("|O") + " " * 1_100_000, proto(SYSTEM), version=2),
        npy(npy_header("|T"), bytes(96)),
        npy(npy_header("W4,O"), bytes(96)),
        npy(npy_header([("a", "<W4"), ("b", "W4O")]), bytes(96)),
    ],
)
def test_headers_that_only_numpy_might_read_are_quarantined(content: bytes) -> None:
    report = looked_at("x.npy", content, Limits())
    assert (report.outcome, report.format) == (Outcome.QUARANTINED, "numpy")


@pytest.mark.parametrize("descr", ["<W4", [("a", "<W4"), ("b", "<V2")], ("<W4", (2,))])
def test_arrays_of_new_types_are_not_read_and_not_harmful(descr: Any) -> None:
    """ml_dtypes 0.5 writes `<W4` for complex32, which no numpy.load takes for anything."""
    report = looked_at("x.npy", npy(npy_header(descr), bytes(48)))
    assert (report.outcome, report.format, report.scan) == (Outcome.READY, "numpy", None)
    harmful = looked_at("x.npy", npy(npy_header(descr), proto(SYSTEM)))
    assert harmful.outcome is Outcome.QUARANTINED


def test_long_headers_are_read() -> None:
    fields = [(f"field number {n}", "<f4") for n in range(10_000)]
    report = looked_at("x.npy", npy(npy_header(fields, (1,)), bytes(40_000), version=2))
    assert (report.outcome, report.format, report.scan) == (Outcome.READY, "numpy", None)


@pytest.mark.parametrize("content", [npy(npy_header("<f8"), length=60_000), b"\x93NUMPY"])
def test_truncated_arrays_have_failed(content: bytes) -> None:
    report = looked_at("x.npy", content, Limits())
    assert (report.outcome, report.format) == (Outcome.FAILED, "numpy")


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_array_names_without_the_numpy_mark_are_read_as_pickles(name: str) -> None:
    report = looked_at(name, b"(S'harm'\nios\nsystem\n.")
    assert report.scan is not None
    assert (report.outcome, report.scan.verdict) == (Outcome.QUARANTINED, "dangerous")
