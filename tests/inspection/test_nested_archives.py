"""Archives within archives: read in place or from the beginning again, never held."""

from __future__ import annotations

import gzip
import random
import zipfile
from collections.abc import Callable

import pytest

from app.inspection.detection import Kind
from app.inspection.examination import examine
from app.inspection.inspector import Limits, Outcome
from app.inspection.replayed_stream import KEPT, ReplayedStream, length
from app.inspection.source import Ended, FileStream, Held, Stream
from tests.inspection.test_archives import FINE, HARM, tarred, verdict, zipped
from tests.support.inspection.handmade_pickles import named, proto
from tests.support.inspection.sample_files import Reader, inspect, looked_at

NOISE = random.Random(3).randbytes(3_000_000)


def model(content: bytes) -> bytes:
    """As torch saves one, larger than what is kept of a stream."""
    return zipped({"archive/data.pkl": content, "archive/data/0": NOISE, "archive/version": b"3"})


def in_tar(content: bytes) -> bytes:
    return tarred({"config.json": b"{}", "pytorch_model.bin": content, "after.txt": b"1"})


def deflated(content: bytes) -> bytes:
    return zipped({"readme": b"1", "pytorch_model.bin": content, "after": b"2"}, zipfile.ZIP_DEFLATED)


OUTER: dict[str, Callable[[bytes], bytes]] = {
    "tar": in_tar,
    "tar.gz": lambda content: gzip.compress(in_tar(content), 1),
    "zip": lambda content: zipped({"pytorch_model.bin": content}),
    "deflated": deflated,
    "gz": lambda content: gzip.compress(content, 1),
    "zip in tar.gz": lambda content: gzip.compress(in_tar(deflated(content)), 1),
    "tar in zip": lambda content: deflated(in_tar(content)),
}


@pytest.mark.parametrize("outer", OUTER.values(), ids=OUTER)
def test_models_inside_archives_are_inspected(outer: Callable[[bytes], bytes]) -> None:
    assert verdict(looked_at("x", outer(model(FINE)))) == "safe"
    assert verdict(looked_at("x", outer(model(HARM)))) == "dangerous"
    assert verdict(looked_at("x", outer(model(FINE) + model(HARM)))) == "dangerous"
    assert verdict(looked_at("x", outer(model(FINE) + b"x" + model(FINE)))) == "unreadable"


@pytest.mark.parametrize("outer", OUTER.values(), ids=OUTER)
def test_truncated_inner_archives_do_not_fail_the_outer_one(outer: Callable[[bytes], bytes]) -> None:
    assert looked_at("x", outer(model(FINE)[:-2000])).outcome is Outcome.READY


def test_models_in_uncompressed_archives_are_read_by_range() -> None:
    whole = in_tar(model(FINE))

    class Counted(Held):
        read_bytes = 0

        def read(self, start: int, end: int) -> bytes:
            Counted.read_bytes += end - start
            return super().read(start, end)

    assert verdict(examine(Kind.TAR, "x.tar", Counted(whole), Limits())) == "safe"
    assert Counted.read_bytes < len(whole)


def test_tensors_in_bytes_inside_archives_are_inspected() -> None:
    def holding(content: bytes) -> bytes:
        load = named("torch.storage", "_load_from_bytes")
        return proto(load + b"B" + len(content).to_bytes(4, "little") + content + b"\x85R")

    for outer in (tarred, zipped):
        assert verdict(looked_at("x", outer({"a.pkl": holding(FINE)}))) == "suspicious"
        assert verdict(looked_at("x", outer({"a.pkl": holding(HARM)}))) == "dangerous"


def test_seeking_back_counts_against_the_decompression_budget() -> None:
    packed = OUTER["tar.gz"](model(FINE))
    report = looked_at("x.tar.gz", packed, Limits(unpacked_bytes=4_000_000))
    assert (report.outcome, verdict(report)) == (Outcome.QUARANTINED, "unreadable")
    assert "would have to be unpacked" in (report.reason or "")


async def test_a_model_in_a_compressed_archive_takes_little_memory() -> None:
    large = zipped({"archive/data.pkl": FINE, "archive/data/0": bytes(60_000_000)})
    report = await inspect("model.tar.gz", Reader(OUTER["tar.gz"](large)), limits=Limits(memory_bytes=250 * 2**20))
    assert (report.outcome, verdict(report)) == (Outcome.READY, "safe")


class _Counting:
    def __init__(self, content: bytes) -> None:
        self.content, self.begun = content, 0

    def __call__(self) -> Stream:
        self.begun += 1
        return FileStream(Held(self.content))


def test_ranges_read_in_any_order_equal_slices_of_the_file() -> None:
    rng = random.Random(11)
    rewound = ReplayedStream(_Counting(NOISE), len(NOISE))
    for _ in range(300):
        start = rng.randrange(len(NOISE))
        end = start + rng.choice([0, 1, 30, 70_000, 2 * KEPT])
        assert rewound.read(start, end) == NOISE[start : min(end, len(NOISE))]
    assert length(FileStream(Held(NOISE))) == len(NOISE)


def test_recently_read_bytes_are_buffered() -> None:
    counting = _Counting(NOISE)
    rewound = ReplayedStream(counting, len(NOISE))
    end = len(NOISE)
    assert rewound.read(end - 70_000, end) == NOISE[-70_000:]
    assert rewound.read(end - KEPT + 1, end - 10) == NOISE[1 - KEPT : -10]
    assert counting.begun == 1
    assert rewound.read(5, 10) == NOISE[5:10]
    assert counting.begun == 2
    with pytest.raises(Ended):
        ReplayedStream(_Counting(b"short"), 100).read(0, 50)
