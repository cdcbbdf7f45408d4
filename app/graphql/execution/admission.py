"""The gate that every document passes: parsed and measured once, its cost computed each time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType, parse, specified_rules, validate
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types.execution import ExecutionContext

from app.graphql.context import Context
from app.graphql.execution import cost, limits
from app.graphql.execution.limits import Limits

MUTATION_SECONDS = 35.0
"""Changes of one thing wait in line for each other; they may wait longer than a query may work."""
CACHED_DOCUMENTS = 256
MAX_ERRORS = 5
"""Of one validation: each error quotes what is wrong, so many of them would cost more than the document."""
CACHED_LENGTH = 16_384
"""Characters; longer documents are read each time, so that the cache stays small."""

_LONGEST_NAME = 100

_OWN_RULES = (MaybeNullValidationRule, OneOfInputValidationRule)


@dataclass(slots=True)
class Document:
    """A document within the limits; ``valid`` once the schema's rules have passed it."""

    node: DocumentNode
    introspects: bool
    valid: bool = False


_TRUSTED: dict[tuple[str, Limits], Document] = {}
"""Documents of manifests, read and validated once."""


class Gate(SchemaExtension):
    """Refuses documents that are too large or too dear before they are validated, and answers ``extensions.cost``."""

    _document: Document | None = None
    _told: dict[str, Any] | None = None

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        text, measures = context.query or "", Limits.of(context.context.runtime.settings)
        self._document = _find(text, measures)
        context.graphql_document = self._document.node
        operation = _operation(self._document.node, context.operation_name)
        if operation is not None:
            context.context.operation = _label(operation)
            _grant_time(context.context, operation.operation)
            if self._document.introspects:
                _check_introspection(context.context)
            self._told = self._charge(operation, measures.cost)
        yield

    def _charge(self, operation: OperationDefinitionNode, limit: int) -> dict[str, Any]:
        context = self.execution_context
        assert self._document is not None, "parsing comes first"
        schema = context.schema._schema  # noqa: SLF001 - Strawberry has no other name for it
        points = cost.check(self._document.node, operation, context.variables or {}, schema, limit)
        return {"requested": points, "limit": limit, **context.context.budget.spend(context.context.caller, points)}

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        assert self._document is not None, "parsing comes first"
        errors = [] if self._document.valid else _errors(context, self._document.node)
        self._document.valid = not errors
        context.pre_execution_errors = errors  # set, if only to an empty list, so Strawberry does not validate again
        yield

    def get_results(self) -> dict[str, Any]:
        told, self._told = self._told, None  # a subscription tells it with its first answer
        return {} if told is None else {"cost": told}


def examine(text: str, measures: Limits) -> list[GraphQLError]:
    """What is wrong with a document that is to be trusted; one that passes stays in memory, ready to be run."""
    from app.graphql.schema import schema  # noqa: PLC0415 - the schema is made of this module, too

    try:
        document = _read(text, measures)
    except GraphQLError as error:
        return [error]
    errors = validate(schema._schema, document.node, (*specified_rules, *_OWN_RULES), max_errors=MAX_ERRORS)  # noqa: SLF001 - as below
    if not errors:
        document.valid = True
        _TRUSTED[text, measures] = document
    return errors


def _grant_time(context: Context, kind: OperationType) -> None:
    if kind is OperationType.SUBSCRIPTION:
        context.end_turn()
    if context.deadline is None or kind is OperationType.QUERY:
        return
    now = asyncio.get_running_loop().time()
    context.deadline.reschedule(now + MUTATION_SECONDS if kind is OperationType.MUTATION else None)


def _errors(context: ExecutionContext, document: DocumentNode) -> list[GraphQLError]:
    """What Strawberry's own validation finds, but not all of it."""
    rules = (*context.validation_rules, *_OWN_RULES)
    schema = context.schema._schema  # noqa: SLF001 - Strawberry has no other name for it
    hidden = not shows_schema(context.context)
    return validate(schema, document, rules, max_errors=MAX_ERRORS, hide_suggestions=hidden)


def shows_schema(context: Context) -> bool:
    """Whether the caller may read the schema, by introspection or from what an error suggests."""
    whom = context.runtime.settings.graphql_introspection
    return whom == "everybody" or (whom == "signed-in" and not context.actor.is_anonymous)


def _check_introspection(context: Context) -> None:
    whom = context.runtime.settings.graphql_introspection
    if not shows_schema(context):
        code = "FORBIDDEN" if whom == "nobody" else "UNAUTHENTICATED"
        said = "is switched off" if whom == "nobody" else "needs a token"
        raise GraphQLError(
            f"Introspection {said} here; `schema.graphql` in the source is the same.", extensions={"code": code}
        )


def _read(text: str, measures: Limits) -> Document:
    node = parse(text, max_tokens=measures.tokens)
    limits.check(node, measures)
    return Document(node, limits.introspects(node))


def _find(text: str, measures: Limits) -> Document:
    trusted = _TRUSTED.get((text, measures))
    if trusted is not None:
        return trusted
    return _read_cached(text, measures) if len(text) <= CACHED_LENGTH else _read(text, measures)


def _label(operation: OperationDefinitionNode) -> str:
    """Kind and name; of one that has no name, its first field. Both are names as GraphQL knows them: no blanks."""
    first = next(iter(operation.selection_set.selections), None)  # of `{}` there is none
    name = operation.name or getattr(first, "name", None)
    return f"{operation.operation.value} {name.value[:_LONGEST_NAME] if name else '…'}"


_read_cached = lru_cache(maxsize=CACHED_DOCUMENTS)(_read)


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    named: Iterator[OperationDefinitionNode] = limits.operations_of(document)
    return next((node for node in named if name is None or (node.name and node.name.value == name)), None)
