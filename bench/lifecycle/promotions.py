"""Promotions that race: one of them wins, the others are told who won; and what one costs when it is alone.

    python -m bench.lifecycle.promotions [--at-once 50] [--rounds 5]

Over HTTP, at an installation with two API processes. Each round makes a model with that many versions of one file each,
promotes all of them to `production` at once, from connections of their own, and counts who won, and how many answers
name the winner. Then versions are promoted to `staging` one after the other, and checked.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections import Counter
from typing import Any

import httpx

from bench.servers.machine import Machine, running

_MAKE = """mutation m($p: String!, $n: String!) {
  modelCreate(input: {project: {path: $p}, name: $n}) { model { id } userErrors { message } } }"""
_VERSION = """mutation v($m: ID!) {
  modelVersionCreate(input: {model: {id: $m}}) { modelVersion { id version candidate { uuid } }
    userErrors { message } } }"""
_PROMOTE = """mutation p($v: ID!, $stage: String!, $current: Long) {
  modelVersionPromote(input: {modelVersion: {id: $v}, stage: $stage, expectedCurrent: $current}) {
    modelVersion { version } userErrors { code message } } }"""
_CHECK = """query c($v: ID!) {
  promotionCheck(modelVersion: {id: $v}, stage: "production") { allowsPromotion verdicts { outcome } } }"""


class Caller:
    """One person with a connection of their own."""

    def __init__(self, machine: Machine) -> None:
        self.project = machine.connection["MODELYARD_PROJECT"]
        self.mlflow = machine.connection["MLFLOW_TRACKING_URI"]
        self.url = machine.connection["MODELYARD_URL"]
        self.headers = {"Authorization": f"Bearer {machine.connection['MODELYARD_TOKEN']}"}

    async def ask(self, http: httpx.AsyncClient, document: str, **variables: Any) -> Any:
        """The data of an operation."""
        sent = {"query": document, "variables": variables}
        answer = await http.post(f"{self.url}/graphql", json=sent, headers=self.headers)
        return answer.json()["data"]

    async def promote_once(self, version: str) -> tuple[float, Any]:
        """Promote from a new connection; seconds and payload."""
        async with httpx.AsyncClient(timeout=60) as http:
            begun = time.perf_counter()
            payload = await self.ask(http, _PROMOTE, v=version, stage="production", current=0)
            return time.perf_counter() - begun, payload["modelVersionPromote"]

    async def versions(self, http: httpx.AsyncClient, name: str, count: int) -> list[str]:
        """Ids of new versions of a new model, each with a file."""
        model = (await self.ask(http, _MAKE, p=self.project, n=name))["modelCreate"]["model"]["id"]
        made = []
        for _ in range(count):
            version = (await self.ask(http, _VERSION, m=model))["modelVersionCreate"]["modelVersion"]
            run = version["candidate"]["uuid"].replace("-", "")
            file = f"{self.mlflow}/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/weights.txt"
            stored = await http.put(file, content=version["version"].encode(), headers=self.headers)
            stored.raise_for_status()
            made.append(version["id"])
        return made


async def measure(machine: Machine, at_once: int, rounds: int) -> None:
    """Races first, then promotions that nothing delays."""
    caller = Caller(machine)
    async with httpx.AsyncClient(timeout=60) as http:
        for number in range(rounds):
            versions = await caller.versions(http, f"race-{number}", at_once)
            answers = await asyncio.gather(*(caller.promote_once(version) for version in versions))
            won = [payload for _, payload in answers if not payload["userErrors"]]
            winner = won[0]["modelVersion"]["version"] if won else "none"
            codes = Counter(payload["userErrors"][0]["code"] for _, payload in answers if payload["userErrors"])
            told = sum(
                f"({winner})" in payload["userErrors"][0]["message"] for _, payload in answers if payload not in won
            )
            slowest = max(seconds for seconds, _ in answers)
            print(
                f"round {number + 1}: {at_once} at once, {len(won)} won ({winner}), {dict(codes)}, "
                f"{told} name the winner, all answered within {slowest:.2f} s"
            )
        versions = await caller.versions(http, "alone", 40)
        for title, document, more in (
            ("promotionCheck", _CHECK, {}),
            ("modelVersionPromote to staging", _PROMOTE, {"stage": "staging", "current": None}),
        ):
            times = []
            for version in versions:
                begun = time.perf_counter()
                await caller.ask(http, document, v=version, **more)
                times.append((time.perf_counter() - begun) * 1000)
            print(f"{title}: median {statistics.median(times):.1f} ms of {len(times)}")


def main() -> None:
    """Run it with the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with running() as machine:
        asyncio.run(measure(machine, options.at_once, options.rounds))


if __name__ == "__main__":
    main()
