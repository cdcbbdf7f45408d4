"""The signature that an MLmodel file declares, and what differs between two of them.

MLflow writes a signature as lists of columns or tensors (``mlflow.types.Schema``): the inputs and outputs of a model,
and the parameters of its call. The inspection keeps it as JSON among the facts of the file; here it is read into plain
values and compared from the view of a program that calls the model: what it sent so far, is that still accepted?
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

CUT = "…"
"""What the inspection puts in the place of values that were too many or too deep."""
_FORMERLY_LISTED = 200
"""Files that an earlier release inspected have no more columns than that of any side, and no sign of those cut."""
_WIDER = {
    "integer": {"long", "double"},
    "int32": {"long", "int64", "double", "float64"},
    "float": {"double"},
    "float32": {"double", "float64"},
}
"""Types that take all values of another: MLflow converts them before it calls a model (`_enforce_mlflow_datatype`)."""


class Side(StrEnum):
    """Which part of a signature."""

    INPUTS = "inputs"
    OUTPUTS = "outputs"
    PARAMS = "params"


class ChangeKind(StrEnum):
    """What happened to a column."""

    REMOVED = "removed"
    RETYPED = "retyped"
    WIDENED = "widened"
    """Its type is another one that takes all former values."""
    NEWLY_REQUIRED = "newly_required"
    NOW_OPTIONAL = "now_optional"
    ADDED_REQUIRED = "added_required"
    ADDED_OPTIONAL = "added_optional"


@dataclass(frozen=True, slots=True)
class Column:
    """One column or tensor. One without a name is called by its position: ``#0``."""

    name: str
    type: str
    """As MLflow writes it: ``double``, ``array<string>``, ``tensor float32 [-1, 64]``."""
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What differs in a column; ``before`` and ``after`` are types, None where there is no such column."""

    side: Side
    kind: ChangeKind
    name: str
    before: str | None
    after: str | None

    @property
    def breaks(self) -> bool:
        """Whether a program that called the former model has to change: of inputs and params what it sends is not
        accepted any more, of outputs what it reads is not there.
        """
        if self.side is Side.OUTPUTS:
            return self.kind in {ChangeKind.REMOVED, ChangeKind.RETYPED, ChangeKind.WIDENED, ChangeKind.NOW_OPTIONAL}
        return self.kind in {
            ChangeKind.REMOVED, ChangeKind.RETYPED, ChangeKind.NEWLY_REQUIRED, ChangeKind.ADDED_REQUIRED,
        }  # fmt: skip

    def __str__(self) -> str:
        noun = {Side.INPUTS: "input", Side.OUTPUTS: "output", Side.PARAMS: "parameter"}[self.side]
        said = {
            ChangeKind.REMOVED: f"was removed (it was {self.before})",
            ChangeKind.RETYPED: f"was {self.before} and is {self.after}",
            ChangeKind.WIDENED: f"was {self.before} and is {self.after}, which takes all former values",
            ChangeKind.NEWLY_REQUIRED: "was optional and is required",
            ChangeKind.NOW_OPTIONAL: "was required and is optional",
            ChangeKind.ADDED_REQUIRED: f"is new and required ({self.after})",
            ChangeKind.ADDED_OPTIONAL: f"is new and optional ({self.after})",
        }[self.kind]
        return f"{noun} `{self.name[:80]}` {said}"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives. ``is_whole``: False when the file says more than was kept of it."""

    inputs: tuple[Column, ...] | None = None
    outputs: tuple[Column, ...] | None = None
    params: tuple[Column, ...] | None = None
    is_whole: bool = True

    def side(self, side: Side) -> tuple[Column, ...]:
        """The columns of one part; none where the signature does not speak of it."""
        columns: tuple[Column, ...] | None = getattr(self, side.value)
        return columns or ()


def of_facts(facts: Mapping[str, Any] | None) -> Signature | None:
    """The signature among the facts of an MLmodel file; None when the file declares none."""
    if facts and "signature" in facts.get("leftOut", ()):
        return Signature(is_whole=False)
    declared = facts.get("signature") if facts else None
    return of_json(declared) if isinstance(declared, Mapping) else None


def of_json(declared: Mapping[str, Any]) -> Signature:
    """The signature from MLflow's form: ``inputs``, ``outputs`` and ``params``, each a list or a list as JSON text."""
    sides = {side.value: _columns(declared.get(side.value)) for side in Side}
    is_cut = CUT in _texts(dict(declared)) or any(len(side or ()) == _FORMERLY_LISTED for side in sides.values())
    return Signature(**sides, is_whole=not is_cut)


