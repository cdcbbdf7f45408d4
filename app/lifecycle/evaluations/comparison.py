"""Metrics of several versions side by side: rows by metric, data set, digest and slice; online ones apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from app.lifecycle.evaluations.metrics import MetricValue, Source

_What: TypeAlias = tuple[str, bool, str, str, str]


class Measured(NamedTuple):
    """A metric on the same data, with the latest value on each side (None: there is none)."""

    key: str
    is_online: bool
    dataset_name: str | None
    dataset_digest: str | None
    slice: str | None
    values: Sequence[MetricValue | None]
    differs: bool


def rows(sides: Sequence[Sequence[MetricValue]], *, differences_only: bool = False) -> list[Measured]:
    """The rows in the order of metric, data set, digest and slice."""
    latest: dict[_What, list[MetricValue | None]] = {}
    for position, side in enumerate(sides):
        for value in side:
            values = latest.setdefault(_what(value), [None] * len(sides))
            held = values[position]
            if held is None or value.at > held.at:
                values[position] = value
    compared = [_row(what, latest[what]) for what in sorted(latest)]
    return [row for row in compared if row.differs or not differences_only]


def _what(value: MetricValue) -> _What:
    is_online = value.source == Source.ONLINE
    return value.key, is_online, value.dataset_name or "", value.dataset_digest or "", value.slice or ""


def _row(what: _What, values: Sequence[MetricValue | None]) -> Measured:
    key, is_online, dataset, digest, part = what
    # NaN differs from nothing but numbers: two sides that could not measure say the same.
    shown = {None if one is None else ("nan" if math.isnan(one.value) else one.value) for one in values}
    return Measured(key, is_online, dataset or None, digest or None, part or None, values, len(shown) > 1)
