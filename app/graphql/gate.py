"""The gate that every document passes: parsed and measured once, its cost reckoned each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import DocumentNode, OperationDefinitionNode, parse
from strawberry.extensions import SchemaExtension

from app.graphql import cost, limits

CACHED_DOCUMENTS = 256
CACHED_LENGTH = 16_384
"""Characters; longer documents are read each time, so that the cache stays small."""


@dataclass(slots=True)
class Document:
    """A document within the limits; ``valid`` once the schema's rules have passed it."""

    node: DocumentNode
    valid: bool = False


class Gate(SchemaExtension):
    """Refuses documents that are too large or too dear before they are validated, and answers ``extensions.cost``."""

    _document: Document | None = None
    _cost: int | None = None

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        text = context.query or ""
        self._document = _read_cached(text) if len(text) <= CACHED_LENGTH else _read(text)
        context.graphql_document = self._document.node
        operation = _operation(self._document.node, context.operation_name)
        if operation is not None:
            connections = _connections(context.schema._schema)  # noqa: SLF001 - Strawberry has no other name for it
            self._cost = cost.check(self._document.node, operation, context.variables or {}, connections)
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        assert self._document is not None, "parsing comes first"
        if self._document.valid:
            context.pre_execution_errors = []
        yield
        self._document.valid = not context.pre_execution_errors

    def get_results(self) -> dict[str, Any]:
        return {} if self._cost is None else {"cost": {"requested": self._cost, "limit": cost.MAX_COST}}


def _read(text: str) -> Document:
    node = parse(text, max_tokens=limits.MAX_TOKENS)
    limits.check(node)
    return Document(node)


_read_cached = lru_cache(maxsize=CACHED_DOCUMENTS)(_read)
_connections = lru_cache(maxsize=4)(cost.connection_fields)


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    named: Iterator[OperationDefinitionNode] = limits.operations_of(document)
    return next((node for node in named if name is None or (node.name and node.name.value == name)), None)
