"""Every way by which a client changes a version or its files, over HTTP: each answers why it was refused, or None."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from app.ids import GlobalId
from app.registry.versions.lookup import ModelVersion
from tests.conftest import Person, TestProject

Door = Callable[["Doors", Person, str], Awaitable[str | None]]
FILE_DOORS: dict[str, Door] = {}
"""Doors that change the file at a path, or add it."""
VERSION_DOORS: dict[str, Door] = {}
"""Doors that change or remove the version itself, or what it is found by."""
NEW = b"other bytes"


def _door(doors: dict[str, Door], name: str) -> Callable[[Door], Door]:
    def register(door: Door) -> Door:
        doors[name] = door
        return door

    return register


@dataclass(frozen=True)
class Doors:
    """A version and a client."""

    http: httpx.AsyncClient
    project: TestProject
    version: ModelVersion
    model: str = "m"

    @property
    def mlflow(self) -> str:
        return f"/api/v4/projects/{self.project.id}/ml/mlflow"

    @property
    def files(self) -> str:
        return f"1/{self.version.candidate_id.hex}/artifacts"

    async def rest(self, person: Person, method: str, path: str, **options: Any) -> str | None:
        answer = await self.http.request(method, path, headers=person.headers, **options)
        if answer.is_success:
            return None
        body = answer.json()
        return f"{answer.status_code} {body.get('error_code', '')} {body.get('message', '')}"

    async def graphql(self, person: Person, field: str, /, **input: Any) -> str | None:
        kind = f"{field[0].upper()}{field[1:]}Input"
        document = f"mutation m($input: {kind}!) {{ {field}(input: $input) {{ userErrors {{ code message }} }} }}"
        body = {"query": document, "variables": {"input": input}}
        got = (await self.http.post("/graphql", json=body, headers=person.headers)).json()
        assert "errors" not in got, got
        errors = got["data"][field]["userErrors"]
        return f"{errors[0]['code']} {errors[0]['message']}" if errors else None

    @property
    def named(self) -> dict[str, str]:
        return {"id": str(GlobalId.of("ModelVersion", self.project.id, self.version.id))}

    @property
    def model_id(self) -> dict[str, str]:
        return {"id": str(GlobalId.of("Model", self.project.id, self.version.model_id))}


@_door(FILE_DOORS, "MLflow: PUT of a file")
async def _put(doors: Doors, person: Person, path: str) -> str | None:
    return await doors.rest(
        person, "PUT", f"{doors.mlflow}/api/2.0/mlflow-artifacts/artifacts/{doors.files}/{path}", content=NEW
    )


@_door(FILE_DOORS, "MLflow: PUT of a large file")
async def _put_large(doors: Doors, person: Person, path: str) -> str | None:
    address = f"{doors.mlflow}/api/2.0/mlflow-artifacts/artifacts/{doors.files}/{path}"
    return await doors.rest(person, "PUT", address, content=bytes(300_000))


@_door(FILE_DOORS, "MLflow: DELETE of a file")
async def _delete(doors: Doors, person: Person, path: str) -> str | None:
    return await doors.rest(person, "DELETE", f"{doors.mlflow}/api/2.0/mlflow-artifacts/artifacts/{doors.files}/{path}")


@_door(FILE_DOORS, "MLflow: DELETE of all files")
async def _delete_all(doors: Doors, person: Person, _path: str) -> str | None:
    return await doors.rest(person, "DELETE", f"{doors.mlflow}/api/2.0/mlflow-artifacts/artifacts/{doors.files}")


@_door(FILE_DOORS, "MLflow: file in parts")
async def _mpu(doors: Doors, person: Person, path: str) -> str | None:
    folder, _, name = path.rpartition("/")
    address = f"{doors.mlflow}/api/2.0/mlflow-artifacts/mpu/create/{doors.files}/{folder}".rstrip("/")
    return await doors.rest(person, "POST", address, json={"path": name, "num_parts": 1})


@_door(FILE_DOORS, "MLflow: upload of its pages")
async def _page_upload(doors: Doors, person: Person, path: str) -> str | None:
    query = {"run_uuid": doors.version.candidate_id.hex, "path": path}
    return await doors.rest(
        person, "POST", f"{doors.mlflow}/ajax-api/2.0/mlflow/upload-artifact", params=query, content=NEW
    )


@_door(FILE_DOORS, "MLflow: presigned upload")
async def _presigned(doors: Doors, person: Person, path: str) -> str | None:
    body = {"run_id": doors.version.candidate_id.hex, "path": path}
    return await doors.rest(person, "POST", f"{doors.mlflow}/api/2.0/mlflow/artifacts/presigned-upload-url", json=body)


@_door(FILE_DOORS, "GitLab: package of the version")
async def _package(doors: Doors, person: Person, path: str) -> str | None:
    address = f"/api/v4/projects/{doors.project.id}/packages/ml_models/{doors.version.id}/files/{path}"
    return await doors.rest(person, "PUT", address, content=NEW)


@_door(FILE_DOORS, "GitLab: package of the candidate")
async def _candidate_package(doors: Doors, person: Person, path: str) -> str | None:
    owner = f"candidate:{doors.version.candidate_id.hex}"
    address = f"/api/v4/projects/{doors.project.id}/packages/ml_models/{owner}/files/{path}"
    return await doors.rest(person, "PUT", address, content=NEW)


@_door(FILE_DOORS, "GraphQL: announced upload")
async def _announce(doors: Doors, person: Person, path: str) -> str | None:
    file = {"path": path, "size": len(NEW), "sha256": hashlib.sha256(NEW).hexdigest()}
    return await doors.graphql(person, "artifactUploadCreate", owner={"modelVersion": doors.named}, files=[file])


@_door(FILE_DOORS, "GraphQL: deletion of files")
async def _remove(doors: Doors, person: Person, path: str) -> str | None:
    return await doors.graphql(person, "artifactsDelete", owner={"modelVersion": doors.named}, path=path)


@_door(VERSION_DOORS, "GraphQL: description")
async def _describe(doors: Doors, person: Person, text: str) -> str | None:
    return await doors.graphql(person, "modelVersionUpdate", modelVersion=doors.named, description=text)


@_door(VERSION_DOORS, "MLflow: description")
async def _describe_mlflow(doors: Doors, person: Person, text: str) -> str | None:
    body = {"name": doors.model, "version": str(doors.version.number), "description": text}
    return await doors.rest(person, "PATCH", f"{doors.mlflow}/api/2.0/mlflow/model-versions/update", json=body)


@_door(VERSION_DOORS, "GraphQL: deletion of the version")
async def _delete_version(doors: Doors, person: Person, _text: str) -> str | None:
    return await doors.graphql(person, "modelVersionDelete", modelVersion=doors.named)


@_door(VERSION_DOORS, "MLflow: deletion of the version")
async def _delete_version_mlflow(doors: Doors, person: Person, _text: str) -> str | None:
    body = {"name": doors.model, "version": str(doors.version.number)}
    return await doors.rest(person, "DELETE", f"{doors.mlflow}/api/2.0/mlflow/model-versions/delete", json=body)


@_door(VERSION_DOORS, "GraphQL: deletion of the model")
async def _delete_model(doors: Doors, person: Person, _text: str) -> str | None:
    return await doors.graphql(person, "modelDelete", model=doors.model_id)


@_door(VERSION_DOORS, "MLflow: deletion of the model")
async def _delete_model_mlflow(doors: Doors, person: Person, _text: str) -> str | None:
    body = {"name": doors.model}
    return await doors.rest(person, "DELETE", f"{doors.mlflow}/api/2.0/mlflow/registered-models/delete", json=body)


@_door(VERSION_DOORS, "GraphQL: another name of the model")
async def _rename(doors: Doors, person: Person, text: str) -> str | None:
    return await doors.graphql(person, "modelUpdate", model=doors.model_id, name=text)


@_door(VERSION_DOORS, "MLflow: another name of the model")
async def _rename_mlflow(doors: Doors, person: Person, text: str) -> str | None:
    body = {"name": doors.model, "new_name": text}
    return await doors.rest(person, "POST", f"{doors.mlflow}/api/2.0/mlflow/registered-models/rename", json=body)
