"""Gates about metrics: against a threshold, on a named data set, and against the version that the stage holds."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from app.lifecycle.gates.rules.rule import Judgement, Rule, failed, in_json, listed, passed, shown
from app.lifecycle.gates.rules.subject import Evidence, Figure, Subject

Name = Annotated[str, Field(min_length=1, max_length=250)]
Source = Literal["any", "training", "evaluation", "online"]


class _OfMetric(Rule):
    metric: Name
    slice: Annotated[str, Field(min_length=1, max_length=250)] | None = None
    """Which part of the data set of an evaluation; left out: all of it."""
    source: Source = "any"
    """Which values count: those that training logged, those of evaluations, of online experiments, or any."""

    def _where(self, dataset: str | None, digest: str | None) -> str:
        on = f" on the data set `{dataset}`" if dataset else ""
        of = f" with the digest `{digest}`" if digest else ""
        by = {
            "any": "",
            "training": " from training",
            "evaluation": " from an evaluation",
            "online": " measured online",
        }
        part = f" in the slice `{self.slice}`" if self.slice else ""
        return on + of + part + by[self.source]

    def _missing(self, version: Evidence, dataset: str | None, digest: str | None) -> Judgement:
        elsewhere = {each.dataset_name for each in version.figures if each.name == self.metric}
        if dataset and elsewhere:
            named = sorted(each for each in elsewhere if each)
            on = [f"on {listed(named)}"] if named else []
            said = f"it has it {' and '.join(on + ['without a data set'] * (len(named) < len(elsewhere)))}"
        else:
            names = sorted({each.name for each in version.figures})
            said = f"its metrics are {listed(names)}" if names else "it has no metrics at all"
        return failed(
            f"Version {version.version} has no metric `{self.metric}`{self._where(dataset, digest)}; {said}.",
            {"metric": self.metric, "value": None},
        )


class _WithBounds(_OfMetric):
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _has_bounds(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {shown(self.min)} is above max {shown(self.max)}: nothing could pass")
        return self

    def _bounds(self) -> str:
        if self.max is None:
            return f"at least {shown(self.min or 0.0)}"
        return f"at most {shown(self.max)}" if self.min is None else f"{shown(self.min)} to {shown(self.max)}"

    def _judged(self, version: Evidence, dataset: str | None, digest: str | None) -> Judgement:
        figure = version.figure(self.metric, dataset, digest, self.source, self.slice)
        if figure is None:
            return self._missing(version, dataset, digest)
        compared = {"metric": self.metric, "value": in_json(figure.value), "min": self.min, "max": self.max}
        told = f"`{self.metric}`{self._where(dataset, digest)} is {shown(figure.value)}"
        if not math.isfinite(figure.value):
            return failed(f"{told}, which is no finite number; {self._bounds()} is required.", compared, figure.told())
        inside = (self.min is None or figure.value >= self.min) and (self.max is None or figure.value <= self.max)
        answer = passed if inside else failed
        return answer(f"{told}; {self._bounds()} is required.", compared, figure.told())


class MetricThreshold(_WithBounds):
    """A metric is at least ``min``, at most ``max``, or both (inclusive), on whatever data set it was measured."""

    kind: ClassVar[str] = "metric_threshold"

    def title(self) -> str:
        """What it demands."""
        return f"`{self.metric}`{self._where(None, None)} {self._bounds()}"

    def judge(self, subject: Subject) -> Judgement:
        """Compare the version's value with the bounds."""
        return self._judged(subject.version, None, None)


class MetricOnDataset(_WithBounds):
    """The same of the value on one data set, by its name and, where given, digest."""

    kind: ClassVar[str] = "metric_on_dataset"
    dataset: Name
    digest: Annotated[str, Field(min_length=1, max_length=250)] | None = None

    def title(self) -> str:
        """What it demands."""
        return f"`{self.metric}`{self._where(self.dataset, self.digest)} {self._bounds()}"

    def judge(self, subject: Subject) -> Judgement:
        """Compare the version's value on that data set with the bounds."""
        return self._judged(subject.version, self.dataset, self.digest)


