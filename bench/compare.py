"""Our server and `mlflow server` 3.17.2 side by side: the same calls, by turns, on this machine, in one run.

    python -m bench.compare [--only log-metric,search]… [--ours] [--seconds 1] [--rounds 2] [--full]

Both have two API processes and a database in one PostgreSQL cluster; ours checks a token at every call, `mlflow server`
has no authentication, as is its default. What counts are the ratios: rates depend on what else the machine does, which
is why the servers take turns. ``--json`` and ``--markdown`` write the table into files.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench import report
from bench.clients.http1 import CallFailed
from bench.clients.load import Figures, drive
from bench.limits import bare
from bench.servers import footprint, peers
from bench.servers.footprint import Fact
from bench.servers.machine import Machine, running
from bench.servers.peers import Peer
from bench.servers.processors import Watch, settle
from bench.works import files, graphql, registry, searches, tracking
from bench.works.work import Work

WORKS: tuple[Work, ...] = (*tracking.WORKS, *registry.WORKS, *files.WORKS, *searches.WORKS, *graphql.WORKS)


EXTRAS = ("memory", "start", "bare")
"""What is no work of clients."""


def main() -> None:
    """Measure and print."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended
    works, extras = choose(options.only, options.full)
    load = os.getloadavg()[0]
    our_start = footprint.our_start() if "start" in extras else 0.0
    comparison = Comparison(options.seconds, options.rounds)
    with running() as machine:
        with contextlib.ExitStack() as stack:
            rivals = [] if options.ours else [stack.enter_context(peers.mlflow(machine))]
            servers = [*rivals, peers.ours(machine)]
            settle(peer.processes for peer in servers)
            comparison.note_memory(servers)
            uvloop.run(comparison.measure(works, servers))
        their_start = footprint.their_start(machine, rivals[0].database_url) if rivals and "start" in extras else None
        limits = _limits(machine, options.seconds, options.rounds) if "bare" in extras else []
    facts = comparison.facts(our_start, their_start, extras)
    head = f"{os.cpu_count()} processors; load {load:.1f} before, {os.getloadavg()[0]:.1f} after"
    tables = (report.markdown(comparison.lines, head), report.of_facts(facts), report.of_limits(limits))
    text = "\n".join(table for table in tables if table)
    print("\n" + text)
    if options.markdown:
        options.markdown.write_text(text)
    if options.json:
        options.json.write_bytes(report.as_json(comparison.lines, facts, limits, head))


class Comparison:
    """What has been measured so far."""

    def __init__(self, seconds: float, rounds: int) -> None:
        self._seconds, self._rounds = seconds, rounds
        self.lines: list[report.Line] = []
        self._memory: list[dict[str, float]] = []

    def note_memory(self, servers: list[Peer]) -> None:
        """Before anything is asked, and after every work."""
        self._memory.append(footprint.memory(servers))

    async def measure(self, works: Sequence[Work], servers: list[Peer]) -> None:
        """Every work with every server, by turns; one that fails twice is left out."""
        for work in works:
            selected = [peer for peer in servers if peer.is_ours or not work.ours_only]
            figures = await self._tried(work, selected) or await self._tried(work, selected)
            if figures is None:
                continue
            self.lines.append(report.Line(work, {peer.name: one for peer, one in zip(selected, figures, strict=True)}))
            print(report.brief(self.lines[-1]), flush=True)
            self.note_memory(servers)

    async def _tried(self, work: Work, servers: Sequence[Peer]) -> list[Figures] | None:
        """None if it failed; a busy machine makes uvicorn kill workers of `mlflow server` that do not answer it."""
        try:
            return await self._with_all(work, servers)
        except (AssertionError, OSError, TimeoutError, CallFailed) as error:
            print(f"{work.name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return None

    async def _with_all(self, work: Work, servers: Sequence[Peer]) -> list[Figures]:
        plans = [await work.prepare(peer) for peer in servers]
        for peer, plan in zip(servers, plans, strict=True):
            await drive(peer.address, plan, work.clients, self._seconds / 10)  # fills caches, prepares statements
        figures = [Figures() for _ in servers]
        for _ in range(self._rounds):
            for peer, plan, own_figures in zip(servers, plans, figures, strict=True):
                with Watch(peer.processes) as watch:
                    one = await drive(peer.address, plan, work.clients, self._seconds)
                own_figures.rounds.append(watch.told(one))
        return figures

    def facts(self, our_start: float, their_start: float | None, extras: Sequence[str]) -> list[Fact]:
        """Memory at idle and at most, and the time of a warm start."""
        facts = []
        if "memory" in extras:
            peak = {name: max(sizes[name] for sizes in self._memory) for name in self._memory[0]}
            both = (("idle", "memory at idle", self._memory[0]), ("peak", "memory at most", peak))
            for name, title, sizes in both:
                facts.append(Fact(name, title, "MiB", sizes.get(peers.THEIRS), sizes[peers.OURS], 5, 8))
        if "start" in extras:
            facts.append(Fact("start", "ready after a warm start", "s", their_start, our_start, 5, 2, is_absolute=True))
        return facts


def _limits(machine: Machine, seconds: float, rounds: int) -> list[bare.Limit]:
    limits = uvloop.run(bare.limits(machine, seconds, rounds))
    with contextlib.closing(bare.web(machine)) as kinds:
        limits += [uvloop.run(bare.web_limit(kind, seconds, rounds)) for kind in kinds]
    return limits


def choose(only: Sequence[str], full: bool) -> tuple[list[Work], list[str]]:
    """Works and extras by name or the beginning of a name; long works when asked for."""
    wanted = tuple(word for words in only for word in words.split(","))
    if not wanted:
        return [work for work in WORKS if full or not work.is_long], list(EXTRAS)
    works = [work for work in WORKS if work.name.startswith(wanted)]
    extras = [name for name in EXTRAS if name.startswith(wanted)]
    if not works and not extras:
        names = [*(work.name for work in WORKS), *EXTRAS]
        raise SystemExit(f"Nothing is called that; there are: {', '.join(names)}")
    return works, extras


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", default=[], help="names of works, or beginnings of names")
    parser.add_argument("--ours", action="store_true", help="leave mlflow server out")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of one round")
    parser.add_argument("--rounds", type=int, default=2, help="rounds with each server, by turns")
    parser.add_argument("--full", action="store_true", help="also what takes long")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
