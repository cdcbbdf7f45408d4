"""What a lineage is made of, and the walk from one of its nodes over the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from app.errors import Invalid
from app.pagination import Page, Window, decode_cursor, encode_cursor


class NodeKind(StrEnum):
    """What a node is, in the order in which nodes of one step are told."""

    DATASET = "1"
    CANDIDATE = "2"
    VERSION = "3"
    DEPLOYMENT = "4"
    ELSEWHERE = "5"


class Relation(StrEnum):
    """How a node depends on the one before it, or that one on it."""

    READ = "read"
    PRODUCED = "produced"
    FINE_TUNED = "fine_tuned"
    QUANTIZED = "quantized"
    DISTILLED = "distilled"
    MERGED = "merged"
    ADAPTED = "adapted"
    OTHER = "other"
    RUNS = "runs"


class Node(NamedTuple):
    """A data set (``name``, ``digest``), candidate, version or deployment of a project, or a base kept elsewhere."""

    kind: NodeKind
    project_id: int
    id: int | UUID | None = None
    name: str = ""
    digest: str = ""

    @property
    def sort_key(self) -> tuple[str, int, str, str, str]:
        """Orders nodes of one step."""
        id = f"{self.id:020}" if isinstance(self.id, int) else str(self.id or "")
        return str(self.kind), self.project_id, id, self.name, self.digest


class Step(NamedTuple):
    """A node that was reached from another one."""

    node: Node
    relation: Relation


@dataclass(frozen=True, slots=True)
class Entry:
    """A node, how many steps it is away, and by what it was reached first."""

    node: Node
    step: int
    relation: Relation
    parent: Node

    @property
    def position(self) -> list[object]:
        """Where it stands in the order of all entries."""
        return [self.step, *self.node.sort_key]


@dataclass(slots=True)
class Graph:
    """Every node that was explored with what follows it; ``is_cut``: there is more than was explored."""

    next: dict[Node, list[Step]] = field(default_factory=dict)
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Lineage:
    """All that one node leads to, nearest first."""

    entries: Sequence[Entry] = ()
    is_cut: bool = False

    def page(self, window: Window) -> Page[Entry]:
        """A page of the entries; cursors are positions, so they hold while entries come and go.

        Raises:
            Invalid: the window or its cursor is not acceptable.
        """
        window.check()
        entries = list(self.entries)
        if window.cursor is not None:
            position = _position(window.cursor)
            entries = [one for one in entries if _is_beyond(one, position, window)]
        size = window.size
        items = entries[-size:] if window.backwards else entries[:size]
        more = len(entries) > size
        return Page(
            items=items,
            cursors=[encode_cursor(["lineage", *one.position]) for one in items],
            has_next=window.before is not None if window.backwards else more,
            has_previous=more if window.backwards else window.after is not None,
        )


def walk(graph: Graph, root: Node, *, max_steps: int, most: int) -> Lineage:
    """The nodes that a root leads to, each once, by the number of steps; circles end where they began."""
    entries: list[Entry] = []
    seen, frontier = {root}, [root]
    for number in range(1, max_steps + 1):
        reached: dict[Node, Entry] = {}
        for node in frontier:
            for step in graph.next.get(node, ()):
                if step.node not in seen and step.node not in reached:
                    reached[step.node] = Entry(step.node, number, step.relation, node)
        seen |= reached.keys()
        ordered = sorted(reached.values(), key=lambda entry: entry.node.sort_key)
        entries += ordered
        frontier = [entry.node for entry in ordered]
        if len(entries) > most:
            return Lineage(entries[:most], is_cut=True)
    is_deeper = any(step.node not in seen for node in frontier for step in graph.next.get(node, ()))
    return Lineage(entries, is_cut=graph.is_cut or is_deeper)


def add(graph: Graph, following: Mapping[Node, Sequence[Step]], frontier: Sequence[Node]) -> list[Node]:
    """Put what follows the nodes of a frontier into the graph; the nodes that were not there before."""
    for node in frontier:
        graph.next.setdefault(node, []).extend(following.get(node, ()))
    reached = {step.node for steps in following.values() for step in steps}
    return sorted(reached - graph.next.keys(), key=lambda node: node.sort_key)


def _position(cursor: str) -> list[object]:
    name, *position = decode_cursor(cursor)
    kinds = [int, str, int, str, str, str]
    if name != "lineage" or [type(one) for one in position] != kinds:
        raise Invalid("The cursor is not one that this list gave out.", field="after")
    return position


def _is_beyond(entry: Entry, position: list[object], window: Window) -> bool:
    here, there = tuple(entry.position), tuple(position)
    return here < there if window.backwards else here > there
