"""What a promotion asks: is the step of a version as large as its differences from the release before it take?

Asked there and not when a version is made: only then have all files been looked into, whichever call brought them, and
a version that is refused can still be made anew under another text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.access import projects
from app.access.projects import BumpPolicy
from app.db.database import Snapshot
from app.lifecycle.diff import bump, versions
from app.lifecycle.diff.versions import Content
from app.lifecycle.gates.rules.rule import Outcome
from app.registry.references import semver
from app.registry.references.semver import SemVer
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.text import quoted

KIND = "version_bump"
TITLE = "The step from the release before it says as much as its differences take"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class BumpJudgement:
    """An outcome with the sentence that a user reads; ``is_required``: unless it passed, the promotion is refused.

    ``compared`` holds JSON values only.
    """

    outcome: Outcome
    message: str
    is_required: bool
    compared: Mapping[str, Any] = field(default_factory=dict)
    kind: str = KIND
    title: str = TITLE


async def judge(snap: Snapshot, version: ModelVersion) -> BumpJudgement | None:
    """Read step: what the project's policy says of a version; None: it only hints, or there is no release before it.

    At most four statements.
    """
    policy = await projects.bump_policy(snap, version.project_id)
    if policy is BumpPolicy.HINT:
        return None
    before = await lookup.predecessor(snap, version)
    if before is None:
        return None
    content = await versions.of_content(snap, before, version)
    outcome, message = _judged(semver.parse(before.version), semver.parse(version.version), content)
    is_required = policy is BumpPolicy.RULE
    if not is_required and outcome is not Outcome.PASSED:
        outcome = Outcome.WARNING
    return BumpJudgement(outcome, message, is_required, _compared(before, version, content))


def _judged(before: SemVer, after: SemVer, content: Content) -> tuple[Outcome, str]:
    needed, made = content.least, bump.between(before, after)
    said = f"the step from {before.text} to {after.text} is {made or 'none'}"
    if not bump.is_enough(before, after, needed):
        whys = "; ".join(reason.message for reason in content.reasons[:_SHOWN] if reason.increment is needed)
        return Outcome.FAILED, f"Its differences take {needed}, and {said}: {whys}."
    if content.totals.uninspected:
        return Outcome.PENDING, f"{content.totals.uninspected} files were not looked into yet; try again shortly."
    doubt = "" if content.is_certain else "; not all that its files say was kept"
    return Outcome.PASSED, f"Its differences take {needed or 'no step'}, and {said}{doubt}."


def _compared(before: ModelVersion, after: ModelVersion, content: Content) -> dict[str, Any]:
    made = bump.between(semver.parse(before.version), semver.parse(after.version))
    return {
        "base": before.version,
        "baseNumber": before.number,
        "version": after.version,
        "least": content.least,
        "made": made,
        "reasons": [
            {"increment": one.increment, "cause": one.cause, "message": quoted(one.message, 500)[1:-1]}
            for one in content.reasons[:20]
        ],
    }
