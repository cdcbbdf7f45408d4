"""GitLab and GitHub Actions as small HTTP servers on loopback that answer in the shapes of the real ones.

Only what this service asks for is there. Switches make a server busy, slow, broken or hostile, once or for good.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

SHA = "5f9c1c1f0c3b7d4e8a2b6d9e0f1a2b3c4d5e6f70"


@dataclass(frozen=True)
class Trouble:
    """How an answer goes wrong."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"message": "trouble"}'
    hangs: bool = False
    """Whether no answer comes within any patience."""


TIMEOUT = Trouble(hangs=True)
GARBAGE = Trouble(body="<html>Please sign in</html>")
OTHER_JSON = Trouble(body='["not", {"a": "job"}]')
ENDLESS = Trouble(body='"' + "x" * (2 * 1024 * 1024) + '"')
UNAUTHORIZED = Trouble(401, body='{"message": "401 Unauthorized"}')
MISSING = Trouble(404, body='{"message": "404 Not found"}')
BROKEN = Trouble(500, body="boom")


def busy(seconds: int) -> Trouble:
    return Trouble(429, {"Retry-After": str(seconds)}, "Retry later\n")


def redirect(url: str) -> Trouble:
    return Trouble(302, {"Location": url}, "")


@dataclass
class Server:
    """A running fake: what it was asked, and what it shall do wrong."""

    url: str = ""
    token: str = "ci-api-token"
    requested_paths: list[str] = field(default_factory=list)
    """Encoded paths, as they came over the wire."""
    headers: list[dict[str, str]] = field(default_factory=list)
    troubles: list[Trouble | None] = field(default_factory=list)
    """For the next requests, one each; None: all is well."""
    always: Trouble | None = None
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def authority(self) -> str:
        return self.url.removeprefix("http://")

    async def troubled(self, request: web.Request) -> web.Response | None:
        self.requested_paths.append(request.raw_path)
        self.headers.append(dict(request.headers))
        trouble = self.always or (self.troubles.pop(0) if self.troubles else None)
        if trouble is None:
            return None
        if trouble.hangs:
            await self.released.wait()
        return web.Response(status=trouble.status, headers=trouble.headers, text=trouble.body)


@dataclass
class GitLab(Server):
    """``statuses`` of a job are gone through one by one; the last one stays."""

    project: str = "team/vision"
    statuses: dict[int, list[str]] = field(default_factory=dict)
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    merge_requests: list[dict[str, Any]] = field(default_factory=list)

    def routes(self) -> list[web.RouteDef]:
        project = "/api/v4/projects/{project}"
        return [
            web.get(project + "/jobs/{job}", self.job),
            web.get(project + "/repository/commits/{sha}/merge_requests", self.commit),
        ]

    async def job(self, request: web.Request) -> web.Response:
        trouble = await self.troubled(request)
        if trouble is not None:
            return trouble
        number = int(request.match_info["job"])
        if request.headers.get("PRIVATE-TOKEN") != self.token:
            return web.json_response({"message": "401 Unauthorized"}, status=401)
        if unquote(request.match_info["project"]) not in {self.project, "4711"} or number not in self.statuses:
            return web.json_response({"message": "404 Not found"}, status=404)
        statuses = self.statuses[number]
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        return web.json_response(self.description(number, status) | self.changes.get(number, {}))

    async def commit(self, request: web.Request) -> web.Response:
        return await self.troubled(request) or web.json_response(self.merge_requests)

    def description(self, number: int, status: str) -> dict[str, Any]:
        page = f"{self.url}/{self.project}"
        ended = status in {"success", "failed", "canceled"}
        return {
            "id": number, "status": status, "stage": "train", "name": "train-model", "ref": "main", "tag": False,
            "coverage": None, "allow_failure": False, "created_at": "2026-11-01T10:00:00.000Z",
            "started_at": "2026-11-01T10:00:05.250Z", "finished_at": "2026-11-01T10:20:05.750Z" if ended else None,
            "duration": 1200.5, "queued_duration": 5.25,
            "user": {
                "id": 7, "username": "ada", "public_email": None, "name": "Ada L.", "state": "active",
                "web_url": f"{self.url}/ada",
            },
            "commit": {"id": SHA, "short_id": SHA[:8], "title": "Train longer", "web_url": f"{page}/-/commit/{SHA}"},
            "pipeline": {
                "id": 900, "iid": 12, "project_id": 4711, "sha": SHA, "ref": "main", "status": status,
                "source": "push", "web_url": f"{page}/-/pipelines/900",
            },
            "web_url": f"{page}/-/jobs/{number}", "project": {"ci_job_token_scope_enabled": False}, "artifacts": [],
            "runner": None, "tag_list": [],
        }  # fmt: skip


@dataclass
class GitHub(Server):
    """``statuses`` of a run: those that are not phases of GitHub are conclusions of a completed one."""

    repository: str = "octo/vision"
    statuses: dict[int, list[str]] = field(default_factory=dict)
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/repos/{owner}/{name}/actions/runs/{run}", self.run)]

    async def run(self, request: web.Request) -> web.Response:
        trouble = await self.troubled(request)
        if trouble is not None:
            return trouble
        number = int(request.match_info["run"])
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"message": "Bad credentials", "status": "401"}, status=401)
        named = f"{request.match_info['owner']}/{request.match_info['name']}"
        if named != self.repository or number not in self.statuses:
            return web.json_response({"message": "Not Found", "status": "404"}, status=404)
        statuses = self.statuses[number]
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        return web.json_response(self.description(number, status) | self.changes.get(number, {}))

    def description(self, number: int, status: str) -> dict[str, Any]:
        running = status in {"queued", "in_progress", "waiting", "requested", "pending"}
        page = f"https://github.com/{self.repository}"
        return {
            "id": number, "name": "Train", "node_id": "WFR_x", "head_branch": "main", "head_sha": SHA,
            "path": ".github/workflows/train.yml", "display_title": "Train longer", "run_number": 42, "event": "push",
            "status": status if running else "completed", "conclusion": None if running else status,
            "workflow_id": 5, "url": f"{self.url}/repos/{self.repository}/actions/runs/{number}",
            "html_url": f"{page}/actions/runs/{number}",
            "pull_requests": [
                {"url": f"{self.url}/repos/{self.repository}/pulls/3", "id": 99, "number": 3,
                 "head": {"ref": "main", "sha": SHA}, "base": {"ref": "main", "sha": SHA}},
            ],
            "created_at": "2026-11-01T10:00:00Z", "updated_at": "2026-11-01T10:20:05Z",
            "run_started_at": "2026-11-01T10:00:05Z", "run_attempt": 1,
            "actor": {"login": "octocat", "id": 1, "html_url": "https://github.com/octocat"},
            "triggering_actor": {"login": "ada", "id": 2, "html_url": "https://github.com/ada"},
            "logs_url": f"{self.url}/repos/{self.repository}/actions/runs/{number}/logs",
            "repository": {"id": 8, "full_name": self.repository, "html_url": page},
        }  # fmt: skip


@asynccontextmanager
async def running(server: Any) -> AsyncIterator[Any]:
    """The fake on a free port of loopback; knows its address as ``url``."""
    application = web.Application()
    application.router.add_routes(server.routes())
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        if isinstance(server, Server):
            server.released.set()
        await runner.cleanup()
