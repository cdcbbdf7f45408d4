"""Reading JSON that a CI system sent: what is not of the expected type is not there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from yarl import URL

from app.ci.providers.protocol import HOPEFUL, FetchFailed

MAX_TEXT = 1_000
MAX_LINK = 2_000


def members(value: Any) -> dict[str, Any]:
    """The members of an object; none of anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str | None:
    """A text, cut after 1,000 characters, without what cannot be stored."""
    if not isinstance(value, str) or not value:
        return None
    return value[:MAX_TEXT].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def whole(value: Any) -> int | None:
    """A positive number of 63 bits."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else None


def link(value: Any) -> str | None:
    """An address for people: http or https, so that following it cannot run anything."""
    address = text(value) if isinstance(value, str) and len(value) <= MAX_LINK else None
    if address is None or not address.isprintable():
        return None
    try:
        url = URL(value)
    except ValueError:
        return None
    return value if url.scheme in {"http", "https"} and url.raw_host and url.user is None else None


def moment(value: Any) -> datetime | None:
    """An ISO 8601 moment; one without a zone is UTC."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def described(answer: Any, external_id: str, title: str) -> tuple[dict[str, Any], str]:
    """The members of a job's description, and its status.

    Raises:
        FetchFailed: this is no description of that job.
    """
    job = members(answer)
    status = text(job.get("status"))
    if status is None or str(whole(job.get("id"))) != external_id:
        raise FetchFailed(f"What {title} answered is no description of the job {external_id}.", patience=HOPEFUL)
    return job, status
