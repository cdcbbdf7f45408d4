"""Runs of GitHub Actions (GitHub REST: GET /repos/:owner/:repo/actions/runs/:run_id)."""

from __future__ import annotations

import re

from app.ci import shapes
from app.ci.providers import Api, Report
from app.errors import Invalid
from app.quoting import quoted

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

    async def look(self, api: Api, ci_project: str, external_id: str, token: str | None) -> Report:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": _API_VERSION}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = await api.get(f"/repos/{ci_project}/actions/runs/{external_id}", headers)
        run, phase = shapes.described(answer, external_id, self.title)
        is_finished = phase == "completed"
        user = shapes.members(run.get("triggering_actor")) or shapes.members(run.get("actor"))
        web_url = shapes.link(run.get("html_url"))
        pulls = run.get("pull_requests")
        pull = shapes.members(pulls[0]) if isinstance(pulls, list) and pulls else {}
        number = shapes.whole(pull.get("number"))
        repository = shapes.link(shapes.members(run.get("repository")).get("html_url"))
        return Report(
            status=(shapes.text(run.get("conclusion")) or phase) if is_finished else phase,
            is_finished=is_finished,
            name=shapes.text(run.get("name")) or shapes.text(run.get("display_title")),
            ref=shapes.text(run.get("head_branch")),
            commit_sha=shapes.text(run.get("head_sha")),
            pipeline_id=external_id,
            pipeline_url=web_url,
            merge_request_iid=number,
            merge_request_url=f"{repository}/pull/{number}" if repository and number else None,
            user_name=shapes.text(user.get("login")),
            user_url=shapes.link(user.get("html_url")),
            log_url=shapes.link(run.get("logs_url")),
            web_url=web_url,
            started_at=shapes.moment(run.get("run_started_at")),
            finished_at=shapes.moment(run.get("updated_at")) if is_finished else None,
        )
