"""What rules for names can say."""

from __future__ import annotations

from app.graphql.types.fields import enumerated
from app.registry.stages.protections import Kind, Movers

__all__ = ["Kind", "Movers"]

enumerated(
    Kind,
    "What the names are of that a rule protects.",
    name="ProtectionKind",
    ALIAS="Aliases of all models of the project.",
    STAGE="Stages of the project.",
)
enumerated(
    Movers,
    "Who may move a protected name, if the role allows it, too.",
    name="ProtectionMovers",
    ANYONE="People and machines.",
    PEOPLE="People only: sessions and personal tokens.",
    CI_TOKENS="Machines only: tokens of projects, groups, service accounts and CI jobs.",
)
