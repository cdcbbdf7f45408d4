"""Names, shapes and types of tensors, from the headers of safetensors and GGUF files that differ.

A model may be cut into files of other names: tensors are compared by their own names over all files of a side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.artifacts.reads.differences import DescribedFile

MAX_CHANGES = 500
"""Tensors that are named one by one."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a header."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TensorChange:
    """A tensor that differs; None where a side has none."""

    name: str
    before: Tensor | None
    after: Tensor | None

    @property
    def is_reshaped(self) -> bool:
        """Whether it came, went, or has another shape: the model computes something else."""
        return self.before is None or self.after is None or self.before.shape != self.after.shape


@dataclass(frozen=True, slots=True)
class Weights:
    """What the headers of one side say together. ``is_whole``: every tensor is listed."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    count: int = 0
    parameters: int = 0
    dtypes: Mapping[str, int] = field(default_factory=dict)
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class TensorDiff:
    """What differs. Where not all are listed, tensors on one side only are told by the counts alone."""

    before: Weights
    after: Weights
    changes: list[TensorChange]
    is_whole: bool

    @property
    def is_reshaped(self) -> bool:
        """Whether the architecture is another one, as far as the headers tell; no, where one side has none."""
        if not self.before.count or not self.after.count:
            return False
        counted = (self.before.count, self.before.parameters) != (self.after.count, self.after.parameters)
        return counted or any(change.is_reshaped for change in self.changes)

    @property
    def is_retyped(self) -> bool:
        """Whether numbers are kept in other types, as after a quantisation."""
        has_both = bool(self.before.count and self.after.count)
        return has_both and dict(self.before.dtypes) != dict(self.after.dtypes)


def read(files: Sequence[DescribedFile]) -> Weights:
    """The headers of one side."""
    tensors: dict[str, Tensor] = {}
    dtypes = Counter[str]()
    count = parameters = 0
    for file in files:
        if file.format not in {"safetensors", "gguf"}:
            continue
        count += _number(file.facts.get("tensorCount"))
        parameters += _number(file.facts.get("parameterCount"))
        for name, amount in _mapping(file.facts.get("dtypes", file.facts.get("tensorTypes"))).items():
            dtypes[str(name)] += _number(amount)
        tensors |= _listed(file.facts.get("tensors"))
    return Weights(tensors, count, parameters, dtypes, is_whole=len(tensors) == count)


def compare(before: Weights, after: Weights) -> TensorDiff:
    """What differs between two sides, by name."""
    is_whole = before.is_whole and after.is_whole
    names = before.tensors.keys() | after.tensors.keys() if is_whole else before.tensors.keys() & after.tensors.keys()
    changed = [
        TensorChange(name, before.tensors.get(name), after.tensors.get(name))
        for name in sorted(names)
        if before.tensors.get(name) != after.tensors.get(name)
    ]
    return TensorDiff(before, after, changed[:MAX_CHANGES], is_whole and len(changed) <= MAX_CHANGES)


def _listed(told: Any) -> dict[str, Tensor]:
    entries = told if isinstance(told, list) else []
    return {
        str(each.get("name")): Tensor(str(each.get("dtype")), tuple(_number(side) for side in each.get("shape") or ()))
        for each in entries
        if isinstance(each, Mapping) and isinstance(each.get("shape"), list | None)
    }


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
