"""Noise is no pickle, and what a loader would run before it fails is one."""

from __future__ import annotations

import pickle
import random
import zlib

import pytest

from app.inspection.detection import Kind, detect
from tests.support.inspection.sample_files import inspected

EVIL = b"\x80\x02cos\nsystem\nX\x01\x00\x00\x00xR."


def test_random_bytes_have_no_kind():
    noise = random.Random(7)
    heads = [bytes([0x80, protocol]) + noise.randbytes(1_000) for _ in range(300) for protocol in range(6)]
    taken = [head for head in heads if detect(head, 50_000, "weights.bin") is Kind.PICKLE]
    assert len(taken) < 100


@pytest.mark.parametrize("protocol", range(2, 6))
def test_pickle_detection_uses_the_opcode_after_the_protocol_mark(protocol):
    for value in ({"a": [1, 2.5]}, None, "x" * 10_000, b"x" * 100_000, list(range(1_000))):
        dumped = pickle.dumps(value, protocol)
        assert detect(dumped[:4096], len(dumped), "weights.bin") is Kind.PICKLE


async def test_a_truncated_stream_after_a_pickle_is_quarantined():
    whole = zlib.compressobj()
    begun = whole.compress(EVIL) + whole.flush(zlib.Z_SYNC_FLUSH)
    report = await inspected("weights.bin", begun + b"\xff" * 100)
    assert report.outcome == "quarantined"


async def test_random_bytes_after_a_compression_mark_are_ready():
    report = await inspected("weights.bin", b"\x78\x9c" + b"\xff" * 100)
    assert (report.outcome, report.format) == ("ready", None)