def compare(before: Signature, after: Signature) -> list[Change]:
    """What differs, in the order: inputs, outputs, params; columns in their order, new ones last."""
    return [change for side in Side for change in _compared(side, before.side(side), after.side(side))]


def _columns(declared: Any) -> tuple[Column, ...] | None:
    if isinstance(declared, str):
        try:
            declared = json.loads(declared)
        except (ValueError, RecursionError):
            return None
    if not isinstance(declared, Sequence) or isinstance(declared, str):
        return None
    read = [_column(index, each) for index, each in enumerate(declared) if isinstance(each, Mapping)]
    return tuple({column.name: column for column in read}.values())


def _column(index: int, declared: Mapping[str, Any]) -> Column:
    name = declared.get("name")
    is_required = declared.get("required", not declared.get("optional", False)) is not False
    if "default" in declared:  # a parameter: a caller who leaves it out gets that value
        is_required = False
    return Column(f"#{index}" if name is None else str(name), _type(declared), is_required)


def _type(declared: Any, depth: int = 0) -> str:
    """The type as one text, so that two are equal when they mean the same."""
    if not isinstance(declared, Mapping) or depth > 12:
        return str(declared)
    kind = declared.get("type", declared.get("dtype"))
    match kind:
        case "tensor":
            spec = declared.get("tensor-spec")
            spec = spec if isinstance(spec, Mapping) else {}
            return f"tensor {spec.get('dtype')} {_shape(spec.get('shape'))}"
        case "array":
            return f"array<{_type(declared.get('items'), depth + 1)}>"
        case "map":
            return f"map<{_type(declared.get('values'), depth + 1)}>"
        case "object":
            return f"object<{_properties(declared.get('properties'), depth)}>"
    shape = declared.get("shape")
    return str(kind) if shape in (None, []) else f"{kind} {_shape(shape)}"


def _properties(declared: Any, depth: int) -> str:
    if not isinstance(declared, Mapping):
        return str(declared)
    parts = []
    for name in sorted(declared):
        inner = declared[name]
        optional = isinstance(inner, Mapping) and inner.get("required") is False
        parts.append(f"{name}{'?' if optional else ''}: {_type(inner, depth + 1)}")
    return ", ".join(parts)


def _shape(shape: Any) -> str:
    return f"[{', '.join(str(each) for each in shape)}]" if isinstance(shape, Sequence) else str(shape)


def _compared(side: Side, before: Sequence[Column], after: Sequence[Column]) -> Iterator[Change]:
    new = {column.name: column for column in after}
    for old in before:
        now = new.pop(old.name, None)
        if now is None:
            yield Change(side, ChangeKind.REMOVED, old.name, old.type, None)
            continue
        if now.type != old.type:
            kind = ChangeKind.WIDENED if _is_wider(old.type, now.type) else ChangeKind.RETYPED
            yield Change(side, kind, old.name, old.type, now.type)
        if now.is_required != old.is_required:
            kind = ChangeKind.NEWLY_REQUIRED if now.is_required else ChangeKind.NOW_OPTIONAL
            yield Change(side, kind, old.name, old.type, now.type)
    for column in new.values():
        kind = ChangeKind.ADDED_REQUIRED if column.is_required else ChangeKind.ADDED_OPTIONAL
        yield Change(side, kind, column.name, None, column.type)


def _is_wider(before: str, after: str) -> bool:
    """Whether all values of the one type are values of the other, by type or by a dimension that became free (-1)."""
    if after in _WIDER.get(before, ()):
        return True
    old, new = _tensor(before), _tensor(after)
    if old is None or new is None or old[0] != new[0] or len(old[1]) != len(new[1]):
        return False
    return all(now in (was, "-1") for was, now in zip(old[1], new[1], strict=True))


def _tensor(type: str) -> tuple[str, list[str]] | None:
    if not type.startswith("tensor ") or not type.endswith("]"):
        return None
    dtype, _, shape = type.removeprefix("tensor ").partition(" [")
    return dtype, shape.removesuffix("]").split(", ")


def _texts(value: Any) -> set[str]:
    """All texts in a value that is JSON, without those of keys."""
    texts: set[str] = set()
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, str):
            texts.add(each)
        elif isinstance(each, Mapping):
            rest.extend(each.values())
        elif isinstance(each, Sequence):
            rest.extend(each)
    return texts
