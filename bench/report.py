"""The comparison as lines on a terminal, as a Markdown table and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import orjson

from bench.clients.load import Figures
from bench.limits.bare import Limit
from bench.servers.footprint import Fact
from bench.servers.peers import OURS, THEIRS
from bench.works.work import Work

_LEGEND = (
    "clients and servers share them. Times are p50 / p95 / p99 of a call in ms; CPU is what PostgreSQL and all "
    "processes of a server spent on one call, in ms; “others” are processors busy with something else meanwhile."
)


@dataclass(frozen=True)
class Line:
    """One work with its figures, by the name of the server."""

    work: Work
    figures: dict[str, Figures]

    @property
    def ratio(self) -> float | None:
        """How many times as fast as the other one we are."""
        if THEIRS not in self.figures:
            return None
        return self.figures[OURS].rate / self.figures[THEIRS].rate

    @property
    def thrift(self) -> float | None:
        """How many times as much processor time the other one needs; hardly depends on what else the machine does."""
        if THEIRS not in self.figures or not self.figures[OURS].processor:
            return None
        return self.figures[THEIRS].processor / self.figures[OURS].processor

    @property
    def verdict(self) -> str:
        """Which of the two goals is reached."""
        if self.ratio is None or self.work.floor is None or self.work.aim is None:
            return ""
        if self.ratio >= self.work.aim:
            return "aim"
        return "floor" if self.ratio >= self.work.floor else f"**{self.ratio / self.work.floor:.0%} of the floor**"


def brief(line: Line) -> str:
    """For the terminal, as soon as it is known."""
    parts = [f"{line.work.name:20}"]
    for name, figures in line.figures.items():
        parts.append(f"{name} {_rate(figures, line.work.amount)} {line.work.unit}/s, {_times(figures)} ms")
    if line.ratio is not None:
        parts.append(f"× {line.ratio:.1f} (CPU × {line.thrift or 0:.1f}) {line.verdict}")
    others = max(figures.others for figures in line.figures.values())
    return "; ".join(parts) + (f" (others took {others:.1f} processors)" if others >= 0.1 else "")


def markdown(lines: list[Line], head: str) -> str:
    """A table; p50/p95/p99 in milliseconds, and processor time of a call of server and PostgreSQL."""
    columns = f"work | {THEIRS} | ms | CPU | {OURS} | ms | CPU | ratio | CPU ratio | floor | aim | reached | others"
    rows = [f"{head}; {_LEGEND}", "", f"| {columns} |", "|---" * (columns.count("|") + 1) + "|"]
    for line in lines:
        cells = [line.work.title]
        for name in (THEIRS, OURS):
            cells += _cells(line.work, line.figures.get(name))
        cells += [f"{ratio:.1f}" if ratio is not None else "" for ratio in (line.ratio, line.thrift)]
        cells += [f"{goal:g}×" if goal else "" for goal in (line.work.floor, line.work.aim)]
        cells += [line.verdict, f"{max(figures.others for figures in line.figures.values()):.1f}"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def of_facts(facts: list[Fact]) -> str:
    """A table of what takes less the better it is."""
    if not facts:
        return ""
    rows = [f"| | {THEIRS} | {OURS} | ratio | floor | aim | reached |", "|---" * 7 + "|"]
    for one in facts:
        goal = f"{{:g}} {one.unit}" if one.is_absolute else "1/{:g}"
        reached = "aim" if one.reaches(one.aim) else "floor" if one.reaches(one.floor) else "**neither**"
        cells = [one.title, f"{one.theirs:,.1f} {one.unit}" if one.theirs is not None else ""]
        cells += [f"{one.ours:,.1f} {one.unit}", f"{one.ratio:.1f}" if one.ratio is not None else ""]
        cells += [goal.format(one.floor), goal.format(one.aim), "" if one.reaches(one.aim) is None else reached]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def of_limits(limits: list[Limit]) -> str:
    """A table of what this machine can do at best."""
    if not limits:
        return ""
    rows = ["| limit | rate | ms | CPU of PostgreSQL or the store | others |", "|---" * 5 + "|"]
    for one in limits:
        figures = one.figures
        rate = f"{figures.rate * one.amount:,.0f} {one.unit}/s"
        cells = [one.title, rate, _times(figures), f"{figures.processor * 1000:.2f}", f"{figures.others:.1f}"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def as_json(lines: list[Line], facts: list[Fact], limits: list[Limit], head: str) -> bytes:
    """Everything, times in milliseconds."""
    works = [
        {
            "name": line.work.name,
            "title": line.work.title,
            "clients": line.work.clients,
            "unit": f"{line.work.unit}/s",
            "servers": {name: _figures(line.work.amount, figures) for name, figures in line.figures.items()},
            "ratio": line.ratio,
            "cpu_ratio": line.thrift,
            "floor": line.work.floor,
            "aim": line.work.aim,
            "reached_floor": _reached(line.ratio, line.work.floor),
            "reached_aim": _reached(line.ratio, line.work.aim),
        }
        for line in lines
    ]
    amounts = [{**asdict(one), "ratio": one.ratio} for one in facts]
    bare = [
        {"name": one.name, "title": one.title, "unit": f"{one.unit}/s", **_figures(one.amount, one.figures)}
        for one in limits
    ]
    whole = {"machine": head, "works": works, "amounts": amounts, "limits": bare}
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2)


def _reached(ratio: float | None, goal: float | None) -> bool | None:
    return None if ratio is None or goal is None else ratio >= goal


def _cells(work: Work, figures: Figures | None) -> list[str]:
    if figures is None:
        return ["", "", ""]
    return [f"{_rate(figures, work.amount)} {work.unit}/s", _times(figures), f"{figures.processor * 1000:.1f}"]


def _rate(figures: Figures, amount: int) -> str:
    rate = figures.rate * amount
    return f"{rate:,.{0 if rate >= 20 else 1}f}"


def _times(figures: Figures) -> str:
    digits = 0 if figures.percentile(0.5) > 0.02 else 1
    return " / ".join(f"{figures.percentile(share) * 1000:.{digits}f}" for share in (0.5, 0.95, 0.99))


def _figures(amount: int, figures: Figures) -> dict[str, Any]:
    return {
        "rate": figures.rate * amount,
        "calls": figures.calls,
        "p50": figures.percentile(0.5) * 1000,
        "p95": figures.percentile(0.95) * 1000,
        "p99": figures.percentile(0.99) * 1000,
        "cpu": figures.processor * 1000,
        "others": figures.others,
        "generator": figures.generator,
        "rounds": [len(one.latencies) / one.seconds * amount for one in figures.rounds],
    }
