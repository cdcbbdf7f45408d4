"""The stages that a version can be in."""

from __future__ import annotations

from app.errors import Invalid
from app.quoting import quoted
from app.registry.names import check_stage

STAGES = ["none", "staging", "production", "archived"]
"""In the order in which they are shown; the first is where a version begins."""
UNGUARDED = frozenset({"none", "archived"})
"""Stages that any version may be in, whatever its state."""


def known_stage(stage: str) -> str:
    """The stage as it is stored.

    Raises:
        Invalid: there is no such stage.
    """
    name = check_stage(stage)
    if name not in STAGES:
        raise Invalid(f"There is no stage {quoted(stage)}; there are {', '.join(STAGES)}.", field="stage")
    return name
