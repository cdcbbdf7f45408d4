"""What the clients of a storm do beside files, numbers and metrics: pushes, trash, quarantine, stages, whole projects.

Each deed is asked for once, a push until it is certain; what is acknowledged is written down, and checked at the end.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app.registry.versions import wait_for_files
from tests.faults import histories
from tests.faults.client import Outcome, folder_of, sha256
from tests.faults.histories import Op
from tests.faults.world import World

PUSHED = "storm-pushed"
STAGED = "storm-staged"
DOOMED = "storm-doomed"
PATIENCE = 90.0
TWINS = 3
"""Contents that many files share, so that blobs are shared and let go at every moment."""

_VERSION = """mutation v($input: ModelVersionCreateInput!) { modelVersionCreate(input: $input) {
  modelVersion { id } userErrors { code message } } }"""
_ANNOUNCE = """mutation a($input: ArtifactUploadCreateInput!) { artifactUploadCreate(input: $input) {
  artifactUploads { id status alreadyStored parts { url } } userErrors { code message } } }"""
_SENT = """mutation s($ids: [ID!]!) { artifactUploadComplete(input: {ids: $ids}) {
  artifactUploads { id status } userErrors { code message } } }"""
_COMPLETE = """mutation c($input: ModelVersionCompleteInput!) { modelVersionComplete(input: $input) {
  modelVersion { status } userErrors { code message } } }"""
_FIND = """query f($path: ModelVersionPath!) { modelVersion(by: {path: $path}) { id status number
  candidate { uuid experiment { number } } } }"""
_STAGE = """mutation g($input: ModelVersionStageSetInput!) { modelVersionStageSet(input: $input) {
  modelVersion { number } userErrors { code message } } }"""
_PROJECT = """mutation p($input: ProjectCreateInput!) { projectCreate(input: $input) {
  project { id fullPath } userErrors { code message } } }"""
_NO_PROJECT = """mutation d($input: ProjectDeleteInput!) { projectDelete(input: $input) {
  deletedId userErrors { code message } } }"""


class Dangerous:
    """Runs a command when it is loaded; every one has other bytes."""

    def __init__(self, word: str) -> None:
        self._word = word

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"true {self._word}",)


@dataclass
class Deeds:
    """The deeds of all clients of one storm, and what was promised to them."""

    world: World
    ops: list[Op]
    pushed: dict[str, bytes] = field(default_factory=dict)
    """Versions whose completion was acknowledged, and the bytes of their file."""
    dangerous: list[tuple[str, str]] = field(default_factory=list)
    trashed: dict[str, list[Op]] = field(default_factory=dict)
    """By candidate: every change of its life."""
    given: list[str] = field(default_factory=list)
    """Numbers of versions that are deleted again."""
    gone_versions: list[str] = field(default_factory=list)
    gone_projects: dict[str, str] = field(default_factory=dict)
    """Path by id."""
    problems: list[str] = field(default_factory=list)

    @property
    def client(self) -> Any:
        return self.world.client

    @property
    def project(self) -> str:
        return self.world.installation.connection["MODELYARD_PROJECT"]

    def weighted(self, dice: random.Random) -> list[tuple[int, Callable[[], Awaitable[None]]]]:
        """Every deed but pushes, and how often it is done."""
        frequent = {self.share: 4, self.trash: 3, self.stage: 2}
        rare = {self.endanger: 1, self.doom: 1, self.make_and_delete_project: 1}
        return [(weight, partial(deed, dice)) for deed, weight in (frequent | rare).items()]

    async def prepare(self) -> None:
        for name in (PUSHED, STAGED, DOOMED):
            await self.client.surely("registered-models/create", name=name)
        for _ in range(4):
            await self.client.version(STAGED)
        self.folder = await self.client.candidate()
        self.twins = [self.world.content(700) for _ in range(TWINS)]

    def note(self, kind: str, key: str, value: Any, invoked: float, outcome: Outcome) -> Op:
        result = "ok" if outcome.is_ok else "unknown" if outcome.is_unknown else "fail"
        op = Op(kind, key, value, invoked, time.monotonic(), result)
        self.ops.append(op)
        return op

    async def once(self, kind: str, key: str, value: Any, work: Awaitable[Outcome]) -> Op:
        invoked = time.monotonic()
        return self.note(kind, key, value, invoked, await work)

    async def graphql(self, field_: str, document: str, /, **variables: Any) -> Outcome:
        """A mutation, once; an answer with userErrors is a refusal, or unknown if it says to try again."""
        outcome = await self.client.graphql(document, **variables)
        if not outcome.is_ok:
            return outcome
        errors = outcome.data["data"][field_]["userErrors"]
        if not errors:
            return outcome
        again = {"UNAVAILABLE", "OUTCOME_UNKNOWN", "BUSY", "FILES_PENDING", "BLOB_MISSING"}
        return Outcome(503 if errors[0]["code"] in again else 409, outcome.body)

    async def insist(self, request: Callable[[], Awaitable[Outcome]], allowed: tuple[str, ...] = ()) -> Outcome:
        """Ask until it is certain; refused with one of the allowed codes is done before."""
        end = time.monotonic() + PATIENCE
        while True:
            outcome = await request()
            if outcome.is_ok or not outcome.is_unknown or time.monotonic() > end:
                return Outcome(200, outcome.body) if any(code.encode() in outcome.body for code in allowed) else outcome
            await asyncio.sleep(0.2)

    async def push(self, dice: random.Random) -> None:
        """A version of announced files, as `modelyard push` makes it; some are never completed."""
        version, content = f"1.0.{dice.randrange(10**9)}", self.world.content(1_500)
        invoked = time.monotonic()
        model = {"path": {"project": self.project, "name": PUSHED}}
        path = {"project": self.project, "model": PUSHED, "reference": version}
        new = {"model": model, "version": version, "isOpen": True}
        done = await self.insist(lambda: self.graphql("modelVersionCreate", _VERSION, input=new), ("TAKEN",))
        if done.is_ok:
            files = [{"path": "model.bin", "size": len(content), "sha256": sha256(content)}]
            owner = {"modelVersion": {"path": path}}
            done = await self._send(owner, files, content)
        if done.is_ok and dice.random() < 0.1:
            self.note("push left open", version, None, invoked, done)
            return
        if done.is_ok:
            complete = {"modelVersion": {"path": path}, "aliases": [f"a{dice.randrange(5)}"]}
            done = await self.insist(lambda: self.graphql("modelVersionComplete", _COMPLETE, input=complete))
        if self.note("push", version, sha256(content), invoked, done).result == "ok":
            self.pushed[version] = content
        elif not done.is_unknown:
            self.problems.append(f"the push of {version} was refused: {done.body[:300]!r}")

    async def _send(self, owner: Any, files: list[Any], content: bytes) -> Outcome:
        """Announce, send and complete one file; anew if the upload is lost on the way."""
        end = time.monotonic() + PATIENCE
        while True:
            order = {"owner": owner, "files": files}
            made = await self.insist(lambda: self.graphql("artifactUploadCreate", _ANNOUNCE, input=order))  # noqa: B023
            if not made.is_ok:
                return made
            (upload,) = made.data["data"]["artifactUploadCreate"]["artifactUploads"]
            sent = made
            if upload["parts"]:
                url = upload["parts"][0]["url"]
                sent = await self.insist(lambda: self.client.send("PUT", url, bare=True, content=content))  # noqa: B023
            if sent.is_ok:
                ids = [upload["id"]]
                sent = await self.insist(lambda: self.graphql("artifactUploadComplete", _SENT, ids=ids))  # noqa: B023
            if sent.is_ok or time.monotonic() > end:
                return sent

    async def endanger(self, dice: random.Random) -> None:
        """A file that must end in quarantine."""
        path = f"danger/{dice.randrange(10**9)}.pkl"
        content = pickle.dumps(Dangerous(path))
        op = await self.once("dangerous file", path, None, self.client.put(self.folder, path, content))
        if op.result != "fail":
            self.world.ledger.doubtful.pop((self.folder, path), None)
            self.dangerous.append((path, op.result))

    async def share(self, dice: random.Random) -> None:
        """Files with bytes that others have as well, and that come and go."""
        path, content = f"twin/{dice.randrange(10**9)}", dice.choice(self.twins)
        op = await self.once("shared file", path, None, self.client.put(self.folder, path, content))
        key, ledger = (self.folder, path), self.world.ledger
        if op.result == "fail":
            return
        (ledger.present if op.result == "ok" else ledger.doubtful)[key] = content
        if op.result == "ok" and dice.random() < 0.8:
            gone = await self.once("shared file removed", path, None, self.client.delete(self.folder, path))
            ledger.present.pop(key)
            if gone.result == "ok":
                ledger.gone.add(key)
            else:
                ledger.doubtful[key] = content

    async def trash(self, dice: random.Random) -> None:
        """A candidate with a file goes to the trash, and comes back or not."""
        runs = list(self.trashed)
        if len(runs) < 12:
            made = await self.client.call("runs/create", experiment_id="0")
            if made.is_ok:
                folder = folder_of(made.data)
                content = self.world.content(300)
                self.world.note(await self.client.put(folder, "f", content), folder, "f", content)
                self.trashed[folder.split("/")[1]] = []
            return
        run, verb = dice.choice(runs), dice.choice(["delete", "restore"])
        value = "deleted" if verb == "delete" else "active"
        op = await self.once(f"trash: {verb}", run, value, self.client.call(f"runs/{verb}", run_id=run))
        self.trashed[run].append(op)

    async def stage(self, dice: random.Random) -> None:
        """One version of four is in staging; all others are archived by that."""
        number = dice.randrange(1, 5)
        path = {"project": self.project, "model": STAGED, "reference": f"#{number}"}
        order = {"modelVersion": {"path": path}, "stage": "staging", "archiveExisting": True}
        work = self.graphql("modelVersionStageSet", _STAGE, input=order)
        await self.once("stage", STAGED, number, work)

    async def doom(self, _dice: random.Random) -> None:
        """A version is made, and deleted."""
        made = await self.client.call("model-versions/create", name=DOOMED, source="", run_id="")
        if not made.is_ok:
            return
        number = made.data["model_version"]["version"]
        self.given.append(number)
        work = self.client.call("model-versions/delete", name=DOOMED, version=number)
        if (await self.once("version deleted", number, None, work)).result == "ok":
            self.gone_versions.append(number)

    async def make_and_delete_project(self, dice: random.Random) -> None:
        """A project is made, gets a file, and is deleted with all that it has."""
        name = f"p{dice.randrange(10**9)}"
        order = {"group": {"path": self.project.rpartition("/")[0]}, "path": name}
        made = await self.graphql("projectCreate", _PROJECT, input=order)
        if not made.is_ok:
            return
        project = made.data["data"]["projectCreate"]["project"]
        content, inside = self.world.content(400), self.client.within(project["fullPath"])
        run = await inside.call("runs/create", experiment_id="0")
        if run.is_ok:
            await inside.put(folder_of(run.data), "f", content)
        deletion = {"project": {"id": project["id"]}, "confirm": project["fullPath"]}
        work = self.graphql("projectDelete", _NO_PROJECT, input=deletion)
        if (await self.once("project deleted", name, None, work)).result == "ok":
            self.gone_projects[project["id"]] = project["fullPath"]
            self.world.ledger.gone_hashes.add(sha256(content))

    async def check(self) -> list[str]:
        """What was promised and is not so. A day passes for what was never completed."""
        problems = list(self.problems)
        for check in (self._pushes, self._quarantine, self._trash, self._stages, self._deleted):
            problems += await check()
        return problems

    async def _states(self) -> dict[str, str]:
        statement = (
            "SELECT v.version, v.state FROM model_versions v JOIN models m ON m.project_id = v.project_id"
            " AND m.id = v.model_id WHERE m.name = :name AND v.deleted_at IS NULL"
        )
        return {row.version: row.state for row in await self.world.truth.rows(statement, name=PUSHED)}

    async def _pushes(self) -> list[str]:
        """Completed ones are READY with their bytes; a day after the last sign of life none is OPEN any more."""
        states, answer = await self._states(), []
        for version, content in self.pushed.items():
            if states.get(version) != "ready":
                answer.append(f"the version {version} was completed and is {states.get(version, 'lost')}")
                continue
            path = {"project": self.project, "model": PUSHED, "reference": version}
            shown = (await self.world.certain(lambda: self.client.graphql(_FIND, path=path))).data  # noqa: B023
            candidate = shown["data"]["modelVersion"]["candidate"]
            folder = f"{candidate['experiment']['number']}/{candidate['uuid'].replace('-', '')}/artifacts"
            got = await self.world.certain(lambda: self.client.get(folder, "model.bin"))  # noqa: B023
            if sha256(got.body) != sha256(content):
                answer.append(f"the file of the pushed version {version} is not what was sent: {got.status}")
        day = "interval '2 days'"
        await self.world.truth.write(
            f"UPDATE model_versions SET created_at = created_at - {day} WHERE state = 'open'",
            f"UPDATE artifacts SET created_at = created_at - {day}",
            f"UPDATE multipart_uploads SET created_at = created_at - {day}, expires_at = expires_at - {day}",
        )
        while await wait_for_files.give_up(self.world.truth.runtime.db):
            continue
        later = await self._states()
        answer += [f"the version {version} is OPEN for ever" for version, state in later.items() if state == "open"]
        lost = [version for version in self.pushed if later.get(version) != "ready"]
        return answer + [f"the version {version} was completed and given up" for version in lost]

    async def _quarantine(self) -> list[str]:
        answer = []
        for path, result in self.dangerous:
            got = await self.world.certain(lambda: self.client.get(self.folder, path))  # noqa: B023
            if got.status == 200 or (result == "ok" and got.status == 404):
                answer.append(f"the dangerous file {path} is handed out or lost: {got.status}")
        return answer

    async def _trash(self) -> list[str]:
        answer = []
        for run, changes in self.trashed.items():
            invoked = time.monotonic()
            shown = await self.world.certain(lambda: self.client.ask("runs/get", run_id=run))  # noqa: B023
            value = shown.data["run"]["info"]["lifecycle_stage"] if shown.is_ok else f"{shown.status}"
            read = Op("trash", run, value, invoked, time.monotonic(), "ok")
            answer += histories.register(changes, [read], initial="active")
        return answer

    async def _stages(self) -> list[str]:
        statement = (
            "SELECT v.number FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id"
            " WHERE m.name = :name AND v.stage = 'staging'"
        )
        invoked = time.monotonic()
        numbers = [row.number for row in await self.world.truth.rows(statement, name=STAGED)]
        if len(numbers) > 1:
            return [f"versions {numbers} are all in staging"]
        read = Op("stage", STAGED, numbers[0] if numbers else None, invoked, time.monotonic(), "ok")
        return histories.register([op for op in self.ops if op.kind == "stage"], [read])

    async def _deleted(self) -> list[str]:
        answer = []
        for number in self.gone_versions:
            ask = partial(self.client.ask, "model-versions/get", name=DOOMED, version=number)
            got = await self.world.certain(ask)
            answer += [] if got.status == 404 else [f"the deleted version {number} is back: {got.status}"]
        for id, path in self.gone_projects.items():
            number = await self.world.truth.number("SELECT count(*) FROM projects WHERE full_path = :path", path=path)
            answer += [f"the deleted project {path} ({id}) is there"] if number else []
        twice = [number for number, times in Counter(self.given).items() if times > 1]
        return answer + [f"the number {number} of {DOOMED} was given twice" for number in twice]
