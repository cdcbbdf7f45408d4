"""Formats that are known by the whole of what they hold, and what only begins like them."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from app.inspection.inspector import Limits, Outcome, Report
from tests.inspection.test_archives import FINE, HARM, verdict, zipped
from tests.inspection.test_headers import field, gguf, hdf5, onnx, onnx_value, varint
from tests.support.inspection.handmade_pickles import SYSTEM, proto
from tests.support.inspection.sample_files import looked_at, safetensors

NAMES = ["saved_model.pb", "model.mlmodel", "model", "weights.bin", "graph.pb"]
NEGATIVE = varint(2**64 - 1)
LATER = field(7, field(1, field(4, "Relu"))) + field(8, field(2, 17))
"""The graph and opsets of a model."""

OTHERS = {
    "SavedModel of TensorFlow": field(1, 1) + field(2, field(1, field(4, "serve")) + field(2, field(1, field(1, "x")))),
    "Core ML": field(1, 4) + field(2, field(100, field(1, "me"))) + field(500, field(1, field(1, "l"))),
    "Core ML, as a pipeline": field(1, 9) + field(2, b"") + field(10, 1) + field(202, b""),
    "a graph of TensorFlow": field(1, field(1, "x") + field(2, "Placeholder")),
    "ONNX without a graph": field(1, 9) + field(2, "pytorch"),
    "ONNX that is cut off": (field(1, 9) + LATER)[:-3],
    "TensorFlow Lite": b"\x1c\0\0\0TFL3" + bytes(100),
    "an index of a checkpoint": bytes(40) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb",
    "events": struct.pack("<QI", 24, 7) + bytes(28),
    "two lines of text": b"\x08\t\x12\n",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_other_messages_than_models_of_onnx_are_of_no_format(name: str, content: bytes) -> None:
    assert looked_at(name, content) == Report()


@pytest.mark.parametrize("key", ["SavedModel of TensorFlow", "Core ML", "ONNX without a graph", "ONNX that is cut off"])
def test_other_messages_named_onnx_have_failed(key: str) -> None:
    report = looked_at("model.onnx", OTHERS[key])
    assert (report.outcome, report.format) == (Outcome.FAILED, "onnx")


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("producerName", field(2, "p")),
        ("producerVersion", field(3, "p")),
        ("domain", field(4, "p")),
        ("docString", field(6, "p")),
        ("graph", b""),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_onnx_is_detected_by_any_first_field(name: str, told: str, value: bytes) -> None:
    report = looked_at(name, field(1, 9) + value + field(7, field(1, field(4, "Relu")) + field(2, "p")))
    assert (report.outcome, report.format, report.facts[told]) == (Outcome.READY, "onnx", "p")


def test_numbers_of_onnx_may_be_negative() -> None:
    report = looked_at("model", field(1, 9) + varint(5 << 3) + NEGATIVE + LATER)
    assert (report.format, report.facts["modelVersion"]) == ("onnx", -1)


def test_unknown_onnx_fields_are_skipped() -> None:
    group = varint(99 << 3 | 3) + field(1, 5) + varint(7 << 3 | 3) + varint(7 << 3 | 4) + varint(99 << 3 | 4)
    unknown = field(99, 5) + varint(98 << 3 | 1) + bytes(8) + varint(97 << 3 | 5) + bytes(4) + group
    assert looked_at("m.onnx", onnx() + unknown).outcome is Outcome.READY
    assert looked_at("m.onnx", onnx() + group[:-2]).outcome is Outcome.FAILED
    assert looked_at("m.onnx", onnx() + varint(99 << 3 | 4)).outcome is Outcome.FAILED


def of_type(kind: bytes) -> bytes:
    return field(1, "x") + field(2, kind)


TENSOR = field(1, 1) + field(2, field(1, field(2, "n")) + field(1, varint(1 << 3) + NEGATIVE))
TYPES: dict[str, tuple[bytes, Any]] = {
    "float": (field(1, TENSOR), ["n", -1]),
    "seq(tensor(float))": (field(4, field(1, field(1, TENSOR))), ["n", -1]),
    "optional(tensor(float))": (field(9, field(1, field(1, TENSOR))), ["n", -1]),
    "optional(seq(tensor(float)))": (field(9, field(1, field(4, field(1, field(1, TENSOR))))), ["n", -1]),
    "map(int64, tensor(float))": (field(5, field(1, 7) + field(2, field(1, TENSOR))), None),
    "seq(map(string, tensor(float)))": (field(4, field(1, field(5, field(1, 8) + field(2, field(1, TENSOR))))), None),
    "sparse_tensor(float)": (field(8, TENSOR), ["n", -1]),
    "opaque": (field(7, b""), None),
    "type 77": (field(1, field(1, 77)), None),
    **{
        name: (field(1, field(1, number)), None)
        for number, name in enumerate(["float8e8m0", "uint2", "int2", "float6e2m3", "float6e3m2"], 24)
    },
}


@pytest.mark.parametrize("told", TYPES)
def test_types_of_onnx(told: str) -> None:
    kind, shape = TYPES[told]
    report = looked_at("m", field(1, 9) + field(7, field(1, field(4, "Relu")) + field(11, of_type(kind))))
    assert report.facts["inputs"] == [{"name": "x", "type": told, "shape": shape}]


def test_types_of_onnx_within_each_other_end() -> None:
    kind = TENSOR
    for _ in range(40):
        kind = field(4, field(1, kind))
    report = looked_at("m.onnx", field(1, 9) + field(7, field(11, of_type(kind))))
    assert "nested deeper than 20" in (report.reason or "")


def test_nodes_within_functions_count_apart() -> None:
    outside = field(5, field(1, "value") + field(5, field(13, field(1, "location") + field(2, "w.bin"))))
    function = field(1, "f") + field(7, field(4, "Neg")) + field(7, field(4, "Constant") + outside)
    facts = looked_at("m", onnx() + field(25, function) + field(25, function)).facts
    assert (facts["nodeCount"], facts["functionCount"], facts["functionNodeCount"]) == (2, 2, 4)
    assert facts["operators"] == {"Constant": 2, "If": 1, "MatMul": 1, "Neg": 2, "Relu": 1}
    assert facts["externalData"] == ["deep.bin", "w.bin"]
    leaving = function.replace(b"w.bin", b"../xx")
    assert looked_at("m.onnx", onnx() + field(25, leaving)).outcome is Outcome.FAILED


def test_data_beside_a_model_may_be_reached_by_a_detour() -> None:
    inside = field(13, field(1, "location") + field(2, "a/../w.bin"))
    assert looked_at("m.onnx", onnx(inside)).outcome is Outcome.READY


QUANTISED = {
    19: "IQ2_XXS",
    21: "Q2_K_S",
    27: "IQ3_M",
    31: "IQ1_M",
    36: "TQ1_0",
    38: "MXFP4_MOE",
    39: "NVFP4",
    40: "Q1_0",
}


@pytest.mark.parametrize("number", QUANTISED)
def test_gguf_tells_its_file_type(number: int) -> None:
    assert looked_at("m.gguf", gguf({"general.file_type": number})).facts["quantisation"] == QUANTISED[number]


def test_gguf_is_quantised_as_most_of_its_weights_are() -> None:
    described = [("w", [1024, 1024], 40, 0)] + [(f"norm{n}", [32], 0, 589824 + 128 * n) for n in range(9)]
    facts = looked_at("m.gguf", gguf({}, described, 589824 + 9 * 128)).facts
    assert (facts["quantisation"], facts["tensorTypes"]) == ("NVFP4", {"NVFP4": 1, "F32": 9})
    described = [("w", [128, 4], 41, 0)]
    assert looked_at("m.gguf", gguf({}, described, 72)).facts["quantisation"] == "Q1_0"
    assert looked_at("m.gguf", gguf({}, described, 71)).outcome is Outcome.FAILED


def test_gguf_may_have_more_than_is_read_here() -> None:
    assert looked_at("m.gguf", gguf({"a": "b" * 500}), Limits(header_bytes=100)) == Report()
    twice = gguf({"general.name": "first", "general.nam_": "second"}).replace(b"general.nam_", b"general.name")
    assert looked_at("m.gguf", twice).facts["name"] == "first"
    long = [("n" * 400 + end, [1], 0, 32 * at) for at, end in enumerate("ab")]
    assert looked_at("m.gguf", gguf({}, long, 36)).outcome is Outcome.READY


ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "header",
    [
        {"__metadata__": None, "a": ENTRY},
        {"a": ["F32", [1], [0, 4]]},
        {"a": ENTRY | {"more": 1}},
        {"a": ENTRY | {"shape": [1] * 65}},
        {"a": ENTRY, "b": {"dtype": "F32", "shape": [2**63, 0], "data_offsets": [4, 4]}},
        b'{"a":{"dtype":"F32","shape":[7],"data_offsets":[0,9]},"a":' + json.dumps(ENTRY).encode() + b"}",
        b'  {"a":' + json.dumps(ENTRY).encode() + b"}  ",
    ],
)
def test_headers_that_safetensors_reads(header: Any) -> None:
    report = looked_at("m.safetensors", safetensors(header, bytes(4)))
    assert (report.outcome, report.format, report.facts["parameterCount"]) == (Outcome.READY, "safetensors", 1)


@pytest.mark.parametrize("header", [{"a": 1}, {"a": {"type": "f4"}}, b'{"a": NaN}', b'{"a"'])
def test_other_files_that_begin_with_a_length_and_json_are_of_no_format(header: Any) -> None:
    content = safetensors(header, bytes(100))
    assert looked_at("index.dat", content) == Report()
    assert looked_at("index.safetensors", content).outcome is Outcome.FAILED


@pytest.mark.parametrize("block", [512, 1024, 2048, 8192])
@pytest.mark.parametrize("version", [0, 2])
def test_hdf5_may_begin_behind_a_block_of_the_user(block: int, version: int) -> None:
    plain = hdf5(version)
    based = plain.replace(struct.pack("<QQ", 0, 2**64 - 1), struct.pack("<QQ", block, 2**64 - 1))
    based = based.replace(struct.pack("<Q", len(plain)), struct.pack("<Q", block + len(plain)))
    for content in (bytes(block) + based, bytes(block) + plain):
        report = looked_at("m.h5", content)
        assert (report.outcome, report.format, report.facts["superblockVersion"]) == (Outcome.READY, "hdf5", version)
        cut = looked_at("m.h5", content[:-1])
        assert (cut.outcome, cut.format) == (Outcome.FAILED, "hdf5")
    if block < 4096:
        assert looked_at("m.mat", bytes(block) + based).format == "hdf5"
    assert looked_at("m.h5", bytes(block - 1) + based).outcome is Outcome.FAILED
    assert verdict(looked_at("m.mat", (HARM + bytes(block))[:block] + based)) == "dangerous"


LEARNER = (
    '{"learner":{"attributes":{"best":"1"},"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":'
    '{"num_parallel_tree":"1","num_trees":"5"},"trees":[{"tree_param":{"num_feature":"9"}}]},"name":"gbtree"},'
    '"learner_model_param":{"base_score":"5E-1","num_class":"3","num_feature":"6"},"objective":'
    '{"name":"multi:softprob","softmax_multiclass_param":{"num_class":"3"}}},"version":[3,4,1]}'
)


def ubjson(value: Any) -> bytes:
    """As XGBoost writes it."""
    if isinstance(value, dict):
        return b"{" + b"".join(ubjson(key)[1:] + ubjson(inner) for key, inner in value.items()) + b"}"
    if isinstance(value, list):
        return b"[#L" + len(value).to_bytes(8, "big") + b"".join(map(ubjson, value))
    if isinstance(value, int):
        return b"i" + bytes((value,))
    return b"SL" + len(value).to_bytes(8, "big") + value.encode()


@pytest.mark.parametrize(("encoding", "content"), [("json", LEARNER.encode()), ("ubjson", ubjson(json.loads(LEARNER)))])
@pytest.mark.parametrize("name", ["model.json", "model.ubj", "model"])
def test_xgboost(encoding: str, content: bytes, name: str) -> None:
    report = looked_at(name, content)
    assert report == Report(
        format="xgboost",
        facts={
            "encoding": encoding,
            "version": "3.4.1",
            "objective": "multi:softprob",
            "booster": "gbtree",
            "featureCount": 6,
            "classCount": 3,
            "treeCount": 5,
        },
    )
    assert looked_at(name, content[:200]) == Report()


def test_other_json_is_of_no_format() -> None:
    for content in (b"{}", b'{"learner":{"generic_param":{}}}', b'{"learner": 1, "attributes": 2}', b"[1]"):
        assert looked_at("model.json", content) == Report()


TREES = (
    b"tree\nversion=v4\nnum_class=3\nmax_feature_idx=5\nobjective=multiclass num_class:3\nfeature_names=a b c d e f\n"
)
TREES += b"tree_sizes=10 11 12\n\nTree=0\nnum_class=99\n"


def test_lightgbm() -> None:
    for content in (TREES, TREES.replace(b"\n", b"\r\n")):
        report = looked_at("model.txt", content)
        assert (report.outcome, report.format) == (Outcome.READY, "lightgbm")
        assert report.facts == {
            "version": "v4",
            "objective": "multiclass num_class:3",
            "featureCount": 6,
            "classCount": 3,
            "treeCount": 3,
            "features": ["a", "b", "c", "d", "e", "f"],
        }
    assert looked_at("model.txt", b"tree\nof life\n") == Report()


def test_catboost() -> None:
    core = b"FlabuffersModel_v1\0" + b'{"loss_function":{"type":"Logloss","params":{}}}' + b"CatBoost release 1.2.10. c"
    content = b"CBM1" + struct.pack("<I", len(core)) + core
    report = looked_at("model", content + b"more")
    assert (report.outcome, report.format) == (Outcome.READY, "catboost")
    assert report.facts == {
        "formatVersion": "FlabuffersModel_v1",
        "version": "1.2.10",
        "lossFunction": "Logloss",
        "modelBytes": len(core),
    }
    cut = looked_at("model.cbm", content[:-1])
    assert (cut.outcome, cut.format) == (Outcome.FAILED, "catboost")
    disguised = b"CBM1" + bytes(64) + b"0" + proto(SYSTEM)[2:]
    assert verdict(looked_at("model.cbm", disguised)) == "dangerous"


SCHEMA = {"__class__": "Pipeline", "__module__": "sklearn.pipeline", "protocol": 2, "_skops_version": "0.16.0"}


def test_skops() -> None:
    content = zipped({"1.npy": b"x", "schema.json": json.dumps(SCHEMA).encode()})
    report = looked_at("model.skops", content)
    assert (report.outcome, report.format, report.scan) == (Outcome.READY, "skops", None)
    told = {key: report.facts[key] for key in ("skopsVersion", "protocol", "class")}
    assert told == {"skopsVersion": "0.16.0", "protocol": "2", "class": "sklearn.pipeline.Pipeline"}
    assert looked_at("a.zip", zipped({"schema.json": b"{}"})).format == "zip"
    assert looked_at("a.zip", zipped({"schema.json": b"no"})).format == "zip"


@pytest.mark.parametrize(
    "members",
    [
        {
            "m/archive_format": b"pt2",
            "m/archive_version": b"0",
            "m/models/model.json": b"{}",
            "m/data/weights/weight_0": b"1",
        },
        {"archive_format": b"pt2", "archive_version": b"0", "models/model.json": b"{}"},
        {
            "serialized_exported_program.json": b"{}",
            "version": b"8",
            "serialized_state_dict.pt": zipped({"a/data.pkl": FINE}),
        },
    ],
)
def test_exported_programs_of_torch(members: dict[str, bytes]) -> None:
    report = looked_at("model.pt2", zipped(members))
    assert (report.outcome, report.format) == (Outcome.READY, "torch-export")
    if "serialized_exported_program.json" not in members:
        assert (report.facts["archiveVersion"], report.facts["models"]) == ("0", ["model"])
    harmful = zipped(members | {"m/data/sample_inputs/model.pt": zipped({"archive/data.pkl": HARM})})
    assert verdict(looked_at("model.pt2", harmful)) == "dangerous"
    assert verdict(looked_at("model.pt2", zipped(members | {"m/data/weights/weight_1": HARM}))) == "dangerous"


def test_git_lfs_pointers_are_detected_by_all_of_their_lines() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n"
    assert looked_at("weights.bin", pointer).outcome is Outcome.FAILED
    assert looked_at("notes.md", pointer[:43] + b"is how a pointer begins\n") == Report()


@pytest.mark.parametrize(
    "content", [b"GGUF is a format of files.\n", b"CBM1 was a computer.\n", b"BZhang wrote this.\n"]
)
@pytest.mark.parametrize("name", ["notes.txt", "notes"])
def test_text_that_begins_like_a_format_has_no_format(name: str, content: bytes) -> None:
    assert looked_at(name, content) == Report()


def test_inputs_of_every_kind_have_a_name() -> None:
    report = looked_at("m", field(1, 9) + field(7, field(1, field(4, "Relu")) + field(11, onnx_value("x", 2, "n"))))
    assert report.facts["inputs"] == [{"name": "x", "type": "float", "shape": [2, "n"]}]
