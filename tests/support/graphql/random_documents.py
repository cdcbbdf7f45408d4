"""Random documents over the whole schema: right in form, with plausible, foreign and nasty values in them.

What was chosen least often comes next, so that a run reaches every field at the root, and nearly all below.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)

from app.graphql.schema import schema as strawberry_schema
from tests.support.graphql import hostile_values

SCHEMA = strawberry_schema._schema
KINDS = sorted(kind.name for kind in SCHEMA.get_possible_types(SCHEMA.type_map["Node"]))  # type: ignore[arg-type] # Node is an interface
BY_FIELD = {
    "candidateId": "Candidate", "parentId": "Candidate", "loggedModelId": "LoggedModel",
    "loggedModelInputIds": "LoggedModel", "experimentIds": "Experiment", "candidateIds": "Candidate",
}  # fmt: skip


class Word(str):
    """A value of an enum, which stands in a document without quotes."""

    __slots__ = ()


@dataclass(frozen=True)
class Request:
    """What is sent; ``note`` tells how it was made, for messages about it."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    name: str | None = None

    @property
    def body(self) -> bytes:
        """JSON in ASCII, so that even half a surrogate pair can be sent."""
        message = {"query": self.query, "variables": self.variables}
        return json.dumps(message if self.name is None else {**message, "operationName": self.name}).encode()

    def translated(self, words: dict[str, str]) -> Request:
        """The same about other things."""
        text = json.dumps([self.query, self.variables])
        for one, other in words.items():
            text = text.replace(one, other)
        query, variables = json.loads(text)
        return replace(self, query=query, variables=variables)


@dataclass(frozen=True)
class Scenario:
    """A project as documents speak of it: ids by type, and names by the field that takes them."""

    ids: dict[str, list[str]]
    words: dict[str, list[Any]]


