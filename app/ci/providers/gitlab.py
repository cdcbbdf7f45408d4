"""Jobs of GitLab CI (GitLab REST: GET /projects/:id/jobs/:job_id)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from app.ci.providers import json_values
from app.ci.providers.protocol import Api, FetchFailed, JobReport
from app.errors import Invalid
from app.text import quoted

_PATH = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+")
_MERGE_REF = re.compile(r"refs/merge-requests/([1-9][0-9]{0,17})/(?:head|merge|train)")
_SHA = re.compile(r"[0-9a-f]{40,64}")
_FINISHED = {"success", "failed", "canceled", "skipped"}
MAX_PROJECT = 500


class GitLab:
    """GitLab, at gitlab.com or anywhere else; the base URL is that of its web pages."""

    name = "gitlab"
    title = "GitLab"
    default_url = "https://gitlab.com"
    default_issuer: str | None = None
    job_claim = "job_id"
    number_claim, owner_claim = "project_id", "namespace_id"
    number_variable, owner_variable = "CI_PROJECT_ID", "CI_PROJECT_NAMESPACE_ID"
    guards = frozenset({"ref_protected", "environment_protected"})

    def check_project(self, text: str) -> str:
        number = text.isascii() and text.isdecimal() and len(text) < 19
        path = _PATH.fullmatch(text) and len(text) <= MAX_PROJECT and not {".", ".."} & set(text.split("/"))
        if not (number or path):
            raise Invalid(
                f"{quoted(text)} is not a project of GitLab: its number, or its full path such as `group/project`.",
                field="ci_project",
            )
        return text

    async def fetch_job(self, api: Api, ci_project: str, external_id: str, token: str | None) -> JobReport:
        headers = {"PRIVATE-TOKEN": token} if token else {}
        project = f"/api/v4/projects/{quote(ci_project, safe='')}"
        answer = await api.get(f"{project}/jobs/{external_id}", headers)
        job, status = json_values.described(answer, external_id, self.title)
        pipeline, user = json_values.members(job.get("pipeline")), json_values.members(job.get("user"))
        web_url = json_values.link(job.get("web_url"))
        sha = json_values.text(json_values.members(job.get("commit")).get("id")) or json_values.text(
            pipeline.get("sha")
        )
        number, url = _of_ref(job, pipeline, web_url)
        if number is None and sha and not job.get("tag"):
            number, url = await self._of_commit(api, project, sha, json_values.text(job.get("ref")), headers)
        pipeline_id = json_values.whole(pipeline.get("id"))
        return JobReport(
            status=status,
            is_finished=status in _FINISHED,
            name=json_values.text(job.get("name")),
            ref=json_values.text(job.get("ref")),
            commit_sha=sha,
            pipeline_id=str(pipeline_id) if pipeline_id else None,
            pipeline_url=json_values.link(pipeline.get("web_url")),
            merge_request_iid=number,
            merge_request_url=url,
            user_name=json_values.text(user.get("username")) or json_values.text(user.get("name")),
            user_url=json_values.link(user.get("web_url")),
            log_url=f"{web_url}/raw" if web_url else None,
            web_url=web_url,
            started_at=json_values.moment(job.get("started_at")),
            finished_at=json_values.moment(job.get("finished_at")),
        )

    async def _of_commit(
        self, api: Api, project: str, sha: str, ref: str | None, headers: dict[str, str]
    ) -> tuple[int | None, str | None]:
        """The merge request that the commit came by; that nothing is known of one is no failure."""
        if not _SHA.fullmatch(sha):
            return None, None
        try:
            answer = await api.get(f"{project}/repository/commits/{sha}/merge_requests", headers)
        except FetchFailed:
            return None, None
        numbers = [json_values.members(one) for one in answer] if isinstance(answer, list) else []
        best = next((one for one in numbers if one.get("source_branch") == ref), numbers[0] if numbers else {})
        return json_values.whole(best.get("iid")), json_values.link(best.get("web_url"))


def _of_ref(job: dict[str, Any], pipeline: dict[str, Any], web_url: str | None) -> tuple[int | None, str | None]:
    """The merge request of a merge request pipeline, from its ref."""
    refs = (json_values.text(pipeline.get("ref")), json_values.text(job.get("ref")))
    match = next((numbers for ref in refs if ref and (numbers := _MERGE_REF.fullmatch(ref))), None)
    if match is None:
        return None, None
    project_url, marker, _ = (web_url or "").partition("/-/jobs/")
    return int(match[1]), f"{project_url}/-/merge_requests/{match[1]}" if marker else None
