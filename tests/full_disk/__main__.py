"""What every client gets while disks are full, as a table: ``python -m tests.full_disk``; needs the right to mount.

Each row is an installation of its own, whose disk is filled to the last byte; then each client does its usual thing,
the room is given back, and the time is taken until files and params are stored again.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

import httpx
import typer

from tests.full_disk.test_full_disk import LARGE, RESERVE, SERVERS, SMALL, WITHOUT, Yard, use_up_the_log, yard
from tests.support.full_disk.entry_points import EntryPoints, Told

COLUMNS = (
    "full", "probe", "log_metric", "log_artifact", "PUT", "part", "package", "GraphQL", "push", "GET, search",
    "ended", "stores again after",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """What is full."""

    title: str
    part: str
    mebibytes: int
    reserve: str
    log: bool = False


CASES = (
    Case("all on one disk, with a reserve", "", 400, RESERVE),
    Case("all on one disk, no reserve", "", 300, WITHOUT),
    Case("the store alone, no reserve", "s3", 160, WITHOUT),
    Case("the database alone, with a reserve", "pg18", 300, RESERVE),
    Case("the database alone, no reserve", "pg18", 200, WITHOUT),
    Case("the database alone, no room for its log", "pg18", 150, WITHOUT, log=True),
)


async def row(case: Case) -> list[str]:
    async with yard(case.part, case.mebibytes, case.reserve) as full:
        doors = full.doors
        assert (await doors.put("kept.bin", b"kept" * 5000)).status == 200
        running = full.servers()
        full.disk.fill()
        if case.log:
            await use_up_the_log(full.installation.settings().owner_url)
        elif not int(case.reserve):
            for _ in range(300):
                await doors.parameter(5000)
        cells = [case.title, await _probe(doors)]
        clients = (
            await doors.mlflow("metric"),
            await doors.mlflow("artifact", SMALL),
            await doors.put("small.bin", os.urandom(SMALL)),
            await doors.part(LARGE),
            await doors.package(os.urandom(SMALL)),
            await doors.model(),
            await doors.push(SMALL),
        )
        cells += [*map(_said, clients), await _read(doors)]
        full.disk.make_room()
        seconds = await full.until_it_stores(case.part != "pg18")
        return [*cells, _ended(full, running), f"{seconds:.1f} s"]


async def _probe(doors: EntryPoints) -> str:
    state = await doors.state()
    parts = ", ".join(f"{name} {word}" for name, word in dict(state["parts"]).items() if word != "ok")
    return f"{state['http']} {state['status']}: {parts}" if parts else f"{state['http']} {state['status']}"


def _said(told: Told) -> str:
    if told.status >= 200:
        return f"{told.status} `{told.code}`" if told.code else str(told.status)
    if not told.message or (told.status == 0 and "is full" not in told.message):
        return "done"
    which = "database" if "disk of the database" in told.message else "store"
    return f"error: “The disk of the {which} is full …”" if "is full" in told.message else told.message[:80]


async def _read(doors: EntryPoints) -> str:
    try:
        return f"{(await doors.get('kept.bin'))[0]}, {await doors.search()}"
    except httpx.HTTPError as error:
        return type(error).__name__


def _ended(full: Yard, running: dict[str, int]) -> str:
    now = full.servers()
    return ", ".join(name for name in SERVERS if now[name] != running[name]) or "none"


async def main() -> None:
    typer.echo("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for case in CASES:
        typer.echo("| " + " | ".join(await row(case)) + " |")


if __name__ == "__main__":
    asyncio.run(main())
