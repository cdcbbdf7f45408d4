"""The header of a GGUF file.

The format: ggml's ``docs/gguf.md``; versions 2 and 3 (64-bit counts, little-endian; 3 may be big-endian).
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from math import prod

from app.inspection.limits import Limits
from app.inspection.reports import JsonValue, Malformed, Unlike, Unread, shown
from app.inspection.source import FileStream, Source

MOST_ENTRIES = 100_000
MOST_DIMENSIONS = 4
MOST_DEPTH = 4
LONGEST_NAME = 300
LEAST_TENSOR, LEAST_ENTRY = 24, 13
"""Bytes of the shortest description of a tensor and of the shortest entry of the metadata."""
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TEXT, ARRAY = 8, 9
BLOCKS = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18),
}  # fmt: skip
"""Types of tensors: name, weights in a block, bytes of a block (gguf 0.19: ``GGML_QUANT_SIZES``)."""
FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS",
    20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
    28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE",
    39: "NVFP4", 40: "Q1_0",
}  # fmt: skip
"""``general.file_type`` (gguf 0.19: ``LlamaFileType``)."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor, as the header describes it."""

    name: str
    key: bytes
    """What no other tensor may have."""
    type: int
    shape: list[int]
    offset: int


class _Reader:
    """Values of the header; the stream never goes beyond what is allowed."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.stream = FileStream(source)
        self._size = source.size
        self._most = limits.header_bytes
        self._text = limits.text
        self.order = "<"

    def number(self, code: str) -> int:
        return int(struct.unpack(self.order + code, self.take(struct.calcsize(code)))[0])

    def take(self, count: int) -> bytes:
        self._allow(count)
        return self.stream.take(count)

    def _allow(self, count: int) -> None:
        end = self.stream.position + count
        if end > self._size:
            raise Malformed(
                f"The GGUF header claims {count:,} bytes at {self.stream.position:,}; the file has {self._size:,}."
            )
        if end > self._most:
            raise Unread(f"The GGUF header is longer than the {self._most:,} bytes that are read.")

    def text(self) -> str:
        length = self.number("Q")
        self._allow(length)
        if length <= 4 * self._text:
            return shown(self.stream.take(length).decode("utf-8", "replace"), self._text)
        start = self.stream.take(4 * self._text)
        self.stream.skip(length - len(start))
        return shown(start.decode("utf-8", "replace"), self._text)

    def name(self) -> tuple[str, bytes]:
        """A text that must be the only one of its kind: as it is shown, and what tells it from others."""
        length = self.number("Q")
        raw = self.take(length)
        digest = raw if length <= LONGEST_NAME else sha256(raw).digest()
        return shown(raw[: 4 * self._text].decode("utf-8", "replace"), self._text), digest

    def value(self, kind: int, depth: int = 0) -> JsonValue:
        """A value; of an array only its length is kept."""
        if kind in NUMBERS:
            read: float | bool = struct.unpack(self.order + NUMBERS[kind], self.take(struct.calcsize(NUMBERS[kind])))[0]
            return read if not isinstance(read, float) or abs(read) < float("inf") else str(read)
        if kind == TEXT:
            return self.text()
        if kind == ARRAY and depth > MOST_DEPTH:
            raise Unread(f"The GGUF header has arrays that are nested deeper than {MOST_DEPTH}.")
        if kind != ARRAY:
            raise Malformed(
                f"The GGUF header has a value of type {kind} at {self.stream.position:,}, which is not known."
            )
        return self._array(depth)

    def _array(self, depth: int) -> JsonValue:
        inner, count = self.number("I"), self.number("Q")
        if inner in NUMBERS:
            self._allow(count * struct.calcsize(NUMBERS[inner]))
            self.stream.skip(count * struct.calcsize(NUMBERS[inner]))
        else:
            self._allow(count * 8)
            for _ in range(count):
                self.value(inner, depth + 1)
        return {"length": count}


def read(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """Version, architecture, name, quantisation, parameters, context length.

    Raises:
        Malformed: the header is cut off, or its counts and offsets cannot be true of this file.
    """
    reader = _Reader(source, limits)
    if reader.take(4) != b"GGUF":
        raise Malformed("A GGUF file begins with GGUF.")
    version = _version(reader)
    tensors, entries = reader.number("Q"), reader.number("Q")
    told = f"The GGUF header claims {tensors:,} tensors and {entries:,} entries of metadata;"
    if tensors * LEAST_TENSOR + entries * LEAST_ENTRY > source.size:
        raise Malformed(f"{told} the file has {source.size:,} bytes.")
    if tensors > MOST_ENTRIES or entries > MOST_ENTRIES:
        raise Unread(f"{told} at most {MOST_ENTRIES:,} of each are read.")
    metadata = _metadata(reader, entries)
    described = [_tensor(reader) for _ in range(tensors)]
    _check(described, reader, metadata, source.size)
    return _facts(version, metadata, described)


def _version(reader: _Reader) -> int:
    version = reader.number("I")
    if version & 0xFFFF == 0:
        reader.order, version = ">", int.from_bytes(version.to_bytes(4, "little"), "big")
    if version not in {2, 3}:
        raise Unlike(f"GGUF version {version} is not known; 2 and 3 are.")
    return version


def _metadata(reader: _Reader, entries: int) -> dict[str, JsonValue]:
    """Of two entries with the same key the first counts, as for ``GGUFReader``."""
    metadata: dict[str, JsonValue] = {}
    for _ in range(entries):
        key = reader.text()
        metadata.setdefault(key, reader.value(reader.number("I")))
    return metadata


def _tensor(reader: _Reader) -> Tensor:
    (name, key), dimensions = reader.name(), reader.number("I")
    if dimensions > MOST_DIMENSIONS:
        raise Malformed(
            f"The GGUF tensor {shown(repr(name), 100)} claims {dimensions:,} dimensions; there are at most 4."
        )
    shape = [reader.number("Q") for _ in range(dimensions)]
    return Tensor(name, key, reader.number("I"), shape, reader.number("Q"))


def _check(tensors: list[Tensor], reader: _Reader, metadata: dict[str, JsonValue], size: int) -> None:
    alignment = metadata.get("general.alignment", 32)
    if type(alignment) is not int or alignment <= 0:
        raise Malformed(f"The GGUF alignment {shown(repr(alignment), 60)} is no number that aligns.")
    data = -(-reader.stream.position // alignment) * alignment
    names = Counter(tensor.key for tensor in tensors)
    for tensor in tensors:
        told = shown(repr(tensor.name), 100)
        if names[tensor.key] > 1:
            raise Malformed(f"The GGUF header has the tensor {told} {names[tensor.key]} times.")
        if tensor.offset % alignment:
            raise Malformed(f"The GGUF tensor {told} begins at {tensor.offset:,}, which {alignment} does not divide.")
        end = data + tensor.offset + _bytes(tensor)
        if end > size:
            raise Malformed(f"The GGUF tensor {told} ends at {end:,}, but the file has {size:,} bytes.")


def _bytes(tensor: Tensor) -> int:
    """Bytes of a tensor; of a type that is not known, at least none."""
    _, weights, size = BLOCKS.get(tensor.type, ("", 1, 0))
    return -(-prod(tensor.shape) // weights) * size


def _facts(version: int, metadata: dict[str, JsonValue], tensors: list[Tensor]) -> dict[str, JsonValue]:
    architecture = metadata.get("general.architecture")
    types, weights = Counter[str](), Counter[str]()
    for tensor in tensors:
        type = BLOCKS.get(tensor.type, (f"type {tensor.type}", 1, 0))[0]
        types[type] += 1
        weights[type] += prod(tensor.shape)
    file_type = metadata.get("general.file_type")
    quantisation = FILE_TYPES.get(file_type) if isinstance(file_type, int) else None
    return {
        "version": version,
        "architecture": architecture,
        "name": metadata.get("general.name"),
        "quantisation": quantisation or (weights.most_common(1)[0][0] if weights else None),
        "parameterCount": weights.total(),
        "contextLength": metadata.get(f"{architecture}.context_length"),
        "tensorCount": len(tensors),
        "tensorTypes": dict(types),
        "metadata": dict(list(metadata.items())[:200]),
    }
