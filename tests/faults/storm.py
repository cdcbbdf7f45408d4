"""Clients that work side by side while parts die at random, and the check of everything that they were told."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.faults import histories, matrix
from tests.faults.client import Outcome, sha256
from tests.faults.histories import Op
from tests.faults.installation import APIS, Installation
from tests.faults.matrix import Report
from tests.faults.rows import empty_redis
from tests.faults.world import World

CLIENTS = 8
MODELS = ("storm-a", "storm-b")
REGISTERS = tuple(f"register-{number}" for number in range(4))
METRICS_AT_ONCE = 5


class Storm:
    """The operations of all clients, in the order in which they ended."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.client, self.seed = world, world.client, seed
        self.ops: list[Op] = []
        self.points = 0
        self.deaths: list[str] = []

    async def prepare(self) -> None:
        self.place = await self.client.candidate()
        self.run_id = self.place.split("/")[1]
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
            (4, self.log),
        ]
        weights = [weight for weight, _ in deeds]
        while time.monotonic() < end:
            (_, deed), *_ = dice.choices(deeds, weights)
            await deed()
            await asyncio.sleep(dice.uniform(0, 0.05))

    async def store(self, path: str, own: list[str]) -> None:
        content = self.world.content(500)
        outcome = await self.note("store", path, sha256(content), self.client.put(self.place, path, content))
        self.world.note(outcome, self.place, path, content)
        if outcome.is_ok:
            own.append(path)

    async def remove(self, own: list[str]) -> None:
        if not own:
            return
        path, ledger = own.pop(0), self.world.ledger
        outcome = await self.note("remove", path, None, self.client.delete(self.place, path))
        content = ledger.present.pop((self.place, path))
        if outcome.is_ok:
            ledger.gone.add((self.place, path))
            ledger.gone_hashes.add(sha256(content))
        else:
            ledger.doubtful[self.place, path] = content

    async def write(self, register: str) -> None:
        content = self.world.content(300)
        await self.note("write", register, sha256(content), self.client.put(self.place, register, content))

    async def erase(self, register: str) -> None:
        await self.note("write", register, None, self.client.delete(self.place, register))

    async def read(self, register: str) -> None:
        await self.note("read", register, None, self.client.get(self.place, register), _content_of)

    async def release(self, model: str) -> None:
        work = self.client.call("model-versions/create", name=model, source="", run_id="")
        invoked = time.monotonic()
        outcome = await work
        value = int(outcome.data["model_version"]["version"]) if outcome.is_ok else None
        result = "ok" if outcome.is_ok else "unknown" if outcome.is_unknown else "fail"
        self.ops.append(Op("version", model, value, invoked, time.monotonic(), result))

    async def point_alias(self, dice: random.Random) -> None:
        model = dice.choice(MODELS)
        known = [op.value for op in self.ops if op.kind == "version" and op.key == model and op.result == "ok"]
        number = dice.choice(known or [1])
        message = {"name": model, "alias": "champion", "version": str(number)}
        await self.note("alias", model, number, self.client.call("registered-models/alias", **message))

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
            last = await self._last("read", register, self.client.get(self.place, register), _content_of)
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
        return problems + histories.growing_set([op for op in self.ops if op.kind == "metrics"], await self._points())

    async def _last(self, kind: str, key: str, work: Awaitable[Outcome], got: Callable[[Outcome], Any]) -> Op:
        invoked = time.monotonic()
        outcome = await work
        assert not outcome.is_unknown, f"{key} cannot be read: {outcome}"
        return Op(kind, key, got(outcome), invoked, time.monotonic(), "ok")

    async def _points(self) -> list[int]:
        found: list[int] = []
        token = ""
        while True:
            more = {"page_token": token} if token else {}
            page = await self.client.ask(
                "metrics/get-history", run_id=self.run_id, metric_key="loss", max_results=10_000, **more
            )
            found += [int(point["step"]) for point in page.data.get("metrics", [])]
            token = page.data.get("next_page_token", "")
            if not token:
                return found

    def _of(self, kind: str, key: str) -> list[Op]:
        return [op for op in self.ops if op.kind == kind and op.key == key]


def _content_of(outcome: Outcome) -> str | None:
    return sha256(outcome.body) if outcome.is_ok else None


def _number_of(outcome: Outcome) -> int | None:
    return int(outcome.data["model_version"]["version"]) if outcome.is_ok else None


async def rage(installation: Installation, dice: random.Random, end: float, deaths: list[str]) -> None:
    """Kill something every few seconds."""

    async def pause(name: str) -> None:
        pid = installation.signal(signal.SIGSTOP, name)
        await asyncio.sleep(dice.uniform(0.5, 4))
        installation.continue_(pid)

    deeds: dict[str, Callable[[], Any]] = {
        "api 1": lambda: installation.kill("api 1"),
        "both apis": lambda: installation.kill(*APIS),
        "worker": lambda: installation.kill("worker"),
        "redis": lambda: installation.kill("valkey-server"),
        "redis emptied": lambda: empty_redis(installation),
        "postgres": lambda: installation.kill("postgres"),
        "store": lambda: installation.kill("weed"),
        "all": lambda: installation.kill("worker", *APIS, "python", "valkey-server", "weed", "postgres"),
        "pause of the worker": lambda: pause("worker"),
        "pause of an api": lambda: pause("api 2"),
    }
    while time.monotonic() < end:
        await asyncio.sleep(dice.uniform(1, 4))
        name = dice.choice(list(deeds))
        if not installation.pids(*(("worker", *APIS) if name.startswith(("pause", "all")) else ())):
            continue
        try:
            done = deeds[name]()
            if done is not None:
                await done
        except (ValueError, ProcessLookupError):
            continue  # it is dead already
        deaths.append(name)


async def run(directory: Path, seed: int, seconds: float) -> Report:
    """Let clients and deaths go on for so long, then check the history and all that is left."""
    report = Report(seed)
    async with matrix.running(directory, seed) as world:
        storm = Storm(world, seed)
        await storm.prepare()
        end = time.monotonic() + seconds
        raging = rage(world.installation, random.Random(f"{seed}-rage"), end, storm.deaths)
        await asyncio.gather(raging, *(storm.live(number, end) for number in range(CLIENTS)))
        began = time.monotonic()
        await world.installation.ready()
        report.facts["ready again after"] = f"{time.monotonic() - began:.1f} s"
        await matrix.settle(world, report.problems)
        report.problems += await storm.check()
        report.problems += [f"not to be answered: {answer}" for answer in world.client.books.wrong]
        report.facts |= {
            "seed": seed,
            "deaths": f"{len(storm.deaths)}: {', '.join(storm.deaths)}",
            "operations": len(storm.ops),
            **{f"operations: {kind}": ended for kind, ended in histories.summary(storm.ops).items()},
            "files checked": f"{len(world.ledger.present)} present, {len(world.ledger.doubtful)} doubtful, "
            f"{len(world.ledger.gone)} deleted",
            "answers": dict(sorted(world.client.books.answers.items())),
        }
    return report
