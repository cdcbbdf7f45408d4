"""Zip archives in a row, as torch's distributed checkpoints are, and LZ4, which joblib writes."""

from __future__ import annotations

import struct

import pytest

from app.inspection.archives.inflating import Budget, Inflated, inflater_for
from app.inspection.inspector import Limits, Outcome, Report
from app.inspection.reports import Malformed
from app.inspection.source import Held
from tests.inspection.test_archives import FINE, HARM, verdict, zipped
from tests.support.inspection.sample_files import looked_at

MODEL = zipped({"archive/data.pkl": FINE, "archive/data/0": bytes(40)})
HARMFUL = zipped({"archive/data.pkl": HARM})


def large(archive: bytes) -> bytes:
    """The same with the records that archives beyond 4 GiB have, which torch always writes."""
    at = archive.rindex(b"PK\x05\x06")
    count, size, offset = struct.unpack("<HLL", archive[at + 10 : at + 20])
    end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
    return archive[:at] + end + struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1) + archive[at:]


@pytest.mark.parametrize("parts", [[MODEL] * 3, [large(MODEL)] * 3, [MODEL, large(MODEL)], [MODEL] * 20])
def test_joined_archives_are_inspected_one_by_one(parts: list[bytes]) -> None:
    report = looked_at("__0_0.distcp", b"".join(parts))
    assert (report.outcome, report.format, verdict(report)) == (Outcome.READY, "pytorch", "safe")
    assert (report.facts["archiveCount"], report.facts["pickleCount"]) == (len(parts), len(parts))


@pytest.mark.parametrize("position", range(3))
def test_every_joined_archive_is_inspected(position: int) -> None:
    parts = [MODEL] * 3
    parts[position] = HARMFUL
    assert verdict(looked_at("__0_0.distcp", b"".join(parts))) == "dangerous"
    parts[position] = large(HARMFUL)
    assert verdict(looked_at("__0_0.distcp", b"".join(parts))) == "dangerous"


def hiding() -> bytes:
    """Two archives, where who counts from the first byte finds the directory of a third within a tensor."""
    second = zipped({"archive/data.pkl": FINE})
    directory = second.index(b"PK\x01\x02")
    hidden = HARMFUL[HARMFUL.index(b"PK\x01\x02") :]
    first = zipped({"archive/data.pkl": FINE, "archive/data/0": bytes(5000)})
    return first[:directory] + hidden + first[directory + len(hidden) :] + second


UNREADABLE = {
    "something before": b"PK\x03\x04" + bytes(30) + MODEL,
    "something between": MODEL + b"x" + MODEL,
    "something behind": MODEL + MODEL + b"x",
    "two directories": hiding(),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_inconsistent_joined_archives_are_quarantined(content: bytes) -> None:
    report = looked_at("model.pt", content)
    assert (report.outcome, verdict(report)) == (Outcome.QUARANTINED, "unreadable")


def frame(*blocks: bytes, flags: int = 0x60, code: int = 4, extra: bytes = b"", end: bytes = bytes(4)) -> bytes:
    return b"\x04\x22\x4d\x18" + bytes((flags, code << 4)) + extra + b"\0" + b"".join(blocks) + end


def plain(content: bytes) -> bytes:
    return struct.pack("<I", len(content) | 1 << 31) + content


def packed(content: bytes) -> bytes:
    return struct.pack("<I", len(content)) + content


def unpacked(content: bytes) -> bytes:
    make = inflater_for(content)
    assert make is not None
    return Inflated(Held(content), make, Budget(1 << 20)).peek(1 << 20)


FRAMES = {
    "plain": (frame(plain(b"hello")), b"hello"),
    "literals": (frame(packed(b"\x50hello")), b"hello"),
    "repeated": (frame(packed(b"\x12a\x01\x00\x50hello")), b"a" * 7 + b"hello"),
    "long": (frame(packed(b"\xf0\x05" + b"x" * 20)), b"x" * 20),
    "long repeat": (frame(packed(b"\x1fa\x01\x00\xff\x00\x10b")), b"a" + b"a" * (15 + 255 + 4) + b"b"),
    "two blocks": (frame(plain(b"ab"), packed(b"\x20cd")), b"abcd"),
    "back into the block before": (frame(plain(b"abcd"), packed(b"\x00\x04\x00\x10!"), flags=0x40), b"abcdabcd!"),
    "sums": (frame(plain(b"ab") + bytes(4), flags=0x74, end=bytes(8)), b"ab"),
    "size": (frame(plain(b"ab"), flags=0x68, extra=struct.pack("<Q", 2)), b"ab"),
    "two frames": (frame(plain(b"ab")) + frame(plain(b"cd")), b"abcd"),
    "padding": (frame(plain(b"ab")) + bytes(20), b"ab"),
    "nothing": (frame(), b""),
}


@pytest.mark.parametrize(("content", "expected"), FRAMES.values(), ids=FRAMES)
def test_lz4(content: bytes, expected: bytes) -> None:
    assert unpacked(content) == expected


@pytest.mark.parametrize(
    "content",
    [
        frame(plain(b"ab"))[:-6],
        frame(plain(b"ab"), end=b""),
        frame(packed(b"\x00\x05\x00\x10!")),
        frame(packed(b"\x10a\x00\x00\x10!")),
        frame(packed(b"\x50ab")),
        frame(packed(b"\xf0")),
        frame(packed(b"\x10a\x01")),
        frame(packed(b"\x1fa\x01\x00" + b"\xff" * 300 + b"\x00\x10b")),
        frame(plain(bytes(70_000))),
        frame(plain(b"ab"), flags=0x20),
        frame(plain(b"ab"), code=3),
        frame(plain(b"ab"), flags=0x61, extra=bytes(4)),
    ],
)
def test_lz4_that_is_damaged(content: bytes) -> None:
    with pytest.raises(Malformed, match=r"damaged|end mark"):
        unpacked(content)
    assert verdict(looked_at("model.joblib", content)) == "unreadable"
    assert looked_at("frames.lz4", content) == Report()


@pytest.mark.parametrize("name", ["model.joblib", "model.pkl.lz4", "weights"])
def test_pickles_in_lz4_are_inspected(name: str) -> None:
    assert verdict(looked_at(name, frame(plain(FINE)))) == "safe"
    assert verdict(looked_at(name, frame(plain(HARM)))) == "dangerous"
    assert (
        verdict(
            looked_at(
                name, frame(plain(HARM[:5]), packed(bytes((len(HARM[5:15]) << 4,)) + HARM[5:15]), plain(HARM[15:]))
            )
        )
        == "dangerous"
    )
    assert looked_at("model.joblib", frame(plain(FINE)), Limits(unpacked_bytes=2)).outcome is Outcome.QUARANTINED
