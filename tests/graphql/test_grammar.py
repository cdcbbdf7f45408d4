"""The names of the schema keep to one grammar: docs/graphql.md, "How names are made"."""

from __future__ import annotations

import pytest

from app.graphql.schema import schema
from tests.support.graphql.grammar import RULES, exceptions

FOUND = exceptions(schema._schema)


@pytest.mark.parametrize("rule", RULES)
def test_schema_keeps_the_rule_without_exception(rule: str) -> None:
    assert FOUND[rule] == []
