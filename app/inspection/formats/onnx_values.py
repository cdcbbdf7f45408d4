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
        for item in self._fields.within(end):
            if item.number == 1:
                described["name"] = self._text(item)
            elif item.number == 2 and item.wire == COUNTED:
                told, described["shape"] = self._type(item.end, 0)
                is_tensor = told is not None and told.startswith("tensor(")
                described["type"] = told[7:-1] if told is not None and is_tensor else told
        return described

    def _text(self, item: Field) -> str:
        return shown(self._fields.text(item, 4 * self._most), self._most)

    def _type(self, end: int, depth: int) -> tuple[str | None, JsonValue]:
        """TypeProto."""
        if depth > MOST_DEPTH:
            raise Malformed(f"The types of the ONNX model are nested deeper than {MOST_DEPTH}.")
        told: str | None = None
        shape: JsonValue = None
        for item in self._fields.within(end):
            if item.wire != COUNTED:
                continue
            if item.number in {TENSOR, SPARSE}:
                element, shape = self._tensor(item.end)
                told = f"{'tensor' if item.number == TENSOR else 'sparse_tensor'}({element})"
            elif item.number in {SEQUENCE, OPTIONAL}:
                inner, shape = self._inner(item.end, 1, depth)
                told = f"{'seq' if item.number == SEQUENCE else 'optional'}({inner})"
            elif item.number == MAP:
                told = f"map({self._key(item)})"
            elif item.number == OPAQUE:
                told = "opaque"
        return told, shape

    def _inner(self, end: int, number: int, depth: int) -> tuple[str, JsonValue]:
        """The type of the elements, which is the only field but for the key of a map."""
        told: str | None = None
        shape: JsonValue = None
        for item in self._fields.within(end):
            if item.number == number and item.wire == COUNTED:
                told, shape = self._type(item.end, depth + 1)
        return told or "undefined", shape

    def _key(self, item: Field) -> str:
        """TypeProto.Map: the types of its keys and values."""
        key, value = "undefined", "undefined"
        for part in self._fields.within(item.end):
            if part.number == 1 and part.wire == VARINT:
                key = ELEMENTS.get(part.value, f"type {part.value}")
            elif part.number == 2 and part.wire == COUNTED:
                value = self._type(part.end, 1)[0] or "undefined"
        return f"{key}, {value}"

    def _tensor(self, end: int) -> tuple[str, JsonValue]:
        """TypeProto.Tensor and TypeProto.SparseTensor."""
        element, shape = "undefined", None
        for field in self._fields.within(end):
            if field.number == 1 and field.wire == VARINT:
                element = ELEMENTS.get(field.value, f"type {field.value}")
            elif field.number == 2 and field.wire == COUNTED:
                shape = [self._side(side) for side in self._fields.within(field.end)][:MOST_SIDES]
        return element, shape

    def _side(self, side: Field) -> JsonValue:
        """TensorShapeProto.Dimension: a number or a name."""
        told: JsonValue = None
        for field in self._fields.within(side.end if side.wire == COUNTED else side.position):
            if field.number == 1 and field.wire == VARINT:
                told = signed(field.value)
            elif field.number == 2:
                told = self._text(field)
        return told
