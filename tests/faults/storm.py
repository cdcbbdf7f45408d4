"""Clients that work side by side while parts die at random, and the check of everything that they were told."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.faults import histories, matrix
from tests.faults.actions import Deeds
from tests.faults.client import Outcome, sha256
from tests.faults.histories import Op
from tests.faults.kills import DEATHS, rage
from tests.faults.matrix import Report
from tests.faults.world import World

CLIENTS, PUSHERS = 8, 2
MODELS = ("storm-a", "storm-b")
REGISTERS = tuple(f"register-{number}" for number in range(4))
METRICS_AT_ONCE = 5
TOLD_SECONDS = 15.0
SETTLED_SECONDS = 300.0
"""For jobs that are left at the end: those that failed in the storm wait longer and longer."""
ENDS = {"ok": "acknowledged", "unknown": "unknown", "fail": "refused"}


class Storm:
    """The operations of all clients, in the order in which they ended."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.client, self.seed = world, world.client, seed
        self.ops: list[Op] = []
        self.points = 0
        self.numbers: dict[str, list[int]] = {name: [1] for name in MODELS}
        self.deaths: Counter[str] = Counter()
        self.deeds = Deeds(world, self.ops)

    async def prepare(self) -> None:
        await self.deeds.prepare()
        self.folder = await self.client.candidate()
        self.run_id = self.folder.split("/")[1]
        for name in MODELS:
            await self.client.surely("registered-models/create", name=name)
            await self.client.version(name)

    async def note(self, kind: str, key: str, value: Any, work: Awaitable[Outcome], got: Any = None) -> Outcome:
        """Do it and write down how it ended; ``got`` reads the value out of the answer."""
        invoked = time.monotonic()
        outcome = await work
        result = "ok" if outcome.is_ok else "unknown" if outcome.is_unknown else "fail"
        if got is not None and not outcome.is_unknown:
            value, result = got(outcome), "ok"
        self.ops.append(Op(kind, key, value, invoked, time.monotonic(), result))
        return outcome

    async def live(self, number: int, end: float) -> None:
        """One client, who does one thing after the other until the end."""
        dice = random.Random(f"{self.seed}-{number}")
        own: list[str] = []
        deeds: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (4, lambda: self.store(f"c{number}/f{len(self.ops)}-{dice.randrange(10**9)}", own)),
            (1, lambda: self.remove(own)),
            (3, lambda: self.write(dice.choice(REGISTERS))),
            (1, lambda: self.erase(dice.choice(REGISTERS))),
            (3, lambda: self.read(dice.choice(REGISTERS))),
            (2, lambda: self.release(dice.choice(MODELS))),
            (2, lambda: self.point_alias(dice)),
            (1, lambda: self.remove_alias(dice.choice(MODELS))),
            (4, self.log),
            *self.deeds.weighted(dice),
        ]
        weights = [weight for weight, _ in deeds]
        while time.monotonic() < end:
            (_, deed), *_ = dice.choices(deeds, weights)
            await deed()
            await asyncio.sleep(dice.uniform(0, 0.05))

    async def push(self, number: int, end: float) -> None:
        """A client who pushes one version after the other, which takes as long as it takes."""
        dice = random.Random(f"{self.seed}-push-{number}")
        while time.monotonic() < end:
            await self.deeds.push(dice)

    async def store(self, path: str, own: list[str]) -> None:
        content = self.world.content(500)
        outcome = await self.note("store", path, sha256(content), self.client.put(self.folder, path, content))
        self.world.note(outcome, self.folder, path, content)
        if outcome.is_ok:
            own.append(path)

    async def remove(self, own: list[str]) -> None:
        if not own:
            return
        path, ledger = own.pop(0), self.world.ledger
        outcome = await self.note("remove", path, None, self.client.delete(self.folder, path))
        content = ledger.present.pop((self.folder, path))
        if outcome.is_ok:
            ledger.gone.add((self.folder, path))
            ledger.gone_hashes.add(sha256(content))
        else:
            ledger.doubtful[self.folder, path] = content

    async def write(self, register: str) -> None:
        content = self.world.content(300)
        await self.note("write", register, sha256(content), self.client.put(self.folder, register, content))

    async def erase(self, register: str) -> None:
        await self.note("write", register, None, self.client.delete(self.folder, register))

    async def read(self, register: str) -> None:
        await self.note("read", register, None, self.client.get(self.folder, register), _content_of)

    async def release(self, model: str) -> None:
        work = self.client.call("model-versions/create", name=model, source="", run_id="")
        invoked = time.monotonic()
        outcome = await work
        value = int(outcome.data["model_version"]["version"]) if outcome.is_ok else None
        result = "ok" if outcome.is_ok else "unknown" if outcome.is_unknown else "fail"
        self.ops.append(Op("version", model, value, invoked, time.monotonic(), result))
        if value is not None:
            self.numbers[model].append(value)

    async def point_alias(self, dice: random.Random) -> None:
        model = dice.choice(MODELS)
        number = dice.choice(self.numbers[model])
        message = {"name": model, "alias": "champion", "version": str(number)}
        await self.note("alias", model, number, self.client.call("registered-models/alias", **message))

    async def remove_alias(self, model: str) -> None:
        message = {"name": model, "alias": "champion"}
        await self.note("alias", model, None, self.client.drop("registered-models/alias", **message))

    async def log(self) -> None:
        steps = range(self.points, self.points + METRICS_AT_ONCE)
        self.points += METRICS_AT_ONCE
        metrics = [{"key": "loss", "value": step, "timestamp": 1, "step": step} for step in steps]
        work = self.client.call("runs/log-batch", run_id=self.run_id, metrics=metrics)
        await self.note("metrics", f"steps {steps.start} to {steps.stop - 1}", tuple(steps), work)

    async def check(self) -> list[str]:
        """Everything that the history forbids."""
        problems = []
        for register in REGISTERS:
            last = await self._last("read", register, self.client.get(self.folder, register), _content_of)
            writes, reads = self._of("write", register), [*self._of("read", register), last]
            problems += histories.register(writes, reads)
        for model in MODELS:
            stored = await self.world.truth.rows(
                "SELECT v.number FROM model_versions v JOIN models m ON m.id = v.model_id WHERE m.name = :name",
                name=model,
            )
            first = Op("version", model, 1, -1, -1, "ok")
            problems += histories.counter([first, *self._of("version", model)], [row.number for row in stored])
            asking = self.client.ask("registered-models/alias", name=model, alias="champion")
            last = await self._last("alias", model, asking, _number_of)
            problems += histories.register(self._of("alias", model), [last])
        problems += await self.deeds.check()
        return problems + histories.growing_set([op for op in self.ops if op.kind == "metrics"], await self._points())

    async def _last(self, kind: str, key: str, work: Awaitable[Outcome], got: Callable[[Outcome], Any]) -> Op:
        invoked = time.monotonic()
        outcome = await work
        assert not outcome.is_unknown, f"{key} cannot be read: {outcome}"
        return Op(kind, key, got(outcome), invoked, time.monotonic(), "ok")

    async def _points(self) -> list[int]:
        points: list[int] = []
        token = ""
        while True:
            more = {"page_token": token} if token else {}
            page = await self.client.ask(
                "metrics/get-history", run_id=self.run_id, metric_key="loss", max_results=10_000, **more
            )
            points += [int(point["step"]) for point in page.data.get("metrics", [])]
            token = page.data.get("next_page_token", "")
            if not token:
                return points

    def _of(self, kind: str, key: str) -> list[Op]:
        return [op for op in self.ops if op.kind == kind and op.key == key]


