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
from app.db.statements import Fragment, Statement
from app.errors import Forbidden
from app.registry.stages.definitions import Stage
from app.registry.stages.tables import NameProtection
from app.registry.tables import Model, ModelVersion
from app.text import quoted

__all__ = ["NameProtection"]


_NAMES = Statement(
    "stages.names_in_use",
    "The aliases that stand on a version, or on any of a model, and the stages but the first that it is in.",
    """
    SELECT 'alias' AS kind, a.name, NULL AS mlflow_name FROM aliases a
    WHERE a.project_id = :project AND a.model_id = :model AND a.valid_until IS NULL
        AND (:version::bigint IS NULL OR a.version_id = :version)
    UNION ALL
    SELECT 'stage', s.name, s.mlflow_name FROM project_stages s
    WHERE s.project_id = :project AND NOT s.is_initial AND EXISTS (
        SELECT FROM stage_intervals i WHERE i.project_id = :project AND i.model_id = :model AND i.stage_id = s.id
            AND i.valid_until IS NULL AND (:version::bigint IS NULL OR i.version_id = :version))
    """,
)


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


async def require_free(
    snap: Snapshot, actor: Actor, access: ProjectAccess, model: Model, version: ModelVersion | None = None
) -> None:
    """Step: refuse an actor who may not take away the names of a version, or of all of a model, by deleting it.

    Raises:
        NameProtected, ApprovalNeeded: a rule protects an alias on it, or its stage.
    """
    rules = await of_project(snap, access.id)
    if not rules:
        return
    id = None if version is None else version.id
    for name in await _NAMES.fetch(snap, project=access.id, model=model.id, version=id):
        names = [one for one in (name["name"], (name["mlflow_name"] or "").lower()) if one]
        of_name = matching(rules, Kind(name["kind"]), names)
        refuse(of_name, actor, access.role, f"{name['kind']} {quoted(name['name'])}")


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


async def approvals_needed(snap: Snapshot, stage: Stage) -> int:
    """Read step: how many others have to approve before a version enters or leaves a stage; 0: none."""
    return _approvals(of_stage(await of_project(snap, stage.project_id), stage))


def protects_stage_sql(project: str, key: str) -> Fragment:
    """SQL: whether a rule protects the stage that a version is in, by what ``model_versions.stage`` has for it."""
    like = "replace(replace(replace(replace(p.pattern, '\\', '\\\\'), '%', '\\%'), '_', '\\_'), '*', '%')"
    return Fragment(f"""EXISTS (
        SELECT FROM project_stages s JOIN name_protections p ON p.project_id = s.project_id AND p.kind = 'stage'
        WHERE s.project_id = {project} AND s.key = {key} AND (s.name LIKE {like} OR lower(s.mlflow_name) LIKE {like})
    )""")


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
    needed = _approvals(rules)
    if needed and not has_approval:
        others = "another person" if needed == 1 else f"{needed} others"
        raise ApprovalNeeded(f"The {named} is protected: {others} must approve before it is moved.")


def is_machine(actor: Actor) -> bool:
    """Whether the actor is no person: a token of a project, group or service account, or one of a CI job."""
    return actor.is_confined or actor.ci_job is not None


def _approvals(rules: Iterable[NameProtection]) -> int:
    return max((rule.approvals for rule in rules), default=0)


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
