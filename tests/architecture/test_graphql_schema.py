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
    return [found for name, found in sorted(served.type_map.items()) if not name.startswith("__")]


@pytest.mark.parametrize("found", _types(), ids=lambda found: found.name)
def test_types_and_fields_are_described(found: GraphQLNamedType) -> None:
    fields = found.fields if is_object_type(found) or is_interface_type(found) or is_input_object_type(found) else {}
    silent = [name for name, field in fields.items() if not field.description]
    assert found.description, f"{found.name} has no description"
    assert silent == []
