"""The stages that a version can be in."""

from __future__ import annotations

from app.errors import Invalid
from app.registry.names import stage_key
from app.text import quoted

STAGES = ["none", "staging", "production", "archived"]
"""In the order in which they are shown; the first is where a version begins."""
UNGUARDED = frozenset({"none", "archived"})
"""Stages that any version may be in, whatever its state."""


class UnknownStage(Invalid):
    """There is no such stage."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        super().__init__(f"There is no stage {quoted(stage)}; there are {', '.join(STAGES)}.", field="stage")


def check_stage(stage: str) -> str:
    """The stage as it is stored.

    Raises:
        UnknownStage: there is no such stage.
    """
    name = stage_key(stage)
    if name not in STAGES:
        raise UnknownStage(stage)
    return name
