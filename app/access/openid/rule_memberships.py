"""Roles that the groups of a provider give: made, changed and taken away at each sign-in, as the rules say.

A membership that a rule has made names the provider as its ``rule``. Those that people gave, and those of other
providers, are not touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

import structlog

from app.access import access_log
from app.access.access_log import Action
from app.access.openid.configuration import GroupRule, Provider
from app.db.database import Database, Tx
from app.db.statements import Statement
from app.text import normalized

log = structlog.get_logger()


class _Change(NamedTuple):
    what: str
    path: str | None


_SYNCHRONIZE = Statement(
    "access.synchronize_rule_memberships",
    "Let a person have exactly the memberships that the rules of a provider give now; say what has changed.",
    """
    WITH ruled AS (
      SELECT path, is_project, role FROM unnest(CAST(:paths AS text[]), CAST(:are_projects AS boolean[]),
        CAST(:roles AS smallint[])) AS r(path, is_project, role)
    ), locked_groups AS (
      SELECT g.id, lower(g.full_path) AS path FROM groups g
      WHERE lower(g.full_path) IN (SELECT lower(path) FROM ruled WHERE NOT is_project)
        AND g.owner_user_id IS NULL AND g.deleted_at IS NULL
      FOR KEY SHARE
    ), locked_projects AS (
      SELECT p.id, lower(p.full_path) AS path FROM projects p
      WHERE lower(p.full_path) IN (SELECT lower(path) FROM ruled WHERE is_project) AND p.deleted_at IS NULL
      FOR KEY SHARE
    ), wanted AS (
      SELECT g.id AS group_id, NULL::bigint AS project_id, max(r.role) AS role
      FROM ruled r JOIN locked_groups g ON g.path = lower(r.path) WHERE NOT r.is_project GROUP BY g.id
      UNION ALL
      SELECT NULL, p.id, max(r.role)
      FROM ruled r JOIN locked_projects p ON p.path = lower(r.path) WHERE r.is_project GROUP BY p.id
    ), own AS (
      SELECT id, group_id, project_id, role FROM memberships WHERE user_id = :user AND rule = :rule
    ), removed AS (
      DELETE FROM memberships m USING own o WHERE m.id = o.id AND NOT EXISTS (
        SELECT FROM wanted w WHERE w.group_id IS NOT DISTINCT FROM o.group_id
          AND w.project_id IS NOT DISTINCT FROM o.project_id)
      RETURNING 1
    ), changed AS (
      UPDATE memberships m SET role = w.role, expires_at = NULL FROM own o JOIN wanted w
        ON w.group_id IS NOT DISTINCT FROM o.group_id AND w.project_id IS NOT DISTINCT FROM o.project_id
      WHERE m.id = o.id AND m.role <> w.role
      RETURNING 1
    ), made AS (
      INSERT INTO memberships (user_id, group_id, project_id, role, rule)
      SELECT :user, w.group_id, w.project_id, w.role, :rule FROM wanted w WHERE NOT EXISTS (
        SELECT FROM own o WHERE w.group_id IS NOT DISTINCT FROM o.group_id
          AND w.project_id IS NOT DISTINCT FROM o.project_id)
      RETURNING 1
    )
    SELECT 'removed' AS what, NULL AS path FROM removed UNION ALL SELECT 'changed', NULL FROM changed
    UNION ALL SELECT 'made', NULL FROM made
    UNION ALL SELECT 'missing', path FROM ruled WHERE NOT is_project
      AND lower(path) NOT IN (SELECT path FROM locked_groups)
    UNION ALL SELECT 'missing', path FROM ruled WHERE is_project
      AND lower(path) NOT IN (SELECT path FROM locked_projects)
    """,
    row=_Change,
)

_FORGET = Statement(
    "access.forget_rule_memberships",
    "Remove all memberships that the rules of a provider made.",
    "DELETE FROM memberships WHERE rule = :rule",
)


async def synchronize(tx: Tx, provider: Provider, user_id: int, groups: Collection[str]) -> dict[str, int]:
    """Step: give and take the roles of a person who has just signed in; the caller holds the person's row.

    A rule whose group or project is gone gives nothing, and is logged. Answers how many memberships were made, changed
    and removed, those of which there were any.
    """
    rules = [rule for rule in provider.rules if normalized(rule.member_of) in groups]
    changes = await _SYNCHRONIZE.fetch(
        tx,
        user=user_id,
        rule=provider.name,
        paths=[_path(rule) for rule in rules],
        are_projects=[rule.project is not None for rule in rules],
        roles=[int(rule.role) for rule in rules],
    )
    for path in sorted({change.path for change in changes if change.path is not None}):
        log.warning("openid.rule_leads_nowhere", provider=provider.name, path=path)
    return dict(Counter(change.what for change in changes if change.what != "missing"))


async def take_away(tx: Tx, provider_name: str, user_id: int) -> None:
    """Step: end what the rules of a provider gave a person."""
    await _SYNCHRONIZE.fetch(tx, user=user_id, rule=provider_name, paths=[], are_projects=[], roles=[])


async def forget(db: Database, provider_name: str) -> int:
    """End all that the rules of a provider gave, for who sits at the machine; answers the number of memberships."""
    async with db.write() as tx:
        count = await _FORGET.execute(tx, rule=provider_name)
        await access_log.record(tx, Action.MEMBER_DELETE, provider=provider_name, memberships_removed=count)
    return count


def _path(rule: GroupRule) -> str:
    path = rule.group if rule.project is None else rule.project
    assert path is not None, "a rule has one of the two"
    return path
