"""The fields of the form by which a personal token is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.access.policy import Scope
from app.access.tokens import IssueToken
from app.errors import Invalid

SCOPES = {
    Scope.API: "Everything that you may do",
    Scope.READ_API: "Reading everything that you may see",
    Scope.READ_REGISTRY: "Reading models, versions and aliases, and the names of their files",
    Scope.WRITE_REGISTRY: "Writing these, and files of versions",
    Scope.WRITE_CANDIDATES: "Writing experiments, candidates and logged models, as MLflow clients do",
    Scope.READ_ARTIFACTS: "Besides one of the last three: downloading files",
}
"""What a personal token may be made for, in the words of the page."""


def read(fields: dict[str, str]) -> IssueToken:
    """The token that the fields describe; what is wrong with its name or its end the use case says.

    Raises:
        Invalid: no scope is chosen, or the last day is no date.
    """
    scopes = [scope for scope in SCOPES if fields.get(f"scope_{scope}")]
    if not scopes:
        raise Invalid("Choose what the token is for.", field="scopes")
    return IssueToken(
        fields.get("token_name", ""),
        scopes,
        expires_at=_end_of(fields.get("token_last_day", "").strip()),
        model_patterns=[one.strip() for one in fields.get("token_models", "").split(",") if one.strip()] or None,
    )


def _end_of(day: str) -> datetime | None:
    """The end of a day in UTC; None where none is given."""
    if not day:
        return None
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise Invalid(f"`{day[:40]}` is no date; write it as 2027-12-31.", field="expiresAt") from None
