"""Setting and deleting the rules by which aliases and stages are protected."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import policy, projects
from app.access.policy import Actor, Permission, Role
from app.access.token_rules import model_patterns
from app.db.database import Database
from app.errors import Invalid, TooLarge
from app.registry.names import MAX_ALIAS, alias_key, stage_key
from app.registry.stages import events
from app.registry.stages.protections import Kind, Movers
from app.registry.stages.tables import NameProtection
from app.text import quoted

MAX_RULES = 100
"""Of a project."""
MAX_APPROVALS = 10
_PATTERN = re.compile(r"[\w*-]+")


@dataclass(frozen=True, slots=True)
class SetProtection:
    """A rule: who may move the aliases or stages whose names match the pattern, ``*`` standing for any characters."""

    kind: Kind
    pattern: str
    least_role: Role = Role.MAINTAINER
    movers: Movers = Movers.ANYONE
    approvals: int = 0


async def set(db: Database, actor: Actor, project: int | str, command: SetProtection) -> NameProtection:  # noqa: A001
    """Protect names, or change the rule of that pattern.

    Raises:
        Forbidden: the actor may not manage rules.
        Invalid: the pattern or the number of approvals is not acceptable, or there are too many rules.
    """
    pattern = _check_pattern(command.kind, command.pattern)
    if command.least_role < Role.REPORTER:
        raise Invalid("No guest moves names; the least role is at least reporter.", field="leastRole")
    if not 0 <= command.approvals <= MAX_APPROVALS:
        raise Invalid(
            f"{command.approvals} is no number of approvals; it is 0 to {MAX_APPROVALS}.", field="approvalCount"
        )
    if command.kind is Kind.ALIAS and command.approvals:
        raise Invalid(
            "Others approve promotions, which lead to stages, not to aliases. Protect those by role or movers.",
            field="approvalCount",
        )
    values = {
        "least_role": int(command.least_role),
        "movers": command.movers.value,
        "approvals": command.approvals,
        "set_by": actor.user_id,
        "set_at": func.now(),
    }
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.LIFECYCLE_MANAGE)
        mine = NameProtection.project_id == access.id
        statement = upsert(NameProtection).values(
            project_id=access.id, kind=command.kind.value, pattern=pattern, **values
        )
        rule = (
            await tx.scalars(
                statement.on_conflict_do_update(
                    index_elements=["project_id", "kind", "pattern"], set_=values
                ).returning(NameProtection)
            )
        ).one()
        if (await tx.scalar(select(func.count()).select_from(NameProtection).where(mine)) or 0) > MAX_RULES:
            raise TooLarge(f"A project has at most {MAX_RULES} rules for names.", field="pattern")
        await events.rule_changed(tx, rule, "set", actor)
    return rule


async def delete(db: Database, actor: Actor, project: int | str, kind: Kind, pattern: str) -> NameProtection | None:
    """End a rule; None: there was none.

    Raises:
        Forbidden: the actor may not manage rules.
    """
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.LIFECYCLE_MANAGE)
        statement = delete_rows(NameProtection).where(
            NameProtection.project_id == access.id,
            NameProtection.kind == kind.value,
            NameProtection.pattern == _key(kind, pattern),
        )
        rule: NameProtection | None = await tx.scalar(
            statement.returning(NameProtection).execution_options(synchronize_session=False)
        )
        if rule is not None:
            await events.rule_changed(tx, rule, "deleted", actor)
    return rule


def _check_pattern(kind: Kind, pattern: str) -> str:
    key = _key(kind, pattern)
    while "**" in key:
        key = key.replace("**", "*")
    if not 1 <= len(key) <= MAX_ALIAS or _PATTERN.fullmatch(key) is None:
        raise Invalid(
            f"{quoted(pattern)} matches no name: it has 1 to {MAX_ALIAS} letters, digits, _, - and *.", field="pattern"
        )
    if key.count("*") > model_patterns.MAX_STARS:
        raise Invalid(f"{quoted(pattern)} has more than {model_patterns.MAX_STARS} `*`.", field="pattern")
    return key


def _key(kind: Kind, pattern: str) -> str:
    return stage_key(pattern) if kind is Kind.STAGE else alias_key(pattern)
