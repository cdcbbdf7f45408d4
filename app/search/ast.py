"""What a filter or an order says, as plain values that are easy to turn into SQL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Entity(StrEnum):
    """Where a key is looked up."""

    ATTRIBUTE = "attribute"
    METRIC = "metric"
    PARAM = "param"
    TAG = "tag"
    DATASET = "dataset"


class Operator(StrEnum):
    """How the value found under a key is compared. LIKE heeds case, ILIKE does not; ``%`` and ``_`` are wildcards."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    LIKE = "LIKE"
    ILIKE = "ILIKE"
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


Value: TypeAlias = str | int | float | tuple[str, ...] | tuple[int, ...] | None
"""A tuple, never empty, with IN and NOT IN; None with IS NULL and IS NOT NULL. Integers fit into 64 bits."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition. ``key`` is canonical: other spellings of an attribute have been replaced."""

    entity: Entity
    key: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class And:
    """All of at least two operands; none of them is an ``And``."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of at least two operands; none of them is an ``Or``."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Whatever the operand does not match, so that lacking the key counts as matching."""

    operand: Expression


Expression: TypeAlias = Comparison | And | Or | Not


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One key of an order. A metric of a logged model may be narrowed to those measured on a data set."""

    entity: Entity
    key: str
    descending: bool = False
    dataset_name: str | None = None
    dataset_digest: str | None = None
