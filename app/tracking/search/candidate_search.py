"""Searches for candidates: MLflow's grammar (and the wider one) as SQL, in keyset pages.

Whatever the filter, the order and the size of the page: a few statements find the candidates, one fetches their
details.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database, Snapshot
from app.errors import Invalid
from app.search import keyset
from app.search.keyset import PageRequest
from app.tracking.reads import details
from app.tracking.reads.details import CandidateDetails, CandidateRow
from app.tracking.search import planner
from app.tracking.search.index_scan import ScanRequest
from app.tracking.search.planner import SearchPlan, View
from app.tracking.tables import Candidate

__all__ = ["View"]

MAX_PAGE = 50_000
_LISTS = GuardedReads(Permission.CANDIDATE_READ)


@dataclass(frozen=True, slots=True)
class SearchCandidates:
    """What to look for. ``extended`` allows OR, NOT and parentheses in the filter."""

    experiment_numbers: Sequence[int]
    filter: str = ""
    order_by: Sequence[str] = ()
    view: View = View.ACTIVE
    limit: int = 1_000
    page_token: str | None = None
    extended: bool = False


async def search(
    db: Database, actor: Actor, project: int | str, command: SearchCandidates
) -> tuple[list[CandidateDetails[CandidateRow]], str | None]:
    """Candidates that match, and the token of the next page (None: this was the last).

    Raises:
        InvalidFilter, InvalidOrder: with the position in the text.
        Invalid: a page size or token that is not acceptable.
    """
    plan, page = _planned(command)
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_READ)
    async with db.direct() as connection:
        rows = await plan.rows(ScanRequest(connection, access.id, _numbers(command), page.limit + 1), page)
        candidates = await details.read(connection, access.id, [row[0] for row in rows[: command.limit]])
    return candidates, keyset.next_token(rows, page)


async def in_projects(
    db: Database, actor: Actor, keys: Sequence[tuple[int]], command: SearchCandidates
) -> Results[tuple[list[Candidate], str | None]]:
    """The same search in several projects, without what was logged to the candidates.

    Raises:
        InvalidFilter, InvalidOrder, Invalid: as for :func:`search`.
    """
    plan, page = _planned(command)
    if len(keys) > 1:
        statement, parent = plan.sorted_candidates(_numbers(command)), (Candidate.project_id,)
        return await _LISTS.searches(db, actor, keys, statement=statement, page=page, parent=parent, row=Candidate)

    async def fetch(snap: Snapshot, allowed: list[tuple[int]]) -> list[tuple[list[Candidate], str | None]]:
        return [await _page(db, snap, project_id, plan, page, _numbers(command)) for (project_id,) in allowed]

    return await _LISTS.read(db, actor, keys, fetch)


async def _page(
    db: Database, snap: Snapshot, project_id: int, plan: SearchPlan, page: PageRequest, numbers: list[int]
) -> tuple[list[Candidate], str | None]:
    async with db.direct() as connection:
        rows = await plan.rows(ScanRequest(connection, project_id, numbers, page.limit + 1), page)
    ids = [row[0] for row in rows[: page.limit]]
    statement = select(Candidate).where(Candidate.project_id == project_id, Candidate.id == func.any(ids))
    candidates = {row.id: row for row in await snap.scalars(statement)} if ids else {}
    return [candidates[id] for id in ids if id in candidates], keyset.next_token(rows, page)


def _planned(command: SearchCandidates) -> tuple[SearchPlan, PageRequest]:
    check_limit(command.limit, MAX_PAGE)
    plan = planner.plan_for(command.filter, tuple(command.order_by), command.view, command.extended)
    fingerprint = keyset.fingerprint(sorted(command.experiment_numbers), command.filter, command.order_by, command.view)
    return plan, PageRequest(plan.sort_keys, fingerprint, command.page_token, command.limit)


def _numbers(command: SearchCandidates) -> list[int]:
    """Each experiment once: one named twice would be scanned twice."""
    return [number for number in dict.fromkeys(command.experiment_numbers) if 0 <= number < 2**63]


def check_limit(limit: int, largest: int) -> None:
    """Refuse pages that make no sense.

    Raises:
        Invalid: not between 1 and ``largest``.
    """
    if not 1 <= limit <= largest:
        raise Invalid(
            f"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer, "
            f"at most {largest}.",
            field="max_results",
        )
