"""Requests a second with a browser's session, against those with a token of the same person.

    python -m bench.sessions [--clients 8] [--seconds 2] [--rounds 20]

An installation with two API processes. Both kinds send the same GraphQL queries from the same number of clients; they
take turns round by round, so that what else the machine does hits both alike, and each begins every other round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import repeat
from urllib.parse import urlsplit

from app.access import sessions
from app.access.authentication.client_info import ClientInfo
from app.access.sessions import Method
from app.runtime import open_runtime
from app.settings import Settings
from bench.clients.http1 import Address
from bench.clients.load import Figures, Plan, drive
from bench.servers.machine import Effort, Machine, running

_QUERIES = {
    "the caller alone": "{ viewer { isAdmin } }",
    "a page of projects": "{ projects(first: 10) { nodes { fullPath viewerRole } } }",
}
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


async def secret_of_session(machine: Machine) -> str:
    """A session of the person whose token it is."""
    settings = Settings.model_validate({name[10:].lower(): value for name, value in machine.store.items()})
    async with open_runtime(settings, name="bench") as runtime:
        actor = await runtime.authenticator.actor(machine.connection["MLFLOW_TRACKING_TOKEN"])
        assert actor.user_id is not None
        async with runtime.db.write() as tx:
            client = ClientInfo("127.0.0.1", _BROWSER)
            new = await sessions.start(tx, actor.user_id, client, Method.LINK, life=timedelta(days=1))
    return new.secret


async def measure(machine: Machine, options: argparse.Namespace) -> None:
    """All rounds of all queries, and a table of them."""
    url = "/".join(machine.connection["MLFLOW_TRACKING_URI"].split("/")[:3])
    where = urlsplit(url)
    headers = {
        "token": {"Authorization": f"Bearer {machine.connection['MLFLOW_TRACKING_TOKEN']}"},
        "session": {
            "Cookie": f"modelyard_session={await secret_of_session(machine)}",
            "Origin": url,
            "X-Requested-With": "bench",
        },
    }
    callers = {
        kind: Address(where.hostname or "", where.port or 80, headers=tuple(given.items()), name=kind)
        for kind, given in headers.items()
    }
    print(f"{options.clients} clients, {options.rounds} rounds of {options.seconds} s each, in turn\n")
    columns = ("query", "token", "session", "ratio", "processor of the API", "p50 / p99, token", "p50 / p99, session")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for name, query in _QUERIES.items():
        figures = {kind: Figures() for kind in callers}
        for number in range(options.rounds + 1):
            for kind in sorted(callers, reverse=bool(number % 2)):
                plan = Plan(lambda _, kind=kind, query=query: _requests(callers[kind], query), _check)  # type: ignore[misc]
                with Effort(machine.processes) as effort:
                    measured = await drive(callers[kind], plan, options.clients, options.seconds if number else 1)
                spent = sum(seconds for name, seconds in effort.cpu.items() if name.startswith("api"))
                measured = replace(measured, processor=spent)
                if number:  # the first one warms up
                    figures[kind].rounds.append(measured)
        _print(name, figures["token"], figures["session"])


def _requests(address: Address, query: str) -> Iterator[bytes]:
    return repeat(address.request("POST", "/graphql", json.dumps({"query": query}).encode()))


def _check(body: bytes) -> None:
    answer = json.loads(body)
    assert "errors" not in answer, answer
    assert all(answer["data"].values()), answer


def _print(name: str, token: Figures, session: Figures) -> None:
    spans = [" / ".join(f"{one.percentile(share) * 1000:.1f} ms" for share in (0.5, 0.99)) for one in (token, session)]
    # Of each pair of rounds: what slows one of them down mostly slows the other, too.
    pairs = zip(token.rounds, session.rounds, strict=True)
    ratio = statistics.median(len(b.latencies) / b.seconds / (len(a.latencies) / a.seconds) for a, b in pairs)
    spent = " and ".join(f"{one.processor * 1e6:.0f} µs" for one in (token, session))
    print(
        f"| {name} | {token.rate:.0f}/s | {session.rate:.0f}/s | {ratio:.3f} | {spent} | {spans[0]} | {spans[1]} |",
        flush=True,
    )


def main() -> None:
    """Run it with the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=20)
    with running() as machine:
        asyncio.run(measure(machine, parser.parse_args()))


if __name__ == "__main__":
    main()
