"""The gate about people: approvals by others."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from app.lifecycle.gates.rules.rule import Judgement, Outcome, Rule, listed
from app.lifecycle.gates.rules.subject import Approval, Subject


class ApprovalsByOthers(Rule):
    """So many people approve who are neither author of the version nor its candidate, nor requested the promotion."""

    kind: ClassVar[str] = "approvals"
    count: Annotated[int, Field(ge=1, le=20)] = 1
    counts_bots: bool = False
    """Whether approvals by service accounts and tokens of projects count."""

    def title(self) -> str:
        """What it demands."""
        return f"{self.count} approval{'' if self.count == 1 else 's'} by others"

    def judge(self, subject: Subject) -> Judgement:
        """Count the approvals in force."""
        if subject.approvals is None:
            return Judgement(
                Outcome.PENDING,
                f"It needs {self.title()}: open a promotion request, and have it approved.",
                {"approvals": 0, "count": self.count},
            )
        authors = {subject.version.created_by, subject.version.candidate_created_by, subject.approvals.requested_by}
        of_others = {each.user_id: each for each in subject.approvals.given if each.user_id not in authors}
        counted = [each for each in of_others.values() if each.is_person or self.counts_bots]
        names = [each.username for each in counted]
        compared = {"approvals": len(counted), "count": self.count, "by": names}
        sources = [_told(each) for each in counted]
        if len(counted) >= self.count:
            return Judgement(Outcome.PASSED, f"Approved by {listed(names)}.", compared, sources)
        have = f"so far it has {len(counted)}" + (f", by {listed(names)}" if names else "")
        left_out = len(subject.approvals.given) - len(counted)
        more = f"; {left_out} by authors, who requested it, or bots count for nothing" if left_out else ""
        return Judgement(Outcome.PENDING, f"It needs {self.title()}; {have}{more}.", compared, sources)


def _told(approval: Approval) -> dict[str, str]:
    return {"type": "approval", "username": approval.username, "at": approval.at.isoformat()}
