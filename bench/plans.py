"""The statements on which a large project spends its time, with the plans that PostgreSQL really chose for them.

    python -m bench.plans [--candidates 100000] [--models 10000] [--only log-metric,large]… [--top 10]

Starts an installation whose PostgreSQL counts statements (pg_stat_statements), fills a project, lets clients do every
work of the comparison, and prints the statements that took most of the time. For each the slowest execution that
auto_explain saw, with its plan as executed, prepared statements and generic plans included. Sequential scans over
tables of more than ten thousand rows are named first.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from app.embedded.servers import Servers
from bench.clients.http1 import CallFailed
from bench.clients.load import drive
from bench.compare import choose
from bench.servers import peers
from bench.servers.machine import Machine, running
from bench.servers.peers import Peer
from bench.stock import experiments
from bench.stock import models as stock_models
from bench.works import searches
from bench.works.registry import latest, page
from bench.works.work import Work

LARGE = 10_000
"""Rows from which on a sequential scan is worth a word."""
_TOP = """SELECT queryid, query, calls, total_exec_time, mean_exec_time, rows,
    shared_blks_hit + shared_blks_read AS blocks
  FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND query ~* '^\\s*(select|insert|update|delete|with)' ORDER BY total_exec_time DESC LIMIT $1"""
_ENTRY = re.compile(r"LOG:  duration: ([\d.]+) ms  plan:\n((?:\t.*\n?)+)")
_IDENTIFIER = re.compile(r"Query Identifier: (-?\d+)")
_SCAN = re.compile(r"Seq Scan on (?:public\.)?(\w+)")


@dataclass
class Statement:
    """One of the hottest, and how it was executed."""

    id: int
    text: str
    calls: int
    total: float
    """Milliseconds of all calls."""
    mean: float
    rows: int
    blocks: int
    durations: list[float] = field(default_factory=list)
    plan: str = ""

    def see(self, duration: float, plan: str) -> None:
        """Another execution; the plan of the slowest is kept."""
        if duration >= max(self.durations, default=0.0):
            self.plan = plan
        self.durations.append(duration)


def main() -> None:
    """Fill, ask, print."""
    options = _options()
    with running(_with_statistics) as machine:
        statements, sizes = uvloop.run(_hottest(machine, options))
    for statement in statements:
        print(f"\n{'=' * 100}\n{_summary(statement, sizes)}\n\n{statement.text.strip()}\n")
        if statement.durations:
            print(f"{_slowest(statement)}\n{statement.plan}")
        else:
            print("not executed again while plans were noted")
    if options.docs:
        (peers.ROOT / "docs" / "plans.md").write_text(_page(statements, sizes, options))


def _summary(statement: Statement, sizes: dict[str, int]) -> str:
    large = {name for name in _SCAN.findall(statement.plan) if sizes.get(name, 0) > LARGE}
    words = f" – SEQUENTIAL SCAN over {', '.join(sorted(large))}" if large else ""
    share = f"{statement.total:,.0f} ms in {statement.calls:,} calls, {statement.mean:.2f} ms each"
    rows, blocks = statement.rows / statement.calls, statement.blocks / statement.calls
    return f"{share}, {rows:.1f} rows and {blocks:.0f} blocks a call{words}"


def _slowest(statement: Statement) -> str:
    return f"slowest of {len(statement.durations)} looked at, {max(statement.durations):.1f} ms:"


_PAGE = """# The statements that take most of the time

The {count} statements on which PostgreSQL spent most of its time while clients did every work of the comparison in a
project of {amounts}, and the plan of the slowest execution of each that `auto_explain` saw. Each work had
the same time, so the figures weigh calls that are answered slowly as much as calls that are answered fast.
`python -m bench.plans --candidates {candidates} --docs` writes this page.

Rows of the tables: {sizes}.

