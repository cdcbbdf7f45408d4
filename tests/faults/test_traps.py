"""Traps: what each action does, and that it is done once, whichever process comes."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys

import pytest

from app import faults
from app.faults import PlannedFault, point


@pytest.fixture
def traps(tmp_path):
    faults.arm(tmp_path)
    yield tmp_path
    faults.arm(None)


async def test_point_without_a_trap_does_nothing(tmp_path):
    (tmp_path / "here").write_text("kill")
    await point("here")
    assert (tmp_path / "here").read_text() == "kill"


async def test_each_instruction_fires_once(traps):
    (traps / "here").write_text("raise\nraise")
    for _ in range(2):
        with pytest.raises(PlannedFault):
            await point("here")
    await point("here")
    await point("elsewhere")
    assert [file.name for file in traps.iterdir()] == ["here.reached"]


async def test_a_held_point_continues_when_it_is_released(traps):
    (traps / "here").write_text("hold")
    held = asyncio.create_task(point("here"))
    while not (traps / "here.reached").exists():  # noqa: ASYNC110 - the file is the signal
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert not held.done()
    (traps / "here.reached").unlink()
    await asyncio.wait_for(held, 5)


async def test_unknown_action_is_an_error(traps):
    (traps / "here").write_text("explode")
    with pytest.raises(ValueError, match="'explode'; it can kill, stop, sleep, hold or raise"):
        await point("here")


def test_next_process_passes_a_trap_that_killed_one(tmp_path):
    (tmp_path / "here").write_text("kill")
    code = (
        "import asyncio, sys; from pathlib import Path; from app import faults;"
        "faults.arm(Path(sys.argv[1])); asyncio.run(faults.point('here'))"
    )
    ends = [subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode for _ in range(2)]
    assert ends == [-signal.SIGKILL, 0]
