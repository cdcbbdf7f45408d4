"""What an ONNX model says of itself, without the data of its tensors.

The format: ``onnx.proto`` (ModelProto, GraphProto, ValueInfoProto, TensorProto), read by field number.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from app.inspection.archives.zips import climbs
from app.inspection.limits import Limits
from app.inspection.protobuf import COUNTED, VARINT, Field, Fields
from app.inspection.reports import JsonValue, Malformed, shown
from app.inspection.source import FileStream, Source

MOST_FIELDS = 3_000_000
MOST_DEPTH = 20
TYPES = dict(
    enumerate(
        """undefined float uint8 int8 uint16 int16 int32 int64 string bool float16 double uint32 uint64 complex64
        complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1""".split()
    )
)
"""TensorProto.DataType."""


@dataclass(slots=True)
class Model:
    """What has been read so far."""

    texts: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    opsets: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    inputs: list[dict[str, JsonValue]] = field(default_factory=list)
    outputs: list[dict[str, JsonValue]] = field(default_factory=list)
    operators: Counter[str] = field(default_factory=Counter)
    nodes: int = 0
    initializers: set[str] = field(default_factory=set)
    tensors: int = 0
    external: dict[str, None] = field(default_factory=dict)
    graphs: int = 0


MODEL_TEXTS = {2: "producerName", 3: "producerVersion", 4: "domain", 6: "docString"}
MODEL_NUMBERS = {1: "irVersion", 5: "modelVersion"}


class _Reading:
    def __init__(self, source: Source, limits: Limits) -> None:
        self.fields = Fields(source, FileStream(source), MOST_FIELDS)
        self.limits = limits
        self.model = Model()

    def text(self, found: Field) -> str:
        return shown(self.fields.text(found, 4 * self.limits.text), self.limits.text)

    def file(self, end: int) -> Model:
        for found in self.fields.within(end):
            if found.number in MODEL_NUMBERS and found.wire == VARINT:
                self.model.numbers[MODEL_NUMBERS[found.number]] = found.value
            elif found.wire == COUNTED:
                self._model_field(found)
            else:
                raise Malformed(f"Field {found.number} at byte {found.position:,} is none of an ONNX model.")
        return self.model

    def _model_field(self, found: Field) -> None:
        if found.number in MODEL_TEXTS:
            self.model.texts[MODEL_TEXTS[found.number]] = self.text(found)
        elif found.number == 7:
            self.graph(found.end, 0)
        elif found.number == 8:
            domain, version = self._pair(found.end)
            self.model.opsets[domain or "ai.onnx"] = version
        elif found.number == 14 and len(self.model.metadata) < 100:
            key, value = self._entry(found.end)
            self.model.metadata[key] = value

    def _pair(self, end: int) -> tuple[str, int]:
        """OperatorSetIdProto."""
        domain, version = "", 0
        for found in self.fields.within(end):
            if found.number == 1:
                domain = self.text(found)
            elif found.number == 2 and found.wire == VARINT:
                version = found.value
        return domain, version

    def _entry(self, end: int) -> tuple[str, str]:
        """StringStringEntryProto."""
        key = value = ""
        for found in self.fields.within(end):
            if found.number == 1:
                key = self.text(found)
            elif found.number == 2:
                value = self.text(found)
        return key, value

    def graph(self, end: int, depth: int) -> None:
        """GraphProto; graphs within nodes are looked at for tensors outside of the file only."""
        if depth > MOST_DEPTH:
            raise Malformed(f"The graphs of the ONNX model are nested deeper than {MOST_DEPTH}.")
        self.model.graphs += 1
        for found in self.fields.within(end):
            if found.wire != COUNTED:
                continue
            if found.number == 1:
                self._node(found.end, depth)
            elif found.number == 2 and depth == 0:
                self.model.texts["graph"] = self.text(found)
            elif found.number == 5:
                self._tensor(found.end, keep=depth == 0)
            elif found.number in {11, 12} and depth == 0:
                self._value(found)

    def _value(self, found: Field) -> None:
        values = self.model.inputs if found.number == 11 else self.model.outputs
        described = self._described(found.end)
        if len(values) < 10 * self.limits.listed:
            values.append(described)

    def _node(self, end: int, depth: int) -> None:
        """NodeProto: its operator, and the tensors and graphs in its attributes."""
        self.model.nodes += depth == 0
        for found in self.fields.within(end):
            if found.number == 4 and found.wire == COUNTED and len(self.model.operators) < 1000:
                self.model.operators[self.text(found)] += 1
            elif found.number == 5 and found.wire == COUNTED:
                for inner in self.fields.within(found.end):
                    if inner.wire == COUNTED and inner.number in {5, 10}:
                        self._tensor(inner.end, keep=False)
                    elif inner.wire == COUNTED and inner.number in {6, 11}:
                        self.graph(inner.end, depth + 1)

    def _tensor(self, end: int, *, keep: bool) -> None:
        """TensorProto: its name, and where its data is when that is another file."""
        self.model.tensors += keep
        for found in self.fields.within(end):
            if found.number == 8 and keep and found.wire == COUNTED and len(self.model.initializers) < 100_000:
                self.model.initializers.add(self.text(found))
            elif found.number == 13 and found.wire == COUNTED:
                key, value = self._entry(found.end)
                if key == "location" and len(self.model.external) < 1000:
                    self.model.external[value] = None

    def _described(self, end: int) -> dict[str, JsonValue]:
        """ValueInfoProto: name, type and shape."""
        described: dict[str, JsonValue] = {"name": "", "type": None, "shape": None}
        for found in self.fields.within(end):
            if found.number == 1:
                described["name"] = self.text(found)
            elif found.number == 2 and found.wire == COUNTED:
                for kind in self.fields.within(found.end):
                    if kind.number == 1 and kind.wire == COUNTED:
                        self._tensor_type(kind.end, described)
        return described

    def _tensor_type(self, end: int, described: dict[str, JsonValue]) -> None:
        """TypeProto.Tensor."""
        for found in self.fields.within(end):
            if found.number == 1 and found.wire == VARINT:
                described["type"] = TYPES.get(found.value, f"type {found.value}")
            elif found.number == 2 and found.wire == COUNTED:
                described["shape"] = [self._side(side) for side in self.fields.within(found.end)][:64]

    def _side(self, side: Field) -> JsonValue:
        """TensorShapeProto.Dimension: a number or a name."""
        told: JsonValue = None
        for found in self.fields.within(side.end if side.wire == COUNTED else side.position):
            if found.number == 1 and found.wire == VARINT:
                told = found.value
            elif found.number == 2:
                told = self.text(found)
        return told


def read(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """Versions, opsets, producer, graph, inputs, outputs, number of nodes, files of data beside it.

    Raises:
        Malformed: it is no ONNX model, is cut off, or has data outside of its folder.
    """
    model = _Reading(source, limits).file(source.size)
    if "irVersion" not in model.numbers or not model.graphs:
        raise Malformed("An ONNX model has an ir_version and a graph; this file has not both.")
    outside = [each for each in model.external if climbs(each) or each.startswith("~")]
    if outside:
        raise Malformed(f"The ONNX model takes data from {shown(repr(outside[0]), 200)}, outside of its folder.")
    inputs: list[JsonValue] = [each for each in model.inputs if each["name"] not in model.initializers]
    return {
        **model.numbers,
        **model.texts,
        "opsets": dict(list(model.opsets.items())[:100]),
        "inputs": inputs[: limits.listed],
        "outputs": [*model.outputs[: limits.listed]],
        "nodeCount": model.nodes,
        "operators": dict(model.operators.most_common(50)),
        "initializerCount": model.tensors,
        "externalData": [*list(model.external)[: limits.listed]],
        "metadata": dict(model.metadata),
    }
