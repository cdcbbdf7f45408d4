"""Counters of forked processes: summed by any of them, carried on by the next in a slot, and nowhere on a disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import shared_counters
from tests.support.source import ROOT

_FAMILY = """
import os, sys
from app import shared_counters
shared_counters.share(2)
from prometheus_client import Counter, Gauge, Histogram, generate_latest
asked = Counter("asked_total", "Asked.", ["who"])
bare = Counter("bare_total", "Without labels.")
open_ = Gauge("open_now", "Open.", multiprocess_mode="livesum")
last = Gauge("last_run", "When.", ["chore"], multiprocess_mode="mostrecent")
seconds = Histogram("took_seconds", "How long.", buckets=(1, 2))

def child(slot, work):
    pid = os.fork()
    if pid == 0:
        shared_counters.take(slot)
        work()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0

def first():
    asked.labels("a").inc(2); bare.inc(); open_.inc(3); seconds.observe(0.5); seconds.observe(1.5)
    last.labels("sweep").set(100)
def second():
    asked.labels("a").inc(); asked.labels("b").inc(); open_.inc(); seconds.observe(9); last.labels("sweep").set(50)
def again():
    asked.labels("a").inc(10)
    sys.stdout.write(generate_latest(shared_counters.registry()).decode()); sys.stdout.flush()
child(0, first); child(1, second); child(0, again)
"""


def family(directory: Path) -> dict[tuple[str, str], float]:
    done = subprocess.run(
        [sys.executable, "-c", _FAMILY],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(done.stdout)
        for sample in family.samples
    }


def test_processes_are_summed_and_leave_nothing_behind(tmp_path: Path) -> None:
    assert family(tmp_path) == {
        ("asked_total", "a"): 13,
        ("asked_total", "b"): 1,
        ("bare_total", ""): 1,
        ("open_now", ""): 1,  # the first one has ended, and what was open in it
        ("last_run", "sweep"): 50,
        ("took_seconds_bucket", "1.0"): 1,
        ("took_seconds_bucket", "2.0"): 2,
        ("took_seconds_bucket", "+Inf"): 3,
        ("took_seconds_count", ""): 3,
        ("took_seconds_sum", ""): 11,
    }
    assert list(tmp_path.iterdir()) == []


def test_a_full_shared_memory_counts_per_process() -> None:
    memory = shared_counters.mmap.mmap(-1, shared_counters.mmap.PAGESIZE)
    slot = shared_counters.Slot(memory)
    offsets = [slot.offset("x" * 500 + str(number)) for number in range(20)]
    assert None not in offsets[:7]
    assert offsets[-1] is None
    slot.write(offsets[0], 5.0, 0.0)
    assert shared_counters.Slot(memory).read(offsets[0]) == 5.0


def test_a_gauge_must_say_how_it_is_summed() -> None:
    with pytest.raises(ValueError, match="livesum, mostrecent"):
        shared_counters.SharedValue("gauge", "g", "g", (), (), "Help.", "all")