class Generator:
    """Documents about some projects, whose values are nasty in as many cases as ``hostility`` says."""

    def __init__(self, random: Random, scenarios: Sequence[Scenario], hostility: float) -> None:
        self.random = random
        self.used: Counter[str] = Counter()
        self._scenarios = scenarios
        self._hostility = hostility
        self._variables: dict[str, tuple[str, Any]] = {}
        self._fragments: list[str] = []
        self._aliases = 0

    def query(self) -> Request:
        """A query of one or two fields at the root."""
        return self._document("query", SCHEMA.query_type, self.random.choice((1, 1, 2)))

    def mutation(self) -> Request:
        """A mutation of one field, so that its answer says whether anything was done."""
        return self._document("mutation", SCHEMA.mutation_type, 1)

    def subscription(self) -> Request:
        """A subscription."""
        return self._document("subscription", SCHEMA.subscription_type, 1)

    def _document(self, operation: str, root: GraphQLObjectType | None, count: int) -> Request:
        assert root is not None
        self._variables, self._fragments, self._aliases = {}, [], 0
        names = self._least_used(root, list(root.fields), count)
        selection = " ".join(self._field(root, name, 4) for name in names)
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in self._variables.items())
        head = f"{operation} q({declared})" if declared else f"{operation} q"
        variables = {name: value for name, (_, value) in self._variables.items()}
        text = "\n".join([f"{head} {{ {selection} }}", *self._fragments])
        return Request(text, variables, f"generated {' '.join(names)}")

    def _least_used(self, kind: Any, names: list[str], count: int) -> list[str]:
        order = sorted(names, key=lambda name: self.used[f"{kind.name}.{name}"] + self.random.random())
        for name in order[:count]:
            self.used[f"{kind.name}.{name}"] += 1
        return order[:count]

    def _field(self, kind: Any, name: str, depth: int, *, aliased: bool = False) -> str:
        definition = kind.fields[name]
        arguments = [self._argument(kind.name, one, definition.args[one]) for one in definition.args]
        written = ", ".join(argument for argument in arguments if argument)
        text = f"{name}({written})" if written else name
        if aliased:
            self._aliases += 1
            text = f"{kind.name[:3].lower()}{self._aliases}: {text}"
        below = get_named_type(definition.type)
        if is_leaf_type(below):
            return text
        page = {"nodes", "node"} & set(getattr(below, "fields", ()))
        return f"{text} {self._selection(below, depth if page else depth - 1)}"

    def _selection(self, kind: Any, depth: int) -> str:
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            possible = self.random.sample(SCHEMA.get_possible_types(kind), 2)
            inner = (f"... on {one.name} {self._of_object(one, min(depth, 1), aliased=True)}" for one in possible)
            return f"{{ __typename {' '.join(inner)} }}"
        text = self._of_object(kind, depth)
        if self.random.random() < 0.1:
            self._fragments.append(f"fragment f{len(self._fragments)} on {kind.name} {text}")
            return f"{{ ...f{len(self._fragments) - 1} }}"
        return text

    def _of_object(self, kind: Any, depth: int, *, aliased: bool = False) -> str:
        if "userErrors" in kind.fields:
            things = [self._field(kind, name, depth) for name in kind.fields if name not in {"userErrors", "secret"}]
            return f"{{ {' '.join(things)} userErrors {{ code message field }} }}"
        leaves = [name for name, one in kind.fields.items() if is_leaf_type(get_named_type(one.type))]
        others = [name for name in kind.fields if name not in leaves] if depth > 0 else []
        chosen = self._least_used(kind, leaves, self.random.randint(1, 3))
        chosen += self._least_used(kind, others, self.random.choice((0, 1, 1, 2)) if leaves else 2)
        aliased = aliased and self._aliases < 20
        fields = [self._field(kind, name, depth, aliased=aliased) for name in chosen]
        return f"{{ {' '.join(fields or ['__typename'])} }}"

    def _argument(self, owner: str, name: str, definition: GraphQLArgument) -> str | None:
        if not is_required_argument(definition) and self.random.random() < (0.2 if name == "first" else 0.6):
            return None
        if name in {"first", "last"} and self.random.random() >= self._hostility / 4:
            value = self.random.choice((1, 2, 3, 3, 20))
        else:
            value = self._value(definition.type, owner, name, 0)
        if self.random.random() < 0.5:
            return f"{name}: {literal(value)}"
        variable = f"v{len(self._variables)}"
        self._variables[variable] = (str(definition.type), value)
        return f"{name}: ${variable}"

    def _value(self, kind: Any, owner: str, name: str, depth: int) -> Any:
        if is_non_null_type(kind):
            return self._value(kind.of_type, owner, name, depth)
        if is_list_type(kind):
            return [self._value(kind.of_type, owner, name, depth) for _ in range(self.random.choice((0, 1, 1, 2, 3)))]
        if is_input_object_type(kind):
            return self._input(kind, depth + 1)
        if is_enum_type(kind):
            return Word(self.random.choice(list(kind.values)))
        return self._scalar(kind.name, owner, name)

    def _input(self, kind: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        if kind.extensions["strawberry-definition"].is_one_of:
            name = self.random.choice(list(kind.fields) if depth < 5 else [next(iter(kind.fields))])
            return {name: self._value(kind.fields[name].type, kind.name, name, depth)}
        wanted = [name for name, one in kind.fields.items() if self._wanted(one)]
        return {name: self._value(kind.fields[name].type, kind.name, name, depth) for name in wanted}

    def _wanted(self, one: GraphQLInputField) -> bool:
        return is_required_input_field(one) or self.random.random() < 0.4

    def _scalar(self, kind: str, owner: str, name: str) -> Any:
        odd = self.random.random() < self._hostility
        if kind == "Boolean":
            return self.random.random() < 0.5
        if kind == "ID":
            return self._id(owner, name, odd=odd)
        if kind in {"Int", "Long"}:
            return self.random.choice(hostile_values.INTEGERS) if odd else self.random.randint(1, 20)
        if kind == "Number":
            return self.random.choice(hostile_values.NUMBERS) if odd else self.random.random()
        if kind == "DateTime":
            return self.random.choice(hostile_values.TIMES)
        words_by_name = self.random.choice(self._scenarios).words
        words = words_by_name.get(f"{owner}.{name}") or words_by_name.get(name)
        return self.random.choice(hostile_values.TEXTS if odd or not words else words)

    def _id(self, owner: str, name: str, *, odd: bool) -> str:
        wanted = BY_FIELD.get(name) or max((one for one in KINDS if owner.startswith(one)), key=len, default=None)
        scenario = self.random.choice(self._scenarios)
        if odd and self.random.random() < 0.5:
            return self.random.choice(hostile_values.TEXTS)
        if odd or wanted not in scenario.ids:
            wanted = self.random.choice(list(scenario.ids))
        return self.random.choice(scenario.ids[wanted])


def literal(value: Any) -> str:
    """A value as it stands in a document."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(one) for one in value) + "]"
    return str(value) if isinstance(value, Word) else json.dumps(value)
