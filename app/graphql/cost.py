"""What an operation costs: fields, times the rows of every page that they stand in.

Reckoned before execution from what is asked for, not from what is found, so that the client can reckon it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_interface_type,
    is_object_type,
)

from app.graphql.limits import LimitExceeded, fragments_of
from app.pagination import DEFAULT_PAGE, MAX_PAGE

WEIGHTS = {"descriptionHtml": 10}
"""Fields that cost more than one; Markdown is rendered for each."""


def connection_fields(schema: GraphQLSchema) -> frozenset[str]:
    """Names of all fields that answer a page; a name is enough, since none means a page here and a value there."""
    objects = (kind for kind in schema.type_map.values() if is_object_type(kind) or is_interface_type(kind))
    return frozenset(
        name
        for kind in objects
        for name, field in kind.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
    )


def check(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    connections: frozenset[str],
    limit: int,
) -> int:
    """The cost of an operation whose document has passed the limits.

    Raises:
        LimitExceeded: it costs more than allowed.
    """
    cost = _Reckoning(document, operation, variables, connections).selections(operation.selection_set)
    if cost > limit:
        raise LimitExceeded(f"points of cost (this one has {cost:,}; ask for smaller pages)", limit, operation)
    return cost


class _Reckoning:
    def __init__(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        connections: frozenset[str],
    ) -> None:
        self._fragments = fragments_of(document)
        self._known: dict[str, int] = {}
        self._connections = connections
        defaults = {
            definition.variable.name.value: definition.default_value
            for definition in operation.variable_definitions or ()
        }
        self._defaults = {name: value for name, value in defaults.items() if value is not None}
        self._variables = variables

    def selections(self, selection_set: SelectionSetNode | None) -> int:
        return sum(self._selection(selection) for selection in selection_set.selections) if selection_set else 0

    def _selection(self, selection: SelectionNode) -> int:
        if isinstance(selection, FragmentSpreadNode):
            return self._spread(selection.name.value)
        if isinstance(selection, InlineFragmentNode):
            return self.selections(selection.selection_set)
        assert isinstance(selection, FieldNode), "a selection is one of three"
        name = selection.name.value
        if name.startswith("__"):
            return 1
        return WEIGHTS.get(name, 1) + self._rows(selection) * self.selections(selection.selection_set)

    def _spread(self, name: str) -> int:
        if name not in self._known:
            self._known[name] = 0  # what a cycle meets
            fragment = self._fragments.get(name)
            self._known[name] = self.selections(fragment.selection_set if fragment else None)
        return self._known[name]

    def _rows(self, field: FieldNode) -> int:
        arguments = {argument.name.value: argument.value for argument in field.arguments or ()}
        if field.name.value in self._connections:
            sizes = (self._number(arguments[name]) for name in ("first", "last") if name in arguments)
            return max((size for size in sizes if size), default=DEFAULT_PAGE)
        if "ids" in arguments:
            return self._length(arguments["ids"])
        return 1

    def _number(self, node: ValueNode) -> int | None:
        value = self._value(node)
        if isinstance(value, IntValueNode):
            value = int(value.value) if len(value.value) < 20 else MAX_PAGE
        return min(max(value, 1), MAX_PAGE) if isinstance(value, int) else None

    def _length(self, node: ValueNode) -> int:
        value = self._value(node)
        if isinstance(value, ListValueNode):
            return len(value.values)
        return len(value) if isinstance(value, list) else 1

    def _value(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            name = node.name.value
            return self._variables[name] if name in self._variables else self._defaults.get(name)
        return node
