"""The names of the schema keep to one grammar: docs/graphql.md, "How names are made"."""

from __future__ import annotations

import pytest
from graphql import build_schema

from app.graphql.schema import schema
from tests.support.graphql.grammar import RULES, exceptions
from tests.support.source import ROOT

EXCEPTIONS = exceptions(schema._schema)
WRONG = exceptions(
    build_schema("""
type Query {
  "Where reading begins."
  model(by: ModelLookup!): Model
  models(text: String, trash: Boolean, orderBy: [ModelOrder!], first: Int): ModelConnection!
}
type Mutation { modelRemove(input: ModelRemoveInput!): ModelRemovePayload!, modelUpdate(input: ModelUpdateInput!):
  ModelUpdatePayload! }
type Model { id: ID!, state: String, reason: String, attempts: Int, startTime: String, maker: User, userName: String,
  deleted: Boolean!, version: ModelVersion }
type ModelVersion implements Node { id: ID! }
type ModelConnection { nodes: [Model!]! }
type ModelInput { a: Int }
type User { username: String! }
type ModelRemovePayload { removed: Boolean!, userErrors: [String!]! }
type ModelUpdatePayload { thing: Version, userErrors: [String!]! }
type Version implements Node { id: ID! }
interface Node { id: ID! }
input ModelLookup { id: ID }
input ModelOrder { field: String!, descending: Boolean! }
input ModelRemoveInput { model: ID! }
input ModelUpdateInput { place: ModelLookup!, tags: [TagInput!] }
input TagInput { key: String! }
enum ProjectEventType { THING_HAPPENED, RESET }
""")
)
"""Of a schema that breaks every rule."""


@pytest.mark.parametrize("rule", RULES)
def test_schema_keeps_the_rule_without_exception(rule: str) -> None:
    assert EXCEPTIONS[rule] == []


@pytest.mark.parametrize("rule", RULES)
def test_rule_reports_names_that_break_it(rule: str) -> None:
    assert WRONG[rule] != []


def test_documentation_names_every_rule() -> None:
    text = (ROOT / "docs" / "graphql.md").read_text(encoding="utf-8")
    assert [rule for rule in RULES if f"*{rule}*" not in text] == []
