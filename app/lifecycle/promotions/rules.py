"""The rules that hold for every promotion, whatever gates a stage has. No bypass ends them, except for approvals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.artifacts.reads.folder_facts import FolderFacts
from app.lifecycle.diff.bump_rule import BumpJudgement
from app.lifecycle.promotions.verdicts import Outcome, RuleVerdict
from app.registry.stages.definitions import Stage
from app.registry.versions import states
from app.registry.versions.lookup import ModelVersion
from app.registry.versions.states import State
from app.text import quoted

STATE, FILES, WITHDRAWAL, HOLDER, APPROVALS = "version_state", "version_files", "withdrawal", "holder", "two_people"


@dataclass(frozen=True, slots=True)
class Holder:
    """The version that a stage stands for, and by whose promotion; ``number`` 0: for none."""

    number: int = 0
    version: str = ""
    promoted_by: str = ""
    promoted_at: str = ""


def state(version: ModelVersion) -> RuleVerdict:
    """Whether the version is READY: complete, and no file of it failed or in quarantine."""
    compared = {"state": version.state.upper()}
    if version.state == State.READY:
        return _verdict(STATE, "The version must be READY", Outcome.PASSED, "It is.", compared)
    why = states.reason(version.state, version.state_reason)
    return _verdict(
        STATE,
        "The version must be READY",
        Outcome.FAILED,
        f"The version {quoted(version.version)} is {version.state.upper()}. {why}",
        compared | {"reason": why},
    )


def files(version: ModelVersion, facts: FolderFacts, *, is_strict: bool) -> RuleVerdict:
    """Whether it has files, and none that is damaged. ``is_strict``: an empty version is refused, else warned of."""
    title = "The version must have files, all of them sound"
    compared = {"files": facts.files, "damaged": facts.damaged}
    if facts.damaged:
        message = (
            f"{facts.damaged} of {facts.files} files are damaged: the store does not have the bytes that were sent."
        )
        return _verdict(FILES, title, Outcome.FAILED, f"{message} Send them again.", compared)
    if facts.files:
        return _verdict(FILES, title, Outcome.PASSED, f"{facts.files} files, none of them damaged.", compared)
    if version.location:
        kept = f"Its files are kept elsewhere, at {quoted(version.location)}; whether they are sound is unknown."
        return _verdict(FILES, title, Outcome.WARNING, kept, compared | {"location": version.location})
    outcome = Outcome.FAILED if is_strict else Outcome.WARNING
    return _verdict(
        FILES, title, outcome, f"The version {quoted(version.version)} is empty: it has no files.", compared
    )


def withdrawal(version: ModelVersion) -> RuleVerdict:
    """Whether the version was yanked (refused) or deprecated (warned of)."""
    title = "The version must not be yanked"
    for at, word, outcome in (
        (version.yanked_at, "yanked", Outcome.FAILED),
        (version.deprecated_at, "deprecated", Outcome.WARNING),
    ):
        if at is not None:
            message = f"The version {quoted(version.version)} was {word} on {at.isoformat(timespec='seconds')}."
            return _verdict(WITHDRAWAL, title, outcome, message, {word: at.isoformat()})
    return _verdict(WITHDRAWAL, title, Outcome.PASSED, "It is neither yanked nor deprecated.", {})


def holder(stage: Stage, current: Holder, expected: int | None) -> RuleVerdict:
    """Whether the stage still stands for the version that was expected; None: for any."""
    title = f"The stage {quoted(stage.name)} must stand for the version that was expected"
    compared = {"holder": current.number, "expected": expected}
    if expected is None or expected == current.number:
        stands = f"number {current.number} ({current.version})" if current.number else "no version"
        return _verdict(HOLDER, title, Outcome.PASSED, f"It stands for {stands}.", compared)
    wanted = f"number {expected}" if expected else "no version"
    if not current.number:
        return _verdict(HOLDER, title, Outcome.FAILED, f"It stands for no version; {wanted} was expected.", compared)
    by = f", promoted by {current.promoted_by} on {current.promoted_at}" if current.promoted_by else ""
    message = f"It stands for number {current.number} ({current.version}){by}; {wanted} was expected."
    more: dict[str, Any] = {"version": current.version, "promotedBy": current.promoted_by}
    return _verdict(HOLDER, title, Outcome.FAILED, message, compared | more)


def approvals(stage: Stage, needed: int, given: int, *, has_request: bool) -> RuleVerdict | None:
    """Whether as many others have approved as the protection of the stage's name wants; None where it wants none."""
    if not needed:
        return None
    title = (
        f"The protection of {quoted(stage.name)}: {needed} other {'person' if needed == 1 else 'people'} must approve"
    )
    compared = {"approvals": given, "needed": needed}
    if given >= needed:
        return RuleVerdict(APPROVALS, APPROVALS, title, Outcome.PASSED, f"{given} of {needed} approved.", compared)
    how = "" if has_request else " Open a promotion request, and have it approved."
    message = f"{given} of {needed} approved.{how}"
    return RuleVerdict(APPROVALS, APPROVALS, title, Outcome.PENDING, message, compared)


def step(judged: BumpJudgement) -> RuleVerdict:
    """Whether the step in SemVer is as large as the differences take, by the policy of the project."""
    return RuleVerdict(
        judged.kind,
        judged.kind,
        judged.title,
        judged.outcome,
        judged.message,
        judged.compared,
        is_required=judged.is_required,
    )


def _verdict(kind: str, title: str, outcome: Outcome, message: str, compared: dict[str, Any]) -> RuleVerdict:
    return RuleVerdict(kind, kind, title, outcome, message, compared, is_fixed=True)
