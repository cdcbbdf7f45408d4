"""How many rows a field asks for, as the schema lets it say so.

Pages are counted by the row. Points of a curve and parts of an upload, which are plain values, by the hundred.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_interface_type,
    is_list_type,
    is_object_type,
)

from app.pagination import DEFAULT_PAGE, MAX_PAGE

HUNDRED = 100
MAX_VALUES = 2_500
"""Points or parts of one field; more are refused by the field itself, in its own words."""
PAGES = ("first", "last")
LENGTHS = {"ids": None, "candidateIds": None, "keys": "MetricSeries"}
VALUES = {"maxPoints": "MetricPoint", "maxParts": "ArtifactUploadPart"}
"""Arguments that say how many, and of which type when it is not the field's own: they count where its list is."""

Pending = tuple[tuple[str, int], ...]
"""Types whose lists are still to come below a field, with the number that it requests."""


class Sizes:
    """The rows of the fields of one operation."""

    def __init__(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._defaults = {
            definition.variable.name.value: definition.default_value
            for definition in operation.variable_definitions or ()
            if definition.default_value is not None
        }

    def of(self, node: FieldNode, field: GraphQLField, pending: Pending) -> tuple[int, Pending]:
        """How many rows the field asks for, and what is to be counted further below."""
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        rows = self._page(given) if "first" in field.args else 1
        kind = get_named_type(field.type)
        interfaces = getattr(kind, "interfaces", ())
        waiting = {} if any(interface.name == "Node" for interface in interfaces) else dict(pending)
        for name in LENGTHS.keys() & field.args.keys():
            length, counted = self._length(given.get(name)), LENGTHS[name]
            if counted is None:
                rows *= length
            else:
                waiting[counted] = length
        for name in VALUES.keys() & field.args.keys():
            waiting[VALUES[name]] = self._hundreds(field, name, given)
        if is_list_type(get_nullable_type(field.type)):
            rows *= waiting.pop(kind.name, 1)
        return rows, tuple(sorted(waiting.items()))

    def _page(self, given: Mapping[str, ValueNode]) -> int:
        sizes = (self._number(given[name], MAX_PAGE) for name in PAGES if name in given)
        return max((size for size in sizes if size), default=DEFAULT_PAGE)

    def _hundreds(self, field: GraphQLField, name: str, given: Mapping[str, ValueNode]) -> int:
        requested = self._number(given[name], MAX_VALUES) if name in given else None
        return -(-(requested or field.args[name].default_value) // HUNDRED)

    def _number(self, node: ValueNode, most: int) -> int | None:
        value = self._value(node)
        if isinstance(value, IntValueNode):
            value = int(value.value) if len(value.value) < 20 else most
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return int(min(max(value, 1), most)) if whole else None

    def _length(self, node: ValueNode | None) -> int:
        value = self._value(node)
        if isinstance(value, ListValueNode):
            return len(value.values)
        return len(value) if isinstance(value, list) else 1

    def _value(self, node: ValueNode | None) -> Any:
        if isinstance(node, VariableNode):
            name = node.name.value
            return self._variables[name] if name in self._variables else self._defaults.get(name)
        return node


def is_page(field: GraphQLField) -> bool:
    """Whether the field answers a page: an object with rows and the way to the next ones."""
    kind = get_named_type(field.type)
    return (is_object_type(kind) or is_interface_type(kind)) and "nodes" in kind.fields
