"""Every fault at every moment: all moments are brought about at once, then the fault, then each is seen to its end."""

from __future__ import annotations

import asyncio
import signal
import time
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.faults.client import Books, Client
from tests.faults.columns import COLUMNS
from tests.faults.ground_truth import Truth, eventually
from tests.faults.installation import Installation
from tests.faults.rows import ROWS
from tests.faults.world import World
from tests.support.ci import fake_servers
from tests.support.ci.fake_servers import GitLab

CELL_SECONDS = 120.0
QUICK_ROWS = ("api", "flush")
QUICK_COLUMNS = tuple(name for name in COLUMNS if name != "U4")
"""Without the one that waits for the claim of a dead process."""


@dataclass
class Cell:
    """How one moment came through one fault: seconds from the fault to its end, or what was wrong."""

    seconds: float
    problem: str = ""

    def __str__(self) -> str:
        return "**broken**" if self.problem else f"{self.seconds:.1f} s"


@dataclass
class Report:
    """The table of cells, and what holds for the whole run."""

    seed: int
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    recovery: dict[str, float] = field(default_factory=dict)
    """Seconds until the API said that it was ready again, by row."""
    problems: list[str] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return not self.problems and not any(cell.problem for cell in self.cells.values())

    def __str__(self) -> str:
        columns = [name for name in sorted(COLUMNS) if any(key[1] == name for key in self.cells)]
        lines = (
            []
            if not self.cells
            else ["| fault | ready again | " + " | ".join(columns) + " |", "|---" * (len(columns) + 2) + "|"]
        )
        for name, seconds in self.recovery.items():
            cells = [str(self.cells.get((name, column), "")) for column in columns]
            lines.append(f"| {ROWS[name][0]} | {seconds:.1f} s | " + " | ".join(cells) + " |")
        lines += ["", *(f"- {name}: {COLUMNS[name][0]}" for name in columns), ""]
        lines += [f"- {name}: {value}" for name, value in self.facts.items()]
        wrong = [f"{key[0]} × {key[1]}: {cell.problem}" for key, cell in self.cells.items() if cell.problem]
        lines += ["", *(f"- PROBLEM: {problem}" for problem in [*wrong, *self.problems])]
        return "\n".join(lines).rstrip() + "\n"


@asynccontextmanager
async def running(directory: Path, seed: int) -> AsyncIterator[World]:
    """A fresh installation, stopped at the end."""
    installation = Installation(directory)
    installation.start()
    try:
        await installation.ready()
        client = Client(installation.connection, Books())
        try:
            async with Truth(installation.settings()) as truth, fake_servers.running(GitLab()) as gitlab:
                world = World(installation, client, truth, gitlab, seed=seed)
                await world.know_ci()
                yield world
        finally:
            await client.close()
    finally:
        installation.stop()


async def run(
    directory: Path, seed: int, rows: Sequence[str], columns: Sequence[str], say: Callable[[str], object] = len
) -> Report:
    """Try these rows and columns on one installation and check everything at the end; ``say`` is told of each row."""
    report, began = Report(seed), time.monotonic()
    async with running(directory, seed) as world:
        for name in rows:
            await _row(world, report, name, columns)
            broken = [key[1] for key, cell in report.cells.items() if key[0] == name and cell.problem]
            say(f"{ROWS[name][0]}: {'broken at ' + ', '.join(broken) if broken else 'fine'}")
        await settle(world, report.problems)
        report.problems += [f"not to be answered: {answer}" for answer in world.client.books.wrong]
        report.facts |= {
            "seed": seed,
            "promises checked": len(world.ledger.present),
            "doubtful ones found whole or absent": len(world.ledger.doubtful),
            "deleted ones found gone": len(world.ledger.gone),
            "answers": dict(sorted(world.client.books.answers.items())),
            "seconds": round(time.monotonic() - began),
        }
    return report


async def settle(world: World, problems: list[str], *, patience: float = 90) -> None:
    """Let workers do what is left, a day pass and the chores run; then nothing may differ from what was promised."""
    for check in (partial(_jobs, patience=patience), _bytes, World.check_all):
        try:
            await check(world)
        except AssertionError as error:
            problems.append(str(error)[:2_000])


async def _jobs(world: World, patience: float) -> None:
    await world.truth.quiet(patience)
    rows = await world.truth.rows("SELECT kind, last_error FROM background_jobs WHERE state = 'dead'")
    assert rows == [], f"dead jobs: {rows}"


async def _bytes(world: World) -> None:
    """Chores run when a worker begins; so one is asked to end, the supervisor starts the next, and a day has passed."""
    bytes_report: dict[str, object] = {}

    async def agree() -> bool:
        await world.truth.let_time_pass()
        bytes_report.update(await world.bytes_in_bucket_are_those_of_rows())
        return not any(bytes_report.values())

    for seconds in (20, 40, 60):
        world.installation.signal(signal.SIGTERM, "worker")
        with suppress(AssertionError):
            return await eventually(agree, "", seconds)
    raise AssertionError(f"bucket and rows differ: { ({what: keys for what, keys in bytes_report.items() if keys}) }")


async def _row(world: World, report: Report, name: str, columns: Sequence[str]) -> None:
    stories = {column: COLUMNS[column][1](world) for column in COLUMNS if column in columns}
    for story in stories.values():
        await asyncio.wait_for(anext(story), CELL_SECONDS)
    began = time.monotonic()
    fault = asyncio.ensure_future(ROWS[name][1](world.installation))
    await asyncio.sleep(0.05)
    ready = asyncio.ensure_future(_ready(world, began))
    cells = await asyncio.gather(*(_last(story, began) for story in stories.values()))
    await fault
    world.installation.stop_second_worker()
    report.recovery[name] = await ready
    report.cells |= {(name, column): cell for column, cell in zip(stories, cells, strict=True)}


async def _ready(world: World, began: float) -> float:
    await world.installation.ready()
    return time.monotonic() - began


async def _last(story: AsyncIterator[None], began: float) -> Cell:
    try:
        async with asyncio.timeout(CELL_SECONDS):
            assert await anext(story, "ended") == "ended"
    except Exception:  # noqa: BLE001 - whatever it was stands in the table
        return Cell(time.monotonic() - began, traceback.format_exc(limit=-3)[-1_500:])
    return Cell(time.monotonic() - began)
