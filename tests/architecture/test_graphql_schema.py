"""The committed schema is the one that the code serves, and it explains itself."""

from __future__ import annotations

import pytest
from graphql import GraphQLNamedType, build_schema, is_input_object_type, is_interface_type, is_object_type

from app.graphql import sdl
from tests.support.source import ROOT


def test_committed_schema_is_current() -> None:
    assert sdl.difference(ROOT / "schema.graphql") == "", "run: python -m app.cli schema > schema.graphql"


def _types() -> list[GraphQLNamedType]:
    served = build_schema(sdl.text())
    return [kind for name, kind in sorted(served.type_map.items()) if not name.startswith("__")]


@pytest.mark.parametrize("kind", _types(), ids=lambda kind: kind.name)
def test_types_and_fields_are_described(kind: GraphQLNamedType) -> None:
    fields = kind.fields if is_object_type(kind) or is_interface_type(kind) or is_input_object_type(kind) else {}
    silent = [name for name, field in fields.items() if not field.description]
    assert kind.description, f"{kind.name} has no description"
    assert silent == []