class MetricAgainstHolder(_OfMetric):
    """A metric is better than the holder's by a margin; a negative margin says how much worse it may be.

    ``isRelative``: the margin is a share of the holder's value. Both values are taken from the same kind of source and,
    where ``dataset`` is given, from that data set.
    """

    kind: ClassVar[str] = "metric_against_holder"
    direction: Literal["higher_is_better", "lower_is_better"]
    margin: float = 0.0
    is_relative: bool = False
    dataset: Name | None = None
    digest: Annotated[str, Field(min_length=1, max_length=250)] | None = None
    if_no_holder: Literal["pass", "fail"] = "pass"
    if_holder_lacks: Literal["pass", "fail"] = "fail"

    def title(self) -> str:
        """What it demands."""
        better = "higher" if self.direction == "higher_is_better" else "lower"
        margin = f"{shown(abs(self.margin) * 100)} %" if self.is_relative else shown(abs(self.margin))
        by = f" by {margin}" if self.margin > 0 else f", or at most {margin} worse" if self.margin < 0 else " or equal"
        return f"`{self.metric}`{self._where(self.dataset, self.digest)} {better} than the holder's{by}"

    def judge(self, subject: Subject) -> Judgement:
        """Compare the version's value with the holder's."""
        figure = subject.version.figure(self.metric, self.dataset, self.digest, self.source, self.slice)
        if figure is None:
            return self._missing(subject.version, self.dataset, self.digest)
        if subject.is_holder:
            return passed(f"Version {subject.version.version} is what the stage `{subject.stage}` holds.")
        if subject.holder is None:
            answer = passed if self.if_no_holder == "pass" else failed
            value = {"metric": self.metric, "value": in_json(figure.value), "holder": None}
            return answer(f"The stage `{subject.stage}` holds no version to compare with.", value, figure.told())
        theirs = subject.holder.figure(self.metric, self.dataset, self.digest, self.source, self.slice)
        return self._compared(figure, theirs, subject.holder)

    def _compared(self, ours: Figure, theirs: Figure | None, holder: Evidence) -> Judgement:
        compared: dict[str, Any] = {
            "metric": self.metric, "value": in_json(ours.value), "margin": self.margin, "isRelative": self.is_relative,
            "holder": None if theirs is None else in_json(theirs.value), "holderVersion": holder.version,
        }  # fmt: skip
        where = self._where(self.dataset, self.digest)
        if not math.isfinite(ours.value):
            return failed(f"`{self.metric}`{where} is {shown(ours.value)}, no finite number.", compared, ours.told())
        if theirs is None or not math.isfinite(theirs.value):
            has = "has no such metric" if theirs is None else f"has {shown(theirs.value)}, no finite number"
            answer = passed if self.if_holder_lacks == "pass" else failed
            message = f"`{self.metric}`{where} is {shown(ours.value)}; the holder {holder.version} {has}."
            return answer(message, compared, ours.told())
        needed = self._needed(theirs.value)
        is_higher = self.direction == "higher_is_better"
        mine = _exact(ours.value)
        answer = passed if (mine >= needed if is_higher else mine <= needed) else failed
        compared["needed"] = float(needed)
        bound = "at least" if is_higher else "at most"
        message = (
            f"`{self.metric}`{where} is {shown(ours.value)}, that of the holder {holder.version} "
            f"{shown(theirs.value)}; {bound} {shown(float(needed))} is required."
        )
        return answer(message, compared, ours.told(), theirs.told() | {"version": holder.version})

    def _needed(self, theirs: float) -> Decimal:
        """In decimals, so that 0.8 is better than 0.7 by 0.1."""
        value, margin = _exact(theirs), _exact(self.margin)
        step = abs(value) * margin if self.is_relative else margin
        return value + step if self.direction == "higher_is_better" else value - step


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))