def _content_of(outcome: Outcome) -> str | None:
    return sha256(outcome.body) if outcome.is_ok else None


def _number_of(outcome: Outcome) -> int | None:
    return int(outcome.data["model_version"]["version"]) if outcome.is_ok else None


async def _tell(storm: Storm, say: Callable[[str], object], began: float) -> None:
    """Say every quarter of a minute how far it is."""
    shown = 0
    while True:
        await asyncio.sleep(TOLD_SECONDS)
        ends = Counter(op.result for op in storm.ops)
        told = ", ".join(f"{ends[end]} {title}" for end, title in ENDS.items())
        wrong = [*storm.client.books.wrong, *storm.deeds.problems]
        passed = time.monotonic() - began
        say(f"{passed:6.0f} s  {storm.deaths.total()} deaths  {len(storm.ops)} operations: {told}  {len(wrong)} wrong")
        for one in wrong[shown:]:
            say(f"         {one}")
        shown = len(wrong)


async def run(directory: Path, seed: int, seconds: float, say: Callable[[str], object] = len) -> Report:
    """Let clients and deaths go on for so long, then check the history and all that is left."""
    report = Report(seed)
    async with matrix.running(directory, seed) as world:
        storm, began = Storm(world, seed), time.monotonic()
        await storm.prepare()
        telling = asyncio.create_task(_tell(storm, say, began))
        end = began + seconds
        raging = rage(world.installation, random.Random(f"{seed}-rage"), end, storm.deaths)
        pushers = (storm.push(number, end) for number in range(PUSHERS))
        await asyncio.gather(raging, *pushers, *(storm.live(number, end) for number in range(CLIENTS)))
        telling.cancel()
        say("the storm is over; waiting for what is left, and checking")
        began = time.monotonic()
        if world.installation.has_ended:
            world.installation.start()
        await world.installation.ready()
        report.facts["ready again after"] = f"{time.monotonic() - began:.1f} s"
        await matrix.settle(world, report.problems, patience=SETTLED_SECONDS)
        report.problems += await storm.check()
        report.problems += [f"not to be answered: {answer}" for answer in world.client.books.wrong]
        report.facts |= _facts(storm)
    return report


def _facts(storm: Storm) -> dict[str, object]:
    ledger, client = storm.world.ledger, storm.client
    log = storm.world.installation.log("postgres")
    return {
        "seed": storm.seed,
        "deaths": storm.deaths.total(),
        "kinds of death that were not met": sorted(DEATHS.keys() - storm.deaths.keys()) or "none",
        "operations": len(storm.ops),
        "files checked": f"{len(ledger.present)} present, {len(ledger.doubtful)} doubtful, {len(ledger.gone)} deleted",
        "versions pushed": f"{len(storm.deeds.pushed)} completed and checked",
        "deadlocks that PostgreSQL has ended": log.count("deadlock detected"),
        "answers": dict(sorted(client.books.answers.items())),
        "deaths by kind": "\n".join(_rows(storm.deaths)),
        "operations by kind": "\n\n" + histories.table(storm.ops),
    }


def _rows(deaths: Counter[str]) -> list[str]:
    return [
        "",
        "| death | times |",
        "|---|---|",
        *(f"| {name} | {times} |" for name, times in sorted(deaths.items())),
        "",
    ]
