"""How an announced file is cut into parts, and what of it has arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.artifacts.tables import MultipartUpload
from app.errors import Conflict
from app.storage.blobs import Part, SizeMismatch

MIB = 1024 * 1024
MAX_PARTS = 10_000
"""The most that S3 joins."""
PART_BYTES = 16 * MIB
"""A part that a slow line brings over in reasonable time; larger files than 156 GiB get larger parts."""


class PartsMissing(Conflict):
    """Parts of the upload have not arrived yet."""

    code = "PARTS_MISSING"


@dataclass(frozen=True, slots=True)
class PartSpan:
    """One part: the bytes ``offset`` to ``offset + size`` of the file."""

    number: int
    offset: int
    size: int


def part_bytes(size: int) -> int:
    """The size of all parts but the last: whole mebibytes, so that no file needs more parts than can be joined."""
    least = -(-size // MAX_PARTS)
    return max(PART_BYTES, -(-least // MIB) * MIB)


def part_count(size: int) -> int:
    """How many parts a file has; none when it is empty."""
    return -(-size // part_bytes(size))


def span(upload: MultipartUpload, number: int) -> PartSpan:
    """What part ``number``, from 1, holds."""
    assert upload.size is not None, "only announced uploads are cut by us"
    assert upload.part_size is not None, "likewise"
    offset = (number - 1) * upload.part_size
    return PartSpan(number, offset, min(upload.part_size, upload.size - offset))


def check_size(upload: MultipartUpload, number: int, size: int) -> None:
    """Refuse a part of an announced upload that has not the bytes that it should.

    Raises:
        SizeMismatch: with both numbers.
    """
    if upload.size is not None and size != span(upload, number).size:
        wanted = span(upload, number).size
        raise SizeMismatch(f"Part {number} of `{upload.path}` has {wanted} bytes; {size} were sent.")


def arrived(upload: MultipartUpload, listed: Sequence[Part]) -> dict[int, Part]:
    """The parts that are there with the right size, by number; of one that was sent again the last."""
    return {
        part.number: part
        for part in listed
        if 1 <= part.number <= upload.parts and part.size == span(upload, part.number).size
    }


def require_all(upload: MultipartUpload, there: dict[int, Part]) -> list[Part]:
    """All parts in their order.

    Raises:
        PartsMissing: with the first that is missing, and how many are.
    """
    missing = [number for number in range(1, upload.parts + 1) if number not in there]
    if missing:
        raise PartsMissing(
            f"`{upload.path}`: part {missing[0]} of {upload.parts} has not arrived ({len(missing)} are missing); "
            "`parts(missingOnly: true)` tells where to send them.",
            field="ids",
        )
    return [there[number] for number in range(1, upload.parts + 1)]
