"""Whether programs written for the last release still work: what the schema changed since, and what is said of it.

Each change that may break a program needs a line in the changelog. A field, an argument or an enum value may go only
after it was deprecated for half a year, seen from the last release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from graphql import GraphQLInputObjectType, GraphQLSchema, build_schema, find_breaking_changes, find_dangerous_changes

RELEASED = Path("docs/schema/released.graphql")
CHANGELOG = Path("CHANGELOG.md")
NOTICE = timedelta(days=183)
"""How long what is deprecated stays."""

_REMOVALS = {"FIELD_REMOVED", "ARG_REMOVED", "VALUE_REMOVED_FROM_ENUM"}
_SILENTLY_DIFFERENT = {"ARG_DEFAULT_VALUE_CHANGE", "INPUT_FIELD_DEFAULT_VALUE_CHANGE"}
"""A program still runs, but what it requests is another thing."""
_TO_BE_TOLD = {"VALUE_ADDED_TO_ENUM", "TYPE_ADDED_TO_UNION", "IMPLEMENTED_INTERFACE_ADDED"}
"""Programs have to cope with these (docs/graphql.md), so that they need no mark."""
_OF_TWO = {
    "TYPE_ADDED_TO_UNION",
    "TYPE_REMOVED_FROM_UNION",
    "IMPLEMENTED_INTERFACE_ADDED",
    "IMPLEMENTED_INTERFACE_REMOVED",
}
"""Their coordinates are those of the member: `Union.Type`, `Type.Interface`."""
_COORDINATE = re.compile(r"@\w+(?:\(\w+:\))?|\w+\.\w+(?:\(\w+:\))?")
_MEMBER = re.compile(r"(\w+)\.(\w+)(?:\((\w+):\))?")
_SINCE = re.compile(r" since (\d{4}-\d{2}-\d{2}), use ")
_UNRELEASED = re.compile(r"^## \[?Unreleased\]?[^\n]*\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_MARK = "- Breaking (GraphQL):"
_MARKED = re.compile(re.escape(_MARK) + r" (\S+ \S+) — \S")


@dataclass(frozen=True, order=True, slots=True)
class Change:
    """A difference between two schemas; ``name`` is what a mark repeats."""

    kind: str
    coordinate: str
    description: str

    @property
    def name(self) -> str:
        return f"{self.kind} {self.coordinate}"


@dataclass(frozen=True, slots=True)
class Report:
    """``problems`` have to be solved; ``notes`` are worth knowing."""

    problems: list[str]
    notes: list[str]


def examine(released: str, current: str, changelog: str, today: date) -> Report:
    """Compare two schemas, in GraphQL's own language, in the light of the changelog."""
    old, new = build_schema(released), build_schema(current)
    breaking, others = _changes(old, new)
    marks, problems = _marks(changelog)
    for change in breaking:
        if early := _too_early(change, old, today):
            problems.append(early)
        elif change.name not in marks:
            problems.append(f"{change.name}: {change.description} {_advice(change)}")
    for name in sorted(marks - {change.name for change in breaking}):
        problems.append(f"{name}: the changelog speaks of it, but the schema has no such change; remove the line.")
    return Report(problems, [f"{change.name}: {change.description}" for change in others])


def _changes(old: GraphQLSchema, new: GraphQLSchema) -> tuple[list[Change], list[Change]]:
    """What may break programs, and what they have to cope with."""
    types = {*old.type_map, *new.type_map}
    certain = {_change(one.type.name, one.description, types) for one in find_breaking_changes(old, new)}
    dangerous = {_change(one.type.name, one.description, types) for one in find_dangerous_changes(old, new)}
    silent = {one for one in dangerous if one.kind in _SILENTLY_DIFFERENT}
    told = {one for one in dangerous if one.kind in _TO_BE_TOLD}
    return sorted(certain | silent | set(_choices(old, new))), sorted(told)


def _change(kind: str, description: str, types: set[str]) -> Change:
    """The coordinate stands in graphql-core's sentence: a coordinate, or the names of one or two types."""
    if coordinate := _COORDINATE.search(description):
        return Change(kind, coordinate[0], description)
    names = [word for word in re.findall(r"\w+", description) if word in types]
    if kind in _OF_TWO:
        member, whole = names[:2] if kind != "IMPLEMENTED_INTERFACE_REMOVED" else names[1::-1]
        return Change(kind, f"{whole}.{member}", description)
    return Change(kind, names[0], description)


def _choices(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    """Inputs of which only one field may be given now; graphql-core does not look at this."""
    free = {
        name for name, kind in old.type_map.items() if isinstance(kind, GraphQLInputObjectType) and not kind.is_one_of
    }
    for name in sorted(free & set(new.type_map)):
        kind = new.type_map[name]
        if isinstance(kind, GraphQLInputObjectType) and kind.is_one_of:
            yield Change("ONE_OF_ADDED", name, f"{name} takes exactly one of its fields now.")


def _too_early(change: Change, old: GraphQLSchema, today: date) -> str | None:
    if change.kind not in _REMOVALS:
        return None
    since = _deprecated_since(old, change.coordinate)
    if since is None:
        how = f"with `deprecation(…, since={today.isoformat()}, …)`, and remove it half a year after that"
        return f"{change.name}: it was not deprecated in the last release. Put it back, deprecate it {how}."
    if today < since + NOTICE:
        return f"{change.name}: deprecated since {since}, it may go on {since + NOTICE}. Put it back until then."
    return None


def _deprecated_since(old: GraphQLSchema, coordinate: str) -> date | None:
    match = _MEMBER.fullmatch(coordinate)
    if match is None:
        return None
    kind = old.type_map[match[1]]
    member = (getattr(kind, "fields", None) or getattr(kind, "values", {}))[match[2]]
    reason = (member.args[match[3]] if match[3] else member).deprecation_reason
    since = _SINCE.search(reason or "")
    return date.fromisoformat(since[1]) if since else None


def _marks(changelog: str) -> tuple[set[str], list[str]]:
    """The changes that the section of the next release speaks of, and lines that cannot be read."""
    section = _UNRELEASED.search(changelog)
    marks, problems = set[str](), []
    for line in (section[1] if section else "").splitlines():
        if match := _MARKED.match(line):
            marks.add(match[1])
        elif line.startswith(_MARK):
            problems.append(f"{line}: a mark has the form `{_MARK} CHANGE COORDINATE — what to do instead`.")
    return marks, problems


def _advice(change: Change) -> str:
    mark = f"`{_MARK} {change.name} — <what to do instead>`"
    if change.kind in _REMOVALS:
        return f"Say so in {CHANGELOG} under Unreleased: {mark}."
    beside = "Rather add something beside it and deprecate this"
    return f"{beside}; if it must be, say so in {CHANGELOG} under Unreleased: {mark}."
