"""Runs of GitHub Actions (GitHub REST: GET /repos/:owner/:repo/actions/runs/:run_id)."""

from __future__ import annotations

import re

from app.ci.providers import json_values
from app.ci.providers.protocol import Api, JobReport
from app.errors import Invalid
from app.text import quoted

_REPOSITORY = re.compile(r"[A-Za-z0-9_-]{1,39}/[A-Za-z0-9_.-]{1,100}")
_API_VERSION = "2022-11-28"


class GitHub:
    """GitHub, or a GitHub Enterprise Server; the base URL is that of its API."""

    name = "github"
    title = "GitHub"
    default_url = "https://api.github.com"
    default_issuer: str | None = "https://token.actions.githubusercontent.com"
    job_claim = "run_id"
    number_claim, owner_claim = "repository_id", "repository_owner_id"
    number_variable, owner_variable = "GITHUB_REPOSITORY_ID", "GITHUB_REPOSITORY_OWNER_ID"
    guards = frozenset({"ref_protected", "environment"})

    def check_project(self, text: str) -> str:
        if not _REPOSITORY.fullmatch(text) or text.rpartition("/")[2] in {".", ".."}:
            raise Invalid(f"{quoted(text)} is not a repository of GitHub: `owner/name`.", field="ci_project")
        return text

    async def fetch_job(self, api: Api, ci_project: str, external_id: str, token: str | None) -> JobReport:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": _API_VERSION}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = await api.get(f"/repos/{ci_project}/actions/runs/{external_id}", headers)
        run, phase = json_values.described(answer, external_id, self.title)
        is_finished = phase == "completed"
        user = json_values.members(run.get("triggering_actor")) or json_values.members(run.get("actor"))
        web_url = json_values.link(run.get("html_url"))
        pulls = run.get("pull_requests")
        pull = json_values.members(pulls[0]) if isinstance(pulls, list) and pulls else {}
        number = json_values.whole(pull.get("number"))
        repository = json_values.link(json_values.members(run.get("repository")).get("html_url"))
        return JobReport(
            status=(json_values.text(run.get("conclusion")) or phase) if is_finished else phase,
            is_finished=is_finished,
            name=json_values.text(run.get("name")) or json_values.text(run.get("display_title")),
            ref=json_values.text(run.get("head_branch")),
            commit_sha=json_values.text(run.get("head_sha")),
            pipeline_id=external_id,
            pipeline_url=web_url,
            merge_request_iid=number,
            merge_request_url=f"{repository}/pull/{number}" if repository and number else None,
            user_name=json_values.text(user.get("login")),
            user_url=json_values.link(user.get("html_url")),
            log_url=json_values.link(run.get("logs_url")),
            web_url=web_url,
            started_at=json_values.moment(run.get("run_started_at")),
            finished_at=json_values.moment(run.get("updated_at")) if is_finished else None,
        )
