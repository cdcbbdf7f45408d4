"""The gate that every document passes: parsed and measured once, its cost reckoned each time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType, parse, validate
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types.execution import ExecutionContext

from app.graphql import cost, limits
from app.graphql.context import Context

MUTATION_SECONDS = 35.0
"""Changes of one thing wait in line for each other; they may wait longer than a query may work."""
CACHED_DOCUMENTS = 256
MAX_ERRORS = 5
"""Of one validation: each error quotes what is wrong, so many of them would cost more than the document."""
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
            _grant_time(context.context, operation.operation)
            self._cost = cost.check(self._document.node, operation, context.variables or {}, connections)
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        assert self._document is not None, "parsing comes first"
        errors = [] if self._document.valid else _errors(context, self._document.node)
        self._document.valid = not errors
        context.pre_execution_errors = errors  # set, if only to an empty list, so Strawberry does not validate again
        yield

    def get_results(self) -> dict[str, Any]:
        told, self._cost = self._cost, None  # a subscription tells it with its first answer
        return {} if told is None else {"cost": {"requested": told, "limit": cost.MAX_COST}}


def _grant_time(context: Context, kind: OperationType) -> None:
    if context.deadline is None or kind is OperationType.QUERY:
        return
    now = asyncio.get_running_loop().time()
    context.deadline.reschedule(now + MUTATION_SECONDS if kind is OperationType.MUTATION else None)


def _errors(context: ExecutionContext, document: DocumentNode) -> list[GraphQLError]:
    """What Strawberry's own validation finds, but not all of it."""
    rules = (*context.validation_rules, MaybeNullValidationRule, OneOfInputValidationRule)
    schema = context.schema._schema  # noqa: SLF001 - Strawberry has no other name for it
    return validate(schema, document, rules, max_errors=MAX_ERRORS)


def _read(text: str) -> Document:
    node = parse(text, max_tokens=limits.MAX_TOKENS)
    limits.check(node)
    return Document(node)


_read_cached = lru_cache(maxsize=CACHED_DOCUMENTS)(_read)
_connections = lru_cache(maxsize=4)(cost.connection_fields)


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    named: Iterator[OperationDefinitionNode] = limits.operations_of(document)
    return next((node for node in named if name is None or (node.name and node.name.value == name)), None)
