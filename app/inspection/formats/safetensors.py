"""The header of a safetensors file.

The format: eight bytes of little-endian length, that many bytes of JSON, then the tensors without a gap (safetensors
README, "Format"). What is refused here is refused by safetensors 0.8, too.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import Any

from app.inspection.limits import Limits
from app.inspection.reports import JsonValue, Malformed, Unlike, Unread, shown
from app.inspection.source import Source

FORMAT_LIMIT = 100_000_000
"""Longest header that the reference implementation reads, in bytes."""

FIELDS_OF_TENSOR = ("dtype", "shape", "data_offsets")
FIELDS = frozenset({"__metadata__", *FIELDS_OF_TENSOR})
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor, as the header describes it; its bytes are those from ``start`` to ``end`` behind the header."""

    name: str
    dtype: str
    shape: list[int]
    start: int
    end: int


def read(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """Number of tensors and parameters, dtypes, metadata and the first tensors.

    Raises:
        Malformed: the header cannot be read, or says what cannot be true of these bytes.
    """
    header, data = _header(source, limits)
    metadata = header.pop("__metadata__", None)
    metadata = {} if metadata is None else metadata
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise Malformed("The safetensors header is wrong: __metadata__ must map text to text.")
    tensors = [_tensor(name, entry) for name, entry in header.items()]
    _check(tensors, data)
    dtypes = Counter[str]()
    for tensor in tensors:
        dtypes[tensor.dtype] += prod(tensor.shape)
    first = sorted(tensors, key=lambda tensor: tensor.start)[: limits.listed]
    return {
        "tensorCount": len(tensors),
        "parameterCount": sum(dtypes.values()),
        "dtypes": dict(dtypes),
        "dataBytes": data,
        "metadata": {shown(key, 100): shown(value, limits.text) for key, value in list(metadata.items())[:100]},
        "tensors": [{"name": shown(each.name, 200), "dtype": each.dtype, "shape": [*each.shape]} for each in first],
    }


def _header(source: Source, limits: Limits) -> tuple[dict[str, Any], int]:
    """The header, and the number of bytes that follow it."""
    if source.size < 8:
        raise Unlike(f"A safetensors file has at least 8 bytes, this one has {source.size}.")
    length = int.from_bytes(source.read(0, 8), "little")
    if length > FORMAT_LIMIT:
        raise Malformed(
            f"The safetensors header claims {length:,} bytes; the format allows {FORMAT_LIMIT:,}"
            f" and the file has {source.size:,}."
        )
    if 8 + length > source.size:
        raise Malformed(f"The safetensors header claims {length:,} bytes, but only {source.size - 8:,} follow.")
    if length > limits.header_bytes:
        raise Unread(f"The safetensors header has {length:,} bytes; at most {limits.header_bytes:,} are read.")
    return _parsed(source.read(8, 8 + length)), source.size - 8 - length


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_constant)
    except RecursionError:
        raise Unlike("The safetensors header is nested too deeply.") from None
    except ValueError as error:
        raise Unlike(f"The safetensors header is no JSON: {shown(str(error), 200)}.") from None
    if not isinstance(header, dict):
        raise Unlike(f"The safetensors header must be a JSON object, not {shown(repr(text[:8]), 40)}.")
    return header


def _constant(name: str) -> float:
    raise Unlike(f"The safetensors header holds {name}, which is no JSON.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of the header: the reference takes the last tensor of a name, and no field of its own twice."""
    named = Counter(name for name, _ in pairs if name in FIELDS)
    twice = next((name for name, count in named.items() if count > 1), None)
    if twice is not None:
        raise Unlike(f"The safetensors header names {twice!r} {named[twice]} times.")
    return dict(pairs)


def _tensor(name: str, entry: Any) -> Tensor:
    told = f"The safetensors header is wrong about {shown(repr(name), 100)}:"
    if isinstance(entry, list) and len(entry) == len(FIELDS_OF_TENSOR):
        entry = dict(zip(FIELDS_OF_TENSOR, entry, strict=True))
    if not isinstance(entry, dict) or not entry.keys() >= set(FIELDS_OF_TENSOR):
        raise Unlike(f"{told} dtype, shape and data_offsets are needed.")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        raise Malformed(f"{told} {shown(repr(dtype), 60)} is no dtype of the format.")
    if not isinstance(shape, list) or not all(type(side) is int and 0 <= side < 2**64 for side in shape):
        raise Malformed(f"{told} the shape must be a list of numbers from 0 on, not {shown(repr(shape), 100)}.")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(type(at) is int and at >= 0 for at in offsets):
        raise Malformed(f"{told} data_offsets must be two numbers from 0 on, not {shown(repr(offsets), 100)}.")
    return _fits(told, Tensor(name, dtype, shape, offsets[0], offsets[1]))


def _fits(told: str, tensor: Tensor) -> Tensor:
    items = 1
    for side in tensor.shape:
        items *= side
        if items >= 2**64:
            raise Malformed(f"{told} the shape {shown(str(tensor.shape[:64]), 100)} is larger than any file.")
    bits = items * BITS[tensor.dtype]
    if bits % 8 or bits // 8 != tensor.end - tensor.start:
        raise Malformed(
            f"{told} {tensor.dtype} of shape {shown(str(tensor.shape), 100)} takes {bits:,} bits,"
            f" but its offsets {tensor.start} to {tensor.end} span {tensor.end - tensor.start:,} bytes."
        )
    return tensor


def _check(tensors: list[Tensor], data: int) -> None:
    """The tensors cover the bytes after the header, without gap and overlap (safetensors: ``validate``)."""
    reached = 0
    for tensor in sorted(tensors, key=lambda tensor: (tensor.start, tensor.end)):
        told = shown(repr(tensor.name), 100)
        if tensor.end > data:
            raise Malformed(
                f"The safetensors tensor {told} ends at {tensor.end:,}, but only {data:,} bytes follow the header."
            )
        if tensor.start != reached:
            kind = "overlaps the one before" if tensor.start < reached else "leaves a gap"
            raise Malformed(f"The safetensors tensor {told} {kind}: it begins at {tensor.start:,}, not at {reached:,}.")
        reached = tensor.end
    if reached != data:
        raise Malformed(f"The safetensors tensors end at {reached:,}, but {data:,} bytes follow the header.")
