"""Every way in for a body, as the beginning of a request whose body is not complete yet."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from tests.conftest import TestProject

KINDS = [
    "graphql", "mlflow", "mlflow file", "mlflow small file", "mlflow page upload", "mlflow complete", "package",
    "package authorize", "small part", "part", "file by link", "ci token", "ci event", "no route",
]  # fmt: skip


@dataclass(frozen=True)
class UnfinishedRequest:
    """A request that announces ``size`` bytes and sends ``half`` of them."""

    method: str
    path: str
    token: str | None
    size: int = 1_000
    media_type: str = "application/json"

    def head(self, *, chunked: bool = False, more: str = "") -> bytes:
        token = f"Authorization: Bearer {self.token}\r\n" if self.token else ""
        size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {self.size}"
        return (
            f"{self.method} {self.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {self.media_type}\r\n"
            f"{token}{size}\r\n{more}\r\n"
        ).encode()

    @property
    def half(self) -> bytes:
        return b'{"a": "' + b"x" * (self.size // 2)


async def unfinished_request(http: httpx.AsyncClient, project: TestProject, kind: str) -> UnfinishedRequest:
    """The request of a kind, with a run, an upload and a link of the project where it needs one."""
    base = f"/api/v4/projects/{project.id}/ml/mlflow"
    token, bytes_ = project.token, "application/octet-stream"
    if kind in {"graphql", "mlflow", "ci token", "ci event", "no route"}:
        return {
            "graphql": UnfinishedRequest("POST", "/graphql", token),
            "mlflow": UnfinishedRequest("POST", f"{base}/api/2.0/mlflow/runs/create", token),
            "ci token": UnfinishedRequest("POST", "/ci/token", None),
            "ci event": UnfinishedRequest("POST", f"/ci/hooks/{project.id}/gitlab", None),
            "no route": UnfinishedRequest("POST", "/nothing", token),
        }[kind]
    created = await http.post(f"{base}/api/2.0/mlflow/runs/create", json={}, headers=project.headers)
    run = created.json()["run"]["info"]["run_id"]
    files = f"{base}/api/2.0/mlflow-artifacts"
    if kind in {"small part", "part"}:
        asking = {"path": "f", "num_parts": 2}
        made = await http.post(f"{files}/mpu/create/0/{run}/artifacts", json=asking, headers=project.headers)
        link = urlsplit(made.json()["credentials"][0]["url"])
        size = 1_000 if kind == "small part" else 5_000_000
        return UnfinishedRequest("PUT", f"{link.path}?{link.query}", None, size, bytes_)
    if kind == "file by link":
        asking = {"run_id": run, "path": "f"}
        call = f"{base}/api/2.0/mlflow/artifacts/presigned-upload-url"
        link = urlsplit((await http.post(call, json=asking, headers=project.headers)).json()["presigned_url"])
        return UnfinishedRequest("PUT", f"{link.path}?{link.query}", None, 5_000_000, bytes_)
    package = f"/api/v4/projects/{project.id}/packages/ml_models/candidate:{run}/files/f"
    return {
        "mlflow file": UnfinishedRequest("PUT", f"{files}/artifacts/0/{run}/artifacts/f", token, 5_000_000, bytes_),
        "mlflow small file": UnfinishedRequest("PUT", f"{files}/artifacts/0/{run}/artifacts/f", token, 1_000, bytes_),
        "mlflow page upload": UnfinishedRequest(
            "POST", f"{base}/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=f", token
        ),
        "mlflow complete": UnfinishedRequest("POST", f"{files}/mpu/complete/0/{run}/artifacts", token),
        "package": UnfinishedRequest("PUT", package, token, 5_000_000, bytes_),
        "package authorize": UnfinishedRequest("PUT", f"{package}/authorize", token, 5_000_000, bytes_),
    }[kind]
