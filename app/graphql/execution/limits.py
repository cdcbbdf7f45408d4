"""How large a GraphQL document may be, told in one linear pass before anything else looks at it.

Every fragment is measured once, a cycle counts as nothing, and the first breach ends the walk: measuring a document
never costs more than reading it, whatever its fragments multiply to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from app.settings import Settings

MAX_DIRECTIVES = 30
MAX_FIELDS = 2000
"""Selected fields, after fragments were put in."""
MAX_FRAGMENTS = 50
MAX_VARIABLES = 100
MAX_NESTING = 60
"""Selection sets within each other, through fragments too; bounds this module's own recursion."""
INTROSPECTION_ALLOWANCE = 4
"""Levels below ``__schema`` that do not count: the standard introspection query unwraps types nine times."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an installation may set; the other limits keep this module's own work small."""

    tokens: int = 3000
    depth: int = 12
    aliases: int = 30
    root_fields: int = 20
    cost: int = 10_000

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(
            settings.graphql_max_tokens,
            settings.graphql_max_depth,
            settings.graphql_max_aliases,
            settings.graphql_max_root_fields,
            settings.graphql_max_cost,
        )


class LimitExceeded(GraphQLError):
    """The document is larger than allowed."""

    def __init__(self, what: str, limit: int, node: Node | None = None) -> None:
        super().__init__(f"The document is too large: at most {limit:,} {what} are allowed.", node)
        self.extensions = {"code": "TOO_LARGE"}


@dataclass(frozen=True, slots=True)
class Extent:
    """How deep a selection goes and how many fields it has, fragments put in."""

    depth: int = 0
    fields: int = 0


NOTHING = Extent()


def check(document: DocumentNode, limits: Limits) -> None:
    """Refuse a document that is too large.

    Raises:
        LimitExceeded: it breaks a limit; the first one that is met.
    """
    _check_counts(document, limits)
    fragments = fragments_of(document)
    measure = _Measure(fragments, limits.depth)
    for operation in operations_of(document):
        root = measure.selections(operation.selection_set, 0, 0)
        if root.fields > MAX_FIELDS:
            raise LimitExceeded("fields", MAX_FIELDS, operation)
        if _root_fields(operation.selection_set, fragments) > limits.root_fields:
            raise LimitExceeded("root fields", limits.root_fields, operation)


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The document's fragments by name."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def operations_of(document: DocumentNode) -> Iterator[OperationDefinitionNode]:
    """The document's operations."""
    return (node for node in document.definitions if isinstance(node, OperationDefinitionNode))


def introspects(document: DocumentNode) -> bool:
    """Whether the document asks for the schema itself."""
    return any(isinstance(node, FieldNode) and node.name.value in {"__schema", "__type"} for node in _walk(document))


def _check_counts(document: DocumentNode, limits: Limits) -> None:
    aliases = directives = variables = 0
    if sum(isinstance(node, FragmentDefinitionNode) for node in document.definitions) > MAX_FRAGMENTS:
        raise LimitExceeded("fragments", MAX_FRAGMENTS)
    for node in _walk(document):
        directives += len(getattr(node, "directives", None) or ())
        aliases += isinstance(node, FieldNode) and node.alias is not None
        if isinstance(node, OperationDefinitionNode):
            definitions = node.variable_definitions or ()
            variables += len(definitions)
            directives += sum(len(definition.directives or ()) for definition in definitions)
        for count, limit, what in (
            (aliases, limits.aliases, "aliases"),
            (directives, MAX_DIRECTIVES, "directives"),
            (variables, MAX_VARIABLES, "variables"),
        ):
            if count > limit:
                raise LimitExceeded(what, limit, node)


def _walk(document: DocumentNode) -> Iterator[Node]:
    """Definitions and selections as they are written, each once."""
    stack: list[Node] = list(document.definitions)
    while stack:
        node = stack.pop()
        yield node
        selection_set: SelectionSetNode | None = getattr(node, "selection_set", None)
        if selection_set:
            stack.extend(selection_set.selections)


class _Measure:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode], max_depth: int) -> None:
        self._fragments = fragments
        self._max_depth = max_depth
        self._memo: dict[str, Extent] = {}

    def selections(self, selection_set: SelectionSetNode | None, level: int, nesting: int) -> Extent:
        if selection_set is None:
            return NOTHING
        if nesting > MAX_NESTING:
            raise LimitExceeded("selection sets within each other", MAX_NESTING, selection_set)
        depth = fields = 0
        for selection in selection_set.selections:
            extent = self._selection(selection, level, nesting)
            depth = max(depth, extent.depth)
            fields += extent.fields
            if level + depth > self._max_depth:
                raise LimitExceeded("levels", self._max_depth, selection)
            if fields > MAX_FIELDS:
                raise LimitExceeded("fields", MAX_FIELDS, selection)
        return Extent(depth, fields)

    def _selection(self, selection: SelectionNode, level: int, nesting: int) -> Extent:
        if isinstance(selection, FragmentSpreadNode):
            return self._spread(selection.name.value, level, nesting)
        if isinstance(selection, InlineFragmentNode):
            return self.selections(selection.selection_set, level, nesting + 1)
        assert isinstance(selection, FieldNode), "a selection is one of three"
        free = INTROSPECTION_ALLOWANCE if selection.name.value in {"__schema", "__type"} else 0
        inner = self.selections(selection.selection_set, level + 1 - free, nesting + 1)
        return Extent(1 + max(inner.depth - free, 0), 1 + inner.fields)

    def _spread(self, name: str, level: int, nesting: int) -> Extent:
        if name not in self._memo:
            self._memo[name] = NOTHING  # what a cycle meets
            fragment = self._fragments.get(name)
            selection_set = fragment.selection_set if fragment else None
            self._memo[name] = self.selections(selection_set, level, nesting + 1)
        return self._memo[name]


def _root_fields(selection_set: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> int:
    """Fields at the root; a fragment that is spread twice is counted once, since its fields merge."""
    count = 0
    seen: set[str] = set()
    stack: list[Node] = list(selection_set.selections)
    while stack:
        node = stack.pop()
        if isinstance(node, FieldNode):
            count += 1
        elif isinstance(node, InlineFragmentNode):
            stack.extend(node.selection_set.selections)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
            seen.add(node.name.value)
            fragment = fragments.get(node.name.value)
            stack.extend(fragment.selection_set.selections if fragment else ())
    return count
