"""Our server and `mlflow server` 3.17.2 side by side: the same calls, by turns, on this machine, in one run.

    python -m bench.compare [--only log-metric,search]… [--ours] [--seconds 2] [--rounds 2] [--full]

Both have two API processes and a database in one PostgreSQL cluster; ours checks a token at every call, `mlflow server`
has no authentication, as is its default. What counts are the ratios: rates depend on what else the machine does, which
is why the servers take turns. ``--json`` and ``--markdown`` write the table into files.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench import peers, report
from bench.load import Figures, drive
from bench.machine import running
from bench.peers import Peer
from bench.processors import Watch
from bench.works import files, graphql, registry, searches, tracking
from bench.works.work import Work

WORKS: tuple[Work, ...] = (*tracking.WORKS, *registry.WORKS, *files.WORKS, *searches.WORKS, *graphql.WORKS)


def main() -> None:
    """Measure and print."""
    options = _options()
    chosen = choose(options.only, options.full)
    os.environ["MODELYARD_WEB_CONCURRENCY"] = str(peers.PROCESSES)
    load = os.getloadavg()[0]
    with contextlib.ExitStack() as stack:
        machine = stack.enter_context(running())
        rivals = [] if options.ours else [stack.enter_context(peers.mlflow(machine))]
        lines = uvloop.run(measure(chosen, [*rivals, peers.ours(machine)], options.seconds, options.rounds))
    head = f"{os.cpu_count()} processors; load {load:.1f} before, {os.getloadavg()[0]:.1f} after"
    print("\n" + report.markdown(lines, head))
    if options.markdown:
        options.markdown.write_text(report.markdown(lines, head))
    if options.json:
        options.json.write_bytes(report.as_json(lines, head))


async def measure(works: Sequence[Work], servers: Sequence[Peer], seconds: float, rounds: int) -> list[report.Line]:
    """Every work with every server, by turns."""
    lines = []
    for work in works:
        asked = [peer for peer in servers if peer.is_ours or not work.ours_only]
        try:
            figures = await _measure(work, asked, seconds, rounds)
        except (AssertionError, OSError, TimeoutError, RuntimeError) as error:
            print(f"{work.name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            continue
        lines.append(report.Line(work, {peer.name: found for peer, found in zip(asked, figures, strict=True)}))
        print(report.brief(lines[-1]), flush=True)
    return lines


async def _measure(work: Work, servers: Sequence[Peer], seconds: float, rounds: int) -> list[Figures]:
    plans = [await work.prepare(peer) for peer in servers]
    for peer, plan in zip(servers, plans, strict=True):
        await drive(peer.address, plan, work.clients, seconds / 10)  # fills caches, prepares statements
    figures = [Figures() for _ in servers]
    for _ in range(rounds):
        for peer, plan, found in zip(servers, plans, figures, strict=True):
            with Watch(peer.processes) as watch:
                one = await drive(peer.address, plan, work.clients, seconds)
            found.rounds.append(watch.told(one))
    return figures


def choose(only: Sequence[str], full: bool) -> list[Work]:
    """Works by name or the beginning of a name; long ones when asked for."""
    wanted = [word for words in only for word in words.split(",")]
    if not wanted:
        return [work for work in WORKS if full or not work.is_long]
    chosen = [work for work in WORKS if work.name.startswith(tuple(wanted))]
    if not chosen:
        raise SystemExit(f"No work is called that; there are: {', '.join(work.name for work in WORKS)}")
    return chosen


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", default=[], help="names of works, or beginnings of names")
    parser.add_argument("--ours", action="store_true", help="leave mlflow server out")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one round")
    parser.add_argument("--rounds", type=int, default=2, help="rounds with each server, by turns")
    parser.add_argument("--full", action="store_true", help="also what takes long")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
