"""The superblock of an HDF5 file: its version and how long it says it is.

The format: HDF5 File Format Specification 3.0, section II.A (superblock): it stands at the beginning, or behind a
block of the user's own of 512 bytes, or twice, four times … as many.
"""

from __future__ import annotations

from app.inspection.formats.keras import brings_code
from app.inspection.limits import Limits
from app.inspection.reports import JsonValue, Malformed, Unlike
from app.inspection.source import Source

SIGNATURE = b"\x89HDF\r\n\x1a\n"
KERAS_ATTRIBUTES = (b"keras_version", b"model_config", b"layer_names")
LOOKED_AT = 1024 * 1024
"""Bytes in which the marks of Keras are looked for."""
FIRST_USER_BLOCK = 512


def read(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """Version of the format, declared length, whether Keras wrote it and whether a layer of it brings code.

    Raises:
        Unlike: it is no HDF5 file.
        Malformed: it is shorter than it says.
    """
    start = _start(source)
    head = source.read(start, min(source.size, start + min(LOOKED_AT, limits.header_bytes)))
    version, end = _superblock(head, start)
    if end > source.size:
        raise Malformed(f"The HDF5 file says that it has {end:,} bytes; it has {source.size:,}.")
    return {
        "superblockVersion": version,
        "declaredBytes": end,
        "keras": any(mark in head for mark in KERAS_ATTRIBUTES),
        "lambdaLayer": brings_code(head),
    }


def _start(source: Source) -> int:
    start = 0
    while start < source.size:
        if source.read(start, start + len(SIGNATURE)) == SIGNATURE:
            return start
        start = 2 * start or FIRST_USER_BLOCK
    begun = source.read(0, 8)
    raise Unlike(f"An HDF5 file begins with {SIGNATURE!r} and a superblock; this one with {begun!r}.")


def _superblock(head: bytes, start: int) -> tuple[int, int]:
    """Version, and where the file should end.

    The end is told from the base address on, which is where the superblock stood when the file was written: bytes
    may have been put before it, or taken away, since (HDF5: ``H5F__super_read``).
    """
    if len(head) < 12:
        raise Malformed(f"The superblock of the HDF5 file is cut off after {len(head)} bytes.")
    version = head[8]
    if version > 3:
        raise Malformed(f"Version {version} of HDF5's superblock is not known.")
    width_at, addresses_at = (13, 24) if version < 2 else (9, 12)
    width = head[width_at] if len(head) > width_at else 0
    if width not in {2, 4, 8, 16, 32}:
        raise Malformed(f"The HDF5 file claims addresses of {width} bytes.")
    base_at = addresses_at + (4 if version == 1 else 0)
    base = int.from_bytes(head[base_at : base_at + width], "little")
    end = int.from_bytes(head[base_at + 2 * width : base_at + 3 * width], "little")
    if len(head) < base_at + 3 * width:
        raise Malformed(f"The superblock of the HDF5 file is cut off after {len(head)} bytes.")
    return version, start + end - base if end >= base else end
