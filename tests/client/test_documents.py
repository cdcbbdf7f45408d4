"""Every GraphQL document of the client is one that the schema of this service takes."""

from __future__ import annotations

import pytest
from graphql import build_schema, parse, validate

from modelyard_client.registry import documents as of_registry
from modelyard_client.service import documents as of_transfers
from tests.support.source import ROOT

DOCUMENTS = {
    f"{module.__name__.split('.')[-2]}.{name}": text
    for module in (of_registry, of_transfers)
    for name, text in vars(module).items()
    if isinstance(text, str) and text.lstrip().startswith(("query", "mutation"))
}


def test_documents_are_seen():
    assert len(DOCUMENTS) > 25


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_schema_takes_it(name: str):
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    assert validate(schema, parse(DOCUMENTS[name])) == []


def test_a_document_has_one_operation():
    """An answer's payload is the only field of a mutation."""
    for text in DOCUMENTS.values():
        (operation,) = parse(text).definitions
        assert len(operation.selection_set.selections) == 1 or operation.operation.value == "query"  # type: ignore[attr-defined]
