"""What every CI system is to this service: an API that tells of one job, behind one protocol."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.errors import Invalid, ModelyardError
from app.text import quoted

PATIENT, HOPEFUL, HOPELESS = 12, 4, 1
"""How many failures in a row are retried: of a busy server; of an answer that may still become right; of a refusal."""
_EXTERNAL_ID = re.compile(r"[1-9][0-9]{0,18}")


class FetchFailed(ModelyardError):
    """The CI system did not tell of the job; the message says why, as maintainers may read it."""

    def __init__(
        self, message: str, *, patience: int, retry_after: float | None = None, awaits_settings: bool = False
    ) -> None:
        super().__init__(message)
        self.patience = patience
        self.retry_after = retry_after
        """Seconds to wait, from the CI system's `Retry-After`."""
        self.awaits_settings = awaits_settings
        """Whether a change of the CI settings is what would help."""


@dataclass(frozen=True, slots=True)
class JobReport:
    """What a CI system says of a job; ``status`` is in its own words."""

    status: str
    is_finished: bool
    name: str | None = None
    ref: str | None = None
    commit_sha: str | None = None
    pipeline_id: str | None = None
    pipeline_url: str | None = None
    merge_request_iid: int | None = None
    merge_request_url: str | None = None
    user_name: str | None = None
    user_url: str | None = None
    log_url: str | None = None
    web_url: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Api(Protocol):
    """The API of one CI system, signed in as the settings say."""

    async def get(self, path: str, headers: dict[str, str]) -> Any:
        """The JSON at a path below the base URL. The path is encoded already.

        Raises:
            FetchFailed: there was none.
        """


class Provider(Protocol):
    """A kind of CI system."""

    name: str
    title: str
    default_url: str
    default_issuer: str | None
    """Whose identity tokens its jobs carry; None: the base URL's own."""
    job_claim: str
    number_claim: str
    """The claim of an identity token that is the number of its CI project."""
    owner_claim: str
    """And of the group, user or organisation that has it."""
    number_variable: str
    owner_variable: str
    """Where a job finds these numbers in its environment."""
    guards: frozenset[str]
    """Claims that tell whether what the job runs on is protected."""

    def check_project(self, text: str) -> str:
        """The CI project's name, if it is one.

        Raises:
            Invalid: it is not.
        """

    async def fetch_job(self, api: Api, ci_project: str, external_id: str, token: str | None) -> JobReport:
        """Ask for one job.

        Raises:
            FetchFailed: the CI system did not tell.
        """


def is_external_id(text: str) -> bool:
    """Whether a CI system could have a job of that id: digits alone, so that it can lead nowhere else in a URL."""
    return _EXTERNAL_ID.fullmatch(text) is not None


def check_external_id(text: str) -> str:
    """The id.

    Raises:
        Invalid: it is none.
    """
    if not is_external_id(text):
        raise Invalid(not_an_id(text), field="external_id")
    return text


def not_an_id(text: str) -> str:
    """Why the text names no CI job."""
    return f"{quoted(text)} is not the id of a CI job: 1 to 19 digits, the first of them not 0."
