"""Several zip archives one after the other in one file, as ``torch.distributed.checkpoint`` writes them.

Each counts its offsets from its own first byte. Readers of such a file know where each archive begins; Python's
``zipfile`` takes the last one.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.inspection.archives import zips
from app.inspection.archives.zips import END, END64, END64_MARK, END_MARK, ENTRY_MARK, LOCATOR, LOCATOR_MARK
from app.inspection.limits import Limits
from app.inspection.reports import Malformed
from app.inspection.source import Part, Source

MOST = 2_000
"""Archives in one file."""


@dataclass(frozen=True, slots=True)
class _Archive:
    """Where an archive begins, and where it says that its directory is, counted from there."""

    start: int
    told: dict[bytes, int]
    """Offsets by what should stand there: the first entry, or what large archives have before their end."""


def opened(source: Source, limits: Limits) -> list[tuple[Source, list[zips.Member]]]:
    """The archives of a file, mostly one, each with its members.

    Raises:
        zips.NoDirectory: the file is cut off.
        zips.Hostile, Malformed: it cannot be read, neither as one archive nor as several in a row.
    """
    try:
        return [(source, zips.members(source, limits))]
    except (zips.NoDirectory, zips.Hostile):
        raise
    except Malformed as error:
        try:
            parts = archives(source)
        except Malformed:
            raise error from None
    return [(part, zips.members(part, limits)) for part in parts]


def archives(source: Source) -> list[Part]:
    """The archives from the first to the last, which fill the file; at least two.

    Raises:
        Malformed: they do not, or there is only one, or others would find another directory.
    """
    archives: list[_Archive] = []
    end = source.size
    parts: list[Part] = []
    while end and len(archives) < MOST:
        archive = _last(Part(source, 0, end))
        archives.append(archive)
        parts.append(Part(source, archive.start, end - archive.start))
        end = archive.start
    if end or len(archives) < 2:
        raise Malformed(f"The file is no row of archives: its first {end:,} bytes are none.")
    _check(source, archives)
    return parts[::-1]


def _check(source: Source, archives: list[_Archive]) -> None:
    """Who counts from the first byte of the file, as torch does, must find nothing, or the first archive."""
    first = archives[-1].told
    for mark, offset in {pair for archive in archives[:-1] for pair in archive.told.items()}:
        if offset != first.get(mark) and source.read(offset, offset + len(mark)) == mark:
            raise Malformed("An archive has two directories: one for those who count from the beginning of the file.")


def _last(source: Part) -> _Archive:
    """The archive that ends with the source."""
    position = source.size - END.size
    raw = source.read(max(0, position - LOCATOR.size - END64.size), source.size)
    if position < 0 or not raw[-END.size :].startswith(END_MARK):
        raise Malformed(f"No archive ends at {source.size:,}.")
    size, offset = END.unpack(raw[-END.size :])[5:7]
    locator = raw[-END.size - LOCATOR.size : -END.size]
    start, told = position - size - offset, {ENTRY_MARK: offset}
    if locator.startswith(LOCATOR_MARK):
        told[END64_MARK] = LOCATOR.unpack(locator)[2]
        start = position - LOCATOR.size - END64.size - told[END64_MARK]
    if not 0 <= start < position:
        raise Malformed(f"The archive that ends at {source.size:,} would begin at {start:,}.")
    return _Archive(start, told)