{statements}"""


def _page(statements: Sequence[Statement], sizes: dict[str, int], options: argparse.Namespace) -> str:
    parts = []
    for number, statement in enumerate(statements, 1):
        lines = "\n".join(line.rstrip() for line in statement.text.strip().splitlines())
        plan = f"{_slowest(statement).capitalize()}\n\n```text\n{statement.plan}\n```\n" if statement.durations else ""
        parts.append(f"## {number}. {_summary(statement, sizes)}\n\n```sql\n{lines}\n```\n\n{plan}")
    largest = sorted(((rows, name) for name, rows in sizes.items() if rows > LARGE), reverse=True)
    return _PAGE.format(
        count=len(statements),
        amounts=f"{options.candidates:,} candidates and {options.models:,} models",
        candidates=options.candidates,
        sizes=", ".join(f"`{name}` {rows:,}" for rows, name in largest),
        statements="\n".join(parts),
    )


def _with_statistics(servers: Servers) -> None:
    """PostgreSQL counts statements from now on, and can note plans."""

    async def alter() -> None:
        connection = await asyncpg.connect(servers.environment["MODELYARD_DATABASE_OWNER_URL"])
        try:
            await connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements', 'auto_explain'")
            await connection.execute("ALTER SYSTEM SET compute_query_id = 'on'")
        finally:
            await connection.close()

    asyncio.run(alter())
    servers.restart("postgres")


async def _hottest(machine: Machine, options: argparse.Namespace) -> tuple[list[Statement], dict[str, int]]:
    peer = peers.ours(machine)
    works, _ = choose(options.only, full=False)
    works += _large(options.candidates, options.models) if not options.only else []
    await experiments.fill(peer, options.candidates, _shape(options.candidates))
    await stock_models.fill(peer, options.models)
    connection = await asyncpg.connect(peer.database_url)
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        await _work(works, peer, options.seconds, connection)
        statements = [Statement(*row.values()) for row in await connection.fetch(_TOP, options.top)]
        await _note_plans(connection)
        await _work(works, peer, options.seconds / 3, None)
        tables = "SELECT relname, reltuples::bigint FROM pg_class WHERE relkind = 'r'"
        sizes = {str(row[0]): int(row[1]) for row in await connection.fetch(tables)}
    finally:
        await connection.close()
    _read_log(machine.scratch.parent / "servers" / "log" / "postgres.log", {one.id: one for one in statements})
    return statements, sizes


def _large(candidates: int, models: int) -> list[Work]:
    """What the comparison asks of small amounts, asked of large ones."""
    shapes = searches.SHAPES.items()
    shape = _shape(candidates)
    works = [Work(name, words, 4, searches.searching(candidates, query, shape)) for name, (words, query) in shapes]
    return [*works, Work("models", "", 4, page(models)), Work("latest", "", 8, latest(models))]


def _shape(candidates: int) -> experiments.Shape:
    return experiments.WIDE if candidates <= 100_000 else experiments.NARROW


async def _work(works: Sequence[Work], peer: Peer, seconds: float, counting: Any) -> None:
    """Do all; where statements are counted, only those of the clients, not those of the preparation."""
    plans = [(work, await work.prepare(peer)) for work in works]
    if counting is not None:
        await peer.tidy(counting)
        await counting.execute("SELECT pg_stat_statements_reset()")
    for work, plan in plans:
        try:
            await drive(peer.address, plan, work.clients, seconds)
        except (AssertionError, CallFailed) as error:
            print(f"{work.name}: {error}", file=sys.stderr)


async def _note_plans(connection: Any) -> None:
    settings = {"log_min_duration": "0", "log_analyze": "on", "log_buffers": "on", "log_verbose": "on"}
    settings |= {"log_timing": "off", "log_parameter_max_length": "200", "sample_rate": "0.2"}
    for name, value in settings.items():
        await connection.execute(f"ALTER SYSTEM SET auto_explain.{name} = '{value}'")
    await connection.execute("SELECT pg_reload_conf()")
    await asyncio.sleep(1)


def _read_log(path: Path, statements: dict[int, Statement]) -> None:
    for duration, plan in _ENTRY.findall(path.read_text(errors="replace")):
        identifier = _IDENTIFIER.search(plan)
        if identifier and (statement := statements.get(int(identifier[1]))):
            statement.see(float(duration), _readable(plan))


def _readable(plan: str) -> str:
    """The parameters and the tree, without the text of the query and the columns of every node."""
    lines = [line.removeprefix("\t") for line in plan.splitlines()]
    first = next((number for number, line in enumerate(lines) if "(cost=" in line), 0)
    parameters = [line[:300] for line in lines[:first] if line.startswith("Query Parameters:")]
    return "\n".join(parameters + [line for line in lines[first:] if not line.strip().startswith("Output:")])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--only", action="append", default=[], help="names of works, or beginnings of names")
    parser.add_argument("--top", type=int, default=10, help="number of statements")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each work")
    parser.add_argument("--docs", action="store_true", help="write docs/plans.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
