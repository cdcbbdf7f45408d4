"""Jobs of GitLab CI (GitLab REST: GET /projects/:id/jobs/:job_id)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from app.ci import shapes
from app.ci.providers import Api, LookFailed, Report
from app.errors import Invalid
from app.quoting import quoted

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

    async def look(self, api: Api, ci_project: str, external_id: str, token: str | None) -> Report:
        headers = {"PRIVATE-TOKEN": token} if token else {}
        project = f"/api/v4/projects/{quote(ci_project, safe='')}"
        answer = await api.get(f"{project}/jobs/{external_id}", headers)
        job, status = shapes.described(answer, external_id, self.title)
        pipeline, user = shapes.members(job.get("pipeline")), shapes.members(job.get("user"))
        web_url = shapes.link(job.get("web_url"))
        sha = shapes.text(shapes.members(job.get("commit")).get("id")) or shapes.text(pipeline.get("sha"))
        number, url = _of_ref(job, pipeline, web_url)
        if number is None and sha and not job.get("tag"):
            number, url = await self._of_commit(api, project, sha, shapes.text(job.get("ref")), headers)
        pipeline_id = shapes.whole(pipeline.get("id"))
        return Report(
            status=status,
            is_finished=status in _FINISHED,
            name=shapes.text(job.get("name")),
            ref=shapes.text(job.get("ref")),
            commit_sha=sha,
            pipeline_id=str(pipeline_id) if pipeline_id else None,
            pipeline_url=shapes.link(pipeline.get("web_url")),
            merge_request_iid=number,
            merge_request_url=url,
            user_name=shapes.text(user.get("username")) or shapes.text(user.get("name")),
            user_url=shapes.link(user.get("web_url")),
            log_url=f"{web_url}/raw" if web_url else None,
            web_url=web_url,
            started_at=shapes.moment(job.get("started_at")),
            finished_at=shapes.moment(job.get("finished_at")),
        )

    async def _of_commit(
        self, api: Api, project: str, sha: str, ref: str | None, headers: dict[str, str]
    ) -> tuple[int | None, str | None]:
        """The merge request that the commit came by; that nothing is known of one is no failure."""
        if not _SHA.fullmatch(sha):
            return None, None
        try:
            answer = await api.get(f"{project}/repository/commits/{sha}/merge_requests", headers)
        except LookFailed:
            return None, None
        found = [shapes.members(one) for one in answer] if isinstance(answer, list) else []
        best = next((one for one in found if one.get("source_branch") == ref), found[0] if found else {})
        return shapes.whole(best.get("iid")), shapes.link(best.get("web_url"))


def _of_ref(job: dict[str, Any], pipeline: dict[str, Any], web_url: str | None) -> tuple[int | None, str | None]:
    """The merge request of a merge request pipeline, from its ref."""
    refs = (shapes.text(pipeline.get("ref")), shapes.text(job.get("ref")))
    match = next((found for ref in refs if ref and (found := _MERGE_REF.fullmatch(ref))), None)
    if match is None:
        return None, None
    place, marker, _ = (web_url or "").partition("/-/jobs/")
    return int(match[1]), f"{place}/-/merge_requests/{match[1]}" if marker else None
