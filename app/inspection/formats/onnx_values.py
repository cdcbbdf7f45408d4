"""The inputs and outputs of an ONNX model: name, type and shape.

The format: ``onnx.proto`` (ValueInfoProto, TypeProto, TensorShapeProto), read by field number. Types are written as in
the specifications of operators: ``seq(tensor(float))``; those of plain tensors by their elements alone, ``float``.
"""

from __future__ import annotations

from app.inspection.formats.protobuf import COUNTED, VARINT, Field, Fields, signed
from app.inspection.limits import Limits
from app.inspection.reports import JsonValue, Malformed, shown

ELEMENTS = dict(
    enumerate(
        """undefined float uint8 int8 uint16 int16 int32 int64 string bool float16 double uint32 uint64 complex64
        complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2
        int2 float6e2m3 float6e3m2""".split()
    )
)
"""TensorProto.DataType (onnx 1.23)."""
TENSOR, SEQUENCE, MAP, SPARSE, OPTIONAL, OPAQUE = 1, 4, 5, 8, 9, 7
"""Fields of TypeProto."""
MOST_DEPTH = 20
MOST_SIDES = 64


class Values:
    """Reads descriptions of values out of the fields of a model."""

    def __init__(self, fields: Fields, limits: Limits) -> None:
        self._fields = fields
        self._most = limits.text

    def described(self, end: int) -> dict[str, JsonValue]:
        """ValueInfoProto; the shape is that of the tensors, None where there is none."""
        described: dict[str, JsonValue] = {"name": "", "type": None, "shape": None}
        for found in self._fields.within(end):
            if found.number == 1:
                described["name"] = self._text(found)
            elif found.number == 2 and found.wire == COUNTED:
                told, described["shape"] = self._type(found.end, 0)
                is_tensor = told is not None and told.startswith("tensor(")
                described["type"] = told[7:-1] if told is not None and is_tensor else told
        return described

    def _text(self, found: Field) -> str:
        return shown(self._fields.text(found, 4 * self._most), self._most)

    def _type(self, end: int, depth: int) -> tuple[str | None, JsonValue]:
        """TypeProto."""
        if depth > MOST_DEPTH:
            raise Malformed(f"The types of the ONNX model are nested deeper than {MOST_DEPTH}.")
        told: str | None = None
        shape: JsonValue = None
        for found in self._fields.within(end):
            if found.wire != COUNTED:
                continue
            if found.number in {TENSOR, SPARSE}:
                element, shape = self._tensor(found.end)
                told = f"{'tensor' if found.number == TENSOR else 'sparse_tensor'}({element})"
            elif found.number in {SEQUENCE, OPTIONAL}:
                inner, shape = self._inner(found.end, 1, depth)
                told = f"{'seq' if found.number == SEQUENCE else 'optional'}({inner})"
            elif found.number == MAP:
                told = f"map({self._key(found)})"
            elif found.number == OPAQUE:
                told = "opaque"
        return told, shape

    def _inner(self, end: int, number: int, depth: int) -> tuple[str, JsonValue]:
        """The type of the elements, which is the only field but for the key of a map."""
        told: str | None = None
        shape: JsonValue = None
        for found in self._fields.within(end):
            if found.number == number and found.wire == COUNTED:
                told, shape = self._type(found.end, depth + 1)
        return told or "undefined", shape

    def _key(self, field: Field) -> str:
        """TypeProto.Map: the types of its keys and values."""
        key, value = "undefined", "undefined"
        for found in self._fields.within(field.end):
            if found.number == 1 and found.wire == VARINT:
                key = ELEMENTS.get(found.value, f"type {found.value}")
            elif found.number == 2 and found.wire == COUNTED:
                value = self._type(found.end, 1)[0] or "undefined"
        return f"{key}, {value}"

    def _tensor(self, end: int) -> tuple[str, JsonValue]:
        """TypeProto.Tensor and TypeProto.SparseTensor."""
        element, shape = "undefined", None
        for found in self._fields.within(end):
            if found.number == 1 and found.wire == VARINT:
                element = ELEMENTS.get(found.value, f"type {found.value}")
            elif found.number == 2 and found.wire == COUNTED:
                shape = [self._side(side) for side in self._fields.within(found.end)][:MOST_SIDES]
        return element, shape

    def _side(self, side: Field) -> JsonValue:
        """TensorShapeProto.Dimension: a number or a name."""
        told: JsonValue = None
        for found in self._fields.within(side.end if side.wire == COUNTED else side.position):
            if found.number == 1 and found.wire == VARINT:
                told = signed(found.value)
            elif found.number == 2:
                told = self._text(found)
        return told
