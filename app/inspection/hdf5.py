"""The first block of an HDF5 file: its version and how long it says it is.

The format: HDF5 File Format Specification 3.0, section II.A (superblock).
"""

from __future__ import annotations

from app.inspection.limits import Limits
from app.inspection.reports import JsonValue, Malformed
from app.inspection.source import Source

SIGNATURE = b"\x89HDF\r\n\x1a\n"
KERAS_ATTRIBUTES = (b"keras_version", b"model_config", b"layer_names")
LOOKED_AT = 1024 * 1024
"""Bytes in which the marks of Keras are looked for."""


def read(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """Version of the format, declared length, whether Keras wrote it and whether it has a Lambda layer.

    Raises:
        Malformed: it is no HDF5 file, or shorter than it says.
    """
    head = source.read(0, min(source.size, LOOKED_AT, limits.header_bytes))
    if not head.startswith(SIGNATURE) or len(head) < 48:
        raise Malformed(f"An HDF5 file begins with {SIGNATURE!r} and a superblock; this one with {head[:8]!r}.")
    version = head[8]
    if version > 3:
        raise Malformed(f"Version {version} of HDF5's superblock is not known.")
    width_at, addresses_at = (13, 24) if version < 2 else (9, 12)
    width = head[width_at]
    if width not in {2, 4, 8}:
        raise Malformed(f"The HDF5 file claims addresses of {width} bytes.")
    first = addresses_at + (4 if version == 1 else 0) + 2 * width
    end = int.from_bytes(head[first : first + width], "little")
    if end > source.size:
        raise Malformed(f"The HDF5 file says that it has {end:,} bytes; it has {source.size:,}.")
    return {
        "superblockVersion": version,
        "declaredBytes": end,
        "keras": any(mark in head for mark in KERAS_ATTRIBUTES),
        "lambdaLayer": b'"class_name": "Lambda"' in head,
    }
