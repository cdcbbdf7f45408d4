"""Who may move which aliases and stages: rules of a project by patterns of names.

All rules that match a name hold together. The right to move a protected name is a role, or the scope ``promote`` of a
token of a project or group, which people give to single tokens (:mod:`app.access.token_rules.granting`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from sqlalchemy import select

from app.access.policy import Actor, ProjectAccess, Role, Scope
from app.access.token_rules import model_patterns
from app.db.database import Snapshot
from app.errors import Forbidden
from app.registry.stages.definitions import Stage
from app.registry.stages.tables import NameProtection
from app.text import quoted

__all__ = ["NameProtection"]


class Kind(StrEnum):
    """What a rule is about."""

    ALIAS = "alias"
    STAGE = "stage"


class Movers(StrEnum):
    """Who may move a protected name, beside the role.

    ``CI_TOKENS`` are tokens of projects, groups and service accounts, and those of CI jobs; ``PEOPLE`` all others.
    """

    ANYONE = "anyone"
    PEOPLE = "people"
    CI_TOKENS = "ci_tokens"


class NameProtected(Forbidden):
    """The name is protected, and the actor is not among those who may move it."""

    code = "PROTECTED"


class ApprovalNeeded(Forbidden):
    """The name is moved by two people, and no other one has approved yet."""

    code = "APPROVAL_NEEDED"


async def of_project(snap: Snapshot, project_id: int) -> list[NameProtection]:
    """Read step: all rules of a project, by kind and pattern."""
    statement = select(NameProtection).where(NameProtection.project_id == project_id)
    return list(await snap.scalars(statement.order_by(NameProtection.kind, NameProtection.pattern)))


async def require(
    snap: Snapshot, actor: Actor, access: ProjectAccess, kind: Kind, name: str, *, has_approval: bool = False
) -> None:
    """Step: refuse an actor who may not move the alias or stage of that name. One statement.

    ``has_approval``: as many others as the rules say have approved.

    Raises:
        NameProtected: a rule lets only others move it.
        ApprovalNeeded: the actor may, with the approval of others.
    """
    rules = matching(await of_project(snap, access.id), kind, [name])
    refuse(rules, actor, access.role, f"{kind} {quoted(name)}", has_approval=has_approval)


async def require_stages(
    snap: Snapshot, actor: Actor, access: ProjectAccess, stages: Sequence[Stage], *, has_approval: bool = False
) -> None:
    """Step: the same of all these stages, in one statement; a rule may name one by MLflow's name, too."""
    rules = await of_project(snap, access.id)
    for stage in stages:
        refuse(of_stage(rules, stage), actor, access.role, f"stage {quoted(stage.name)}", has_approval=has_approval)


def of_stage(rules: Iterable[NameProtection], stage: Stage) -> list[NameProtection]:
    """Those of the rules that hold for a stage."""
    return matching(rules, Kind.STAGE, [stage.name, *([stage.mlflow_name.lower()] if stage.mlflow_name else [])])


def matching(rules: Iterable[NameProtection], kind: Kind, names: Sequence[str]) -> list[NameProtection]:
    """Those of the rules that match one of the names of one thing."""
    return [
        rule
        for rule in rules
        if rule.kind == kind and any(model_patterns.matches([rule.pattern], name) for name in names)
    ]


def approvals_needed(rules: Iterable[NameProtection]) -> int:
    """How many others have to approve where all these rules hold."""
    return max((rule.approvals for rule in rules), default=0)


def may_move(rules: Iterable[NameProtection], actor: Actor, role: Role | None) -> bool:
    """Whether the rules let the actor, who has that role, move the name, be it with the approval of others."""
    return all(_refusal(rule, actor, role) is None for rule in rules)


def refuse(
    rules: Iterable[NameProtection], actor: Actor, role: Role | None, named: str, *, has_approval: bool = False
) -> None:
    """Refuse an actor whom the rules do not let move what is named so.

    Raises:
        NameProtected, ApprovalNeeded: as for :func:`require`.
    """
    for rule in rules:
        refusal = _refusal(rule, actor, role)
        if refusal is not None:
            raise NameProtected(f"The {named} is protected by the rule `{rule.pattern}`: {refusal}.")
    needed = approvals_needed(rules)
    if needed and not has_approval:
        others = "another person" if needed == 1 else f"{needed} others"
        raise ApprovalNeeded(f"The {named} is protected: {others} must approve before it is moved.")


def is_machine(actor: Actor) -> bool:
    """Whether the actor is no person: a token of a project, group or service account, or one of a CI job."""
    return actor.is_confined or actor.ci_job is not None


def _refusal(rule: NameProtection, actor: Actor, role: Role | None) -> str | None:
    machine = is_machine(actor)
    if rule.movers == Movers.PEOPLE and machine:
        return "only people move it, and this is a token of a project, group or CI job"
    if rule.movers == Movers.CI_TOKENS and not machine:
        return "only tokens of projects, groups, service accounts and CI jobs move it"
    least = Role(rule.least_role)
    if role is not None and (role >= least or (Scope.PROMOTE in actor.scopes and role >= Role.DEVELOPER)):
        return None
    have = role.name.lower() if role else "no role"
    return f"to move it takes the role {least.name.lower()} or a token with the scope promote; you have {have}"
