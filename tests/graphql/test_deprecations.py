"""Deprecations say since when, and what to use instead."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from graphql import GraphQLSchema, build_schema

from app.graphql.schema import schema
from app.graphql.types.fields import deprecation

FORMAT = re.compile(r"\S.* since (\d{4}-\d{2}-\d{2}), use \S.*")


def malformed(served: GraphQLSchema) -> list[str]:
    """Coordinates whose reason is not as it should be."""
    answer = []
    for kind in served.type_map.values():
        if kind.name.startswith("__"):
            continue
        members: dict[str, Any] = {**getattr(kind, "fields", {}), **getattr(kind, "values", {})}
        for name, member in members.items():
            members = {name: member, **{f"{name}({a})": one for a, one in getattr(member, "args", {}).items()}}
            for coordinate, one in members.items():
                if one.deprecation_reason is not None and not is_well_formed(one.deprecation_reason):
                    answer.append(f"{kind.name}.{coordinate}")
    return answer


def is_well_formed(reason: str) -> bool:
    match = FORMAT.fullmatch(reason)
    try:
        return match is not None and date.fromisoformat(match[1]) <= date.today()  # noqa: DTZ011
    except ValueError:
        return False


def test_deprecations_are_well_formed():
    assert malformed(schema._schema) == []


def test_malformed_deprecations_are_reported():
    good = deprecation("Counted twice", since=date(2026, 1, 31), use="`totalCount`")
    assert good == "Counted twice since 2026-01-31, use `totalCount`"
    served = build_schema(f"""
      enum E {{ a @deprecated b @deprecated(reason: "{good}") }}
      input I {{ a: Int @deprecated(reason: "old since 2026-02-31, use b") }}
      type Query {{ a(b: Int @deprecated(reason: "x")): E @deprecated(reason: "{good}") c: E @deprecated }}""")
    assert sorted(malformed(served)) == ["E.a", "I.a", "Query.a(b)", "Query.c"]
