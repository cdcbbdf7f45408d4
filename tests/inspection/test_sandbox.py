"""The process that inspects: its limits, its end, and what is passed on."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.inspection.inspector import Limits, Outcome
from tests.support.inspection.sample_files import Reader, inspect, inspected, safetensors

ROOT = Path(__file__).parents[2]
NEST = b"\x80\x04" + b"]" * 3_000_000 + b"a" * 2_999_999 + b"."


async def test_files_that_take_too_long_are_quarantined() -> None:
    report = await inspected("model.pkl", NEST, Limits(seconds=0.3))
    assert report.outcome is Outcome.QUARANTINED
    assert report.scan is not None
    assert report.scan.verdict == "unreadable"
    assert "could not be scanned within 0.3 seconds" in (report.reason or "")


async def test_files_that_take_too_much_memory_are_quarantined() -> None:
    report = await inspected("model.pkl", b"\x80\x04" + b"N\x94" * 2_000_000 + b".", Limits(memory_bytes=100 * 2**20))
    assert report.outcome is Outcome.QUARANTINED
    assert "takes more than 104,857,600 bytes of memory" in (report.reason or "")


async def test_files_that_take_too_much_processor_time_are_quarantined() -> None:
    report = await inspected("model.pkl", NEST, Limits(cpu_seconds=1))
    assert report.outcome is Outcome.QUARANTINED
    assert "ended without an answer (code -" in (report.reason or "")


async def test_headers_that_take_too_long_are_not_read() -> None:
    header = {f"t{n}": {"dtype": "U8", "shape": [1], "data_offsets": [n, n + 1]} for n in range(50_000)}
    report = await inspected("m.safetensors", safetensors(header, bytes(50_000)), Limits(seconds=0.02))
    assert (report.outcome, report.format, report.facts) == (Outcome.READY, None, {})
    hidden = await inspected("weights.bin", safetensors(header, bytes(50_000)), Limits(seconds=0.02))
    assert (hidden.outcome, hidden.format) == (Outcome.QUARANTINED, None)
    assert "could not be scanned within 0.02 seconds" in (hidden.reason or "")


async def test_reading_beyond_the_limit_is_refused() -> None:
    report = await inspected("model.pkl", pickle.dumps([b"x" * 100] * 5000, 0), Limits(read_bytes=10_000))
    assert report.outcome is Outcome.QUARANTINED
    assert "than an inspection may read" in (report.reason or "")


async def test_errors_of_the_store_are_passed_on() -> None:
    class Failing(Reader):
        async def read(self, start: int, end: int) -> bytes:
            if self.read_bytes:
                raise ConnectionResetError("the store is away")
            return await super().read(start, end)

    with pytest.raises(ConnectionResetError, match="the store is away"):
        await inspect("model.pkl", Failing(pickle.dumps([1])))


async def test_waiting_for_the_store_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = 0

    class Slow(Reader):
        async def read(self, start: int, end: int) -> bytes:
            nonlocal hours
            hours += 1
            return await super().read(start, end)

    monkeypatch.setattr("app.inspection.processes.sandbox.monotonic", lambda: time.monotonic() + 3600 * hours)
    report = await inspect("requirements.txt", Slow(b"numpy\n"))
    assert (report.outcome, report.facts["dependencies"]) == (Outcome.READY, ["numpy"])


async def test_a_file_that_shrank_yields_a_report() -> None:
    reader = Reader(pickle.dumps(["x"] * 100_000))
    reader.content = reader.content[:5000]
    report = await inspect("model.pkl", reader)
    assert report.outcome is Outcome.QUARANTINED


async def test_no_process_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    reports = await asyncio.gather(*(inspected("model.pkl", pickle.dumps([n])) for n in range(3)))
    task = asyncio.create_task(inspected("model.pkl", NEST))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [report.outcome for report in reports] == [Outcome.READY] * 3
    assert [path for path, _, _ in os.walk(tmp_path)] == [str(tmp_path)]


def test_scanners_stay_out_of_the_worker() -> None:
    program = (
        "import sys, app.inspection.inspector; print(*sorted({'yaml', 'fickling', 'picklescan'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
