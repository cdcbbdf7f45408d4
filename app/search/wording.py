"""MLflow's own sentences about filters and orders, which differ from search to search; its clients look for them."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from app.search.ast import Entity
from app.search.errors import shown

if TYPE_CHECKING:
    from app.search.grammars import Field, Grammar


class Wording(Enum):
    """Whose sentences a search uses."""

    RUNS = auto()
    EXPERIMENTS = auto()
    MODELS = auto()
    VERSIONS = auto()
    LOGGED_MODELS = auto()


_REGISTRY = {Wording.MODELS, Wording.VERSIONS}
_SPOKEN = {Entity.PARAM: "parameter"}


def spoken(entity: Entity) -> str:
    """The entity in MLflow's words."""
    return _SPOKEN.get(entity, entity.value)


def bad_comparator(grammar: Grammar, entity: Entity, field: Field, key: str, comparator: str) -> str:
    """The comparator does not go with the key."""
    valid = [str(operator) for operator in field.operators]
    wording = grammar.wording
    if wording is Wording.LOGGED_MODELS:
        prefix = next(prefix for prefix, named in grammar.prefixes.items() if named is entity)
        return f"Invalid comparison operator for {prefix}.{shown(key)}: '{comparator}'. Expected one of {tuple(valid)}."
    if entity is Entity.TAG and wording is not Wording.RUNS:
        return f"Invalid comparator for tag: {comparator}; it must be one of {valid}"
    if wording in _REGISTRY:
        what = f"attribute {key}" if field.kind.is_number else "attribute"
        return f"Invalid comparator for {what}: {comparator}; it must be one of {valid}"
    return f"Invalid comparator '{comparator}' not one of {valid}"


def bad_entity(grammar: Grammar, prefix: str) -> str:
    """What stands before the dot is no entity."""
    names: dict[Entity, str] = {}
    for name, entity in grammar.prefixes.items():
        names.setdefault(entity, name)
    valid = list(names.values())
    match grammar.wording:
        case Wording.LOGGED_MODELS:
            return f"Invalid entity type: '{shown(prefix)}'. Expected one of {valid}."
        case Wording.RUNS:
            return f"Invalid entity type '{shown(prefix)}'. Valid values are {valid}"
        case _:
            return f"Invalid entity type '{shown(prefix)}'. Valid entity types are {tuple(grammar.prefixes)}"


def bad_order(grammar: Grammar, key: str) -> str:
    """Nothing can be sorted by the key."""
    valid = f"Valid keys are {list(grammar.order)}"
    match grammar.wording:
        case Wording.LOGGED_MODELS:
            return f"Invalid order by field name: {shown(key)}. {valid}, or `metrics.<name>`."
        case Wording.MODELS:
            return f"Invalid order by key '{shown(key)}' specified. {valid}"
        case _:
            return f"Invalid attribute key '{shown(key)}' specified. {valid}"
