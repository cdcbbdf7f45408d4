"""What an operation costs: fields, times the rows of every page that they stand in.

Computed before execution from what is requested, not from what is answered, so that the client can compute it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
)

from app.graphql.execution.limits import MAX_NESTING, LimitExceeded, fragments_of
from app.graphql.execution.page_sizes import Pending, Sizes

WEIGHTS = {"descriptionHtml": 10}
"""Fields that cost more than one; Markdown is rendered for each."""


def check(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    schema: GraphQLSchema,
    limit: int,
) -> int:
    """The cost of an operation whose document has passed the limits.

    Raises:
        LimitExceeded: it costs more than allowed.
    """
    cost = _Reckoning(document, schema, Sizes(operation, variables)).operation(operation)
    if cost > limit:
        raise LimitExceeded(f"points of cost (this one has {cost:,}; ask for smaller pages)", limit, operation)
    return cost


class _Reckoning:
    """A document may not have been validated yet: what the schema does not know costs its fields alone."""

    def __init__(self, document: DocumentNode, schema: GraphQLSchema, sizes: Sizes) -> None:
        self._fragments = fragments_of(document)
        self._memo: dict[tuple[str, Pending], int] = {}
        self._open: set[str] = set()
        self._nesting = 0
        self._schema = schema
        self._sizes = sizes

    def operation(self, operation: OperationDefinitionNode) -> int:
        return self._selections(operation.selection_set, self._schema.get_root_type(operation.operation), ())

    def _selections(self, inner: SelectionSetNode | None, parent: GraphQLNamedType | None, pending: Pending) -> int:
        if inner is None:
            return 0
        if self._nesting > MAX_NESTING:
            raise LimitExceeded("selection sets within each other", MAX_NESTING, inner)
        self._nesting += 1
        cost = sum(self._selection(selection, parent, pending) for selection in inner.selections)
        self._nesting -= 1
        return cost

    def _selection(self, selection: SelectionNode, parent: GraphQLNamedType | None, pending: Pending) -> int:
        if isinstance(selection, FragmentSpreadNode):
            return self._spread(selection.name.value, pending)
        if isinstance(selection, InlineFragmentNode):
            return self._selections(selection.selection_set, self._named(selection.type_condition) or parent, pending)
        assert isinstance(selection, FieldNode), "a selection is one of three"
        name = selection.name.value
        if name.startswith("__"):
            return 1
        field = getattr(parent, "fields", {}).get(name)
        if field is None:
            return 1 + self._selections(selection.selection_set, None, ())
        rows, below = self._sizes.of(selection, field, pending)
        inner = self._selections(selection.selection_set, get_named_type(field.type), below)
        return WEIGHTS.get(name, 1) + rows * inner

    def _spread(self, name: str, pending: Pending) -> int:
        fragment = self._fragments.get(name)
        if fragment is None or name in self._open:  # a cycle; validation refuses it
            return 0
        if (name, pending) not in self._memo:
            self._open.add(name)
            parent = self._named(fragment.type_condition)
            self._memo[name, pending] = self._selections(fragment.selection_set, parent, pending)
            self._open.remove(name)
        return self._memo[name, pending]

    def _named(self, node: NamedTypeNode | None) -> GraphQLNamedType | None:
        return self._schema.get_type(node.name.value) if node else None
