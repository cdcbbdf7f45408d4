"""What an ONNX model says of itself, without the data of its tensors.

The format: ``onnx.proto`` (ModelProto, GraphProto, ValueInfoProto, TensorProto), read by item number.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from app.inspection.archives.links import climbs
from app.inspection.formats.onnx_values import Values
from app.inspection.formats.protobuf import COUNTED, VARINT, Field, Fields, signed
from app.inspection.limits import Limits
from app.inspection.reports import JsonValue, Malformed, Unlike, Unread, shown
from app.inspection.source import FileStream, Source

MOST_FIELDS = 3_000_000
MOST_DEPTH = 32
"""Graphs within each other: as many as fit into the hundred messages that protobuf nests, three for each."""
GRAPH, OPSETS, METADATA, FUNCTIONS = 7, 8, 14, 25
"""Fields of ModelProto."""
NODES_OF_FUNCTION = 7


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
    functions: int = 0
    nodes_of_functions: int = 0
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
        self.values = Values(self.fields, limits)
        self.model = Model()

    def text(self, item: Field) -> str:
        return shown(self.fields.text(item, 4 * self.limits.text), self.limits.text)

    def file(self, end: int) -> Model:
        for item in self.fields.within(end):
            if item.number in MODEL_NUMBERS and item.wire == VARINT:
                self.model.numbers[MODEL_NUMBERS[item.number]] = signed(item.value)
            elif item.wire == COUNTED:
                self._model_field(item)
        return self.model

    def _model_field(self, item: Field) -> None:
        if item.number in MODEL_TEXTS:
            self.model.texts[MODEL_TEXTS[item.number]] = self.text(item)
        elif item.number == GRAPH:
            self.graph(item.end, 0)
        elif item.number == OPSETS:
            domain, version = self._pair(item.end)
            self.model.opsets[domain or "ai.onnx"] = version
        elif item.number == FUNCTIONS:
            self._function(item.end)
        elif item.number == METADATA and len(self.model.metadata) < 100:
            key, value = self._entry(item.end)
            self.model.metadata[key] = value

    def _pair(self, end: int) -> tuple[str, int]:
        """OperatorSetIdProto."""
        domain, version = "", 0
        for item in self.fields.within(end):
            if item.number == 1:
                domain = self.text(item)
            elif item.number == 2 and item.wire == VARINT:
                version = signed(item.value)
        return domain, version

    def _entry(self, end: int) -> tuple[str, str]:
        """StringStringEntryProto."""
        key = value = ""
        for item in self.fields.within(end):
            if item.number == 1:
                key = self.text(item)
            elif item.number == 2:
                value = self.text(item)
        return key, value

    def graph(self, end: int, depth: int) -> None:
        """GraphProto; graphs within nodes are looked at for tensors outside of the file only."""
        if depth > MOST_DEPTH:
            raise Malformed(f"The graphs of the ONNX model are nested deeper than {MOST_DEPTH}.")
        self.model.graphs += 1
        for item in self.fields.within(end):
            if item.wire != COUNTED:
                continue
            if item.number == 1:
                self.model.nodes += depth == 0
                self._node(item.end, depth)
            elif item.number == 2 and depth == 0:
                self.model.texts["graph"] = self.text(item)
            elif item.number == 5:
                self._tensor(item.end, keep=depth == 0)
            elif item.number in {11, 12} and depth == 0:
                self._value(item)

    def _value(self, item: Field) -> None:
        values = self.model.inputs if item.number == 11 else self.model.outputs
        described = self.values.described(item.end)
        if len(values) < 10 * self.limits.listed:
            values.append(described)

    def _function(self, end: int) -> None:
        """FunctionProto: what it does counts among the operators."""
        self.model.functions += 1
        for item in self.fields.within(end):
            if item.number == NODES_OF_FUNCTION and item.wire == COUNTED:
                self.model.nodes_of_functions += 1
                self._node(item.end, 0)

    def _node(self, end: int, depth: int) -> None:
        """NodeProto: its operator, and the tensors and graphs in its attributes."""
        for item in self.fields.within(end):
            if item.number == 4 and item.wire == COUNTED and len(self.model.operators) < 1000:
                self.model.operators[self.text(item)] += 1
            elif item.number == 5 and item.wire == COUNTED:
                for inner in self.fields.within(item.end):
                    if inner.wire == COUNTED and inner.number in {5, 10}:
                        self._tensor(inner.end, keep=False)
                    elif inner.wire == COUNTED and inner.number in {6, 11}:
                        self.graph(inner.end, depth + 1)

    def _tensor(self, end: int, *, keep: bool) -> None:
        """TensorProto: its name, and where its data is when that is another file."""
        self.model.tensors += keep
        for item in self.fields.within(end):
            if item.number == 8 and keep and item.wire == COUNTED and len(self.model.initializers) < 100_000:
                self.model.initializers.add(self.text(item))
            elif item.number == 13 and item.wire == COUNTED:
                key, value = self._entry(item.end)
                if key == "location" and len(self.model.external) < 1000:
                    self.model.external[value] = None


def read(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """Versions, opsets, producer, graph, inputs, outputs, number of nodes, files of data beside it.

    Raises:
        Unlike: it is no ONNX model, or cut off.
        Malformed: it has data outside of its folder.
    """
    try:
        model = _Reading(source, limits).file(source.size)
    except Unread:
        raise
    except Malformed as error:
        raise Unlike(error.reason) from None  # other messages than models begin so, too
    if "irVersion" not in model.numbers or not model.graphs:
        raise Unlike("An ONNX model has an ir_version and a graph; this file has not both.")
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
        "functionCount": model.functions,
        "functionNodeCount": model.nodes_of_functions,
        "operators": dict(model.operators.most_common(50)),
        "initializerCount": model.tensors,
        "externalData": [*list(model.external)[: limits.listed]],
        "metadata": dict(model.metadata),
    }
