"""From training to production and back, as two CI jobs, a person and a serving process do it: `make story`.

Plays the CI system: runs the `script` lines of `gitlab-ci.yml` as a runner would, each pipeline in its own folder and
with the token of a bot. Needs `make up` in another terminal; makes a project of its own each time.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
URL, ADMIN = os.environ["MODELYARD_URL"], os.environ["MODELYARD_TOKEN"]
GROUP = os.environ["MODELYARD_PROJECT"].rpartition("/")[0]
NAME = f"digits-{time.strftime('%H%M%S')}"
PROJECT = f"{GROUP}/{NAME}"
JOBS = yaml.safe_load((HERE / "gitlab-ci.yml").read_text(encoding="utf-8"))
SECONDS = 60.0
COMMANDS = tempfile.mkdtemp(prefix="story-")
"""The folder with the command `modelyard`."""
PYTHON = os.environ.get("CLIENT_PYTHON", str(ROOT / ".venv" / "bin" / "python"))
"""The interpreter of `make up`, which has all that the client needs."""
CLIENT = {"PYTHONPATH": str(ROOT)}
"""What `pip install modelyard-client` would do for our own programs."""

SETUP = """mutation Setup($group: String!, $path: String!, $name: String!) {
  projectCreate(input: {group: {path: $group}, path: $name}) { project { id } userErrors { message } }
  ci: tokenCreate(input: {name: "ci", groupOrProject: {project: {path: $path}}}) { secret userErrors { message } }
  serving: tokenCreate(input: {
    name: "serving", groupOrProject: {project: {path: $path}}, role: REPORTER
  }) { secret userErrors { message } }
}"""
GATES = """mutation Gates($path: String!, $staging: [GateInput!]!, $production: [GateInput!]!) {
  staging: gatesSet(input: {
    project: {path: $path}, stage: "staging", gates: $staging, expectedNumber: 0
  }) { userErrors { message } }
  production: gatesSet(input: {
    project: {path: $path}, stage: "production", gates: $production, expectedNumber: 0
  }) { userErrors { message } }
}"""
STAGING = [{"kind": "metric_threshold", "config": {"metric": "accuracy", "min": 0.9}}]
PRODUCTION = [
    {"kind": "metric_on_dataset", "config": {"metric": "accuracy", "dataset": "noisy-digits", "min": 0.9}},
    {"kind": "scan_verdict", "config": {}},
    {"kind": "approvals", "config": {"count": 1}},
]


def main() -> None:
    """Play all of it; the exit code is that of the first thing that goes otherwise than it should."""
    heading("A maintainer makes a project, tokens for CI and serving, and sets gates")
    made = ask(SETUP, group=GROUP, path=PROJECT, name=NAME)
    ask(GATES, path=PROJECT, staging=STAGING, production=PRODUCTION)
    print(f"{PROJECT}: staging wants accuracy, production an evaluation, a scan and an approval")
    tokens = {name: made[name]["secret"] for name in ("ci", "serving")}
    install_command()
    with tempfile.TemporaryDirectory() as folder:
        serving = Serving(Path(folder), tokens["serving"])
        try:
            serving.expect("nothing in production yet")
            play(Path(folder), tokens["ci"], serving)
        finally:
            serving.stop()


def play(folder: Path, ci: str, serving: Serving) -> None:
    """Three pipelines, two approvals, and one way back."""
    heading("Pipeline 1: a model that learned too little")
    run_job("train", folder / "1", ci, pipeline=1, samples=20, expected_code=10)
    heading("Pipeline 2: a better one")
    run_job("train", folder / "2", ci, pipeline=2, samples=600)
    run_job("evaluate", folder / "2", ci, pipeline=2)
    heading("A person approves")
    person(folder, "promotion list --status open")
    person(folder, "promotion approve digits:stage:staging production --comment 'looks right'")
    serving.expect("serving digits 1.1.0")
    heading("Pipeline 3: the same, as a Python program")
    run_program(folder / "3", ci, pipeline=3, samples=1300)
    person(folder, "promotion approve digits:stage:staging production")
    serving.expect("serving digits 1.2.0")
    heading("What was in production, before and after going back")
    show_history()
    ask(
        'mutation Back($path: String!) { stageRollback(input: {model: {path: {project: $path, name: "digits"}}, '
        'stage: "production", reason: "1.2.0 is slow", bypassReason: "no time for an approval"}) '
        "{ modelVersion { version } userErrors { message } } }",
        path=PROJECT,
    )
    print("rolled back")
    serving.expect("serving digits 1.1.0")
    show_history()
    heading("The audit log, exported and proven without the service")
    person(folder, "audit export audit.jsonl")
    person(folder, "audit verify audit.jsonl")


def show_history() -> None:
    """Each interval of the stage: which version, from when until when, by whom, and why."""
    data = ask(
        'query History($path: String!) { model(by: {path: {project: $path, name: "digits"}}) {'
        ' stageHistory(stage: "production", first: 10) {'
        " nodes { version setAt endedAt setByName setReason endReason } } } }",
        path=PROJECT,
    )
    for one in data["model"]["stageHistory"]["nodes"]:
        until = f"until {one['endedAt']} ({one['endReason']})" if one["endedAt"] else "until now"
        print(f"  {one['version']}  from {one['setAt']} by {one['setByName']} ({one['setReason']}) {until}")


class Serving:
    """The serving process, and what it has printed."""

    def __init__(self, folder: Path, token: str) -> None:
        command = [PYTHON, "-u", str(HERE / "serve.py")]
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(token) | CLIENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def expect(self, line: str) -> None:
        """Wait until it has printed this line since the last time."""
        end = time.monotonic() + SECONDS
        while line not in self._lines:
            if time.monotonic() > end or self._process.poll() is not None:
                sys.exit(f"the serving process did not say {line!r} but {self._lines}")
            time.sleep(0.05)
        del self._lines[: self._lines.index(line) + 1]
        print(f"  serving process: {line}")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(timeout=10)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append(line.rstrip())


def run_job(name: str, folder: Path, token: str, *, pipeline: int, samples: int = 0, expected_code: int = 0) -> None:
    """Run the lines of a job until one fails, as a runner does."""
    prepare(folder)
    more = {"CI_JOB_ID": f"{pipeline}{len(name)}", "CI_PIPELINE_ID": str(pipeline), "CI_COMMIT_SHA": f"{pipeline:040x}"}
    if samples:
        more["SAMPLES"] = str(samples)
    for line in JOBS[name]["script"]:
        print(f"[{name}] $ {line}", flush=True)
        code = subprocess.run(["bash", "-ec", line], cwd=folder, env=environment(token) | more, check=False).returncode
        if code:
            print(f"[{name}] failed with exit code {code}")
            if code != expected_code:
                sys.exit(1)
            return
    if expected_code:
        sys.exit(f"the job {name} passed, though it should have failed with {expected_code}")


def run_program(folder: Path, token: str, *, pipeline: int, samples: int) -> None:
    """The same jobs by the Python API."""
    prepare(folder)
    print(f"$ python pipeline.py {samples}", flush=True)
    more = {"TRAINING_PYTHON": sys.executable, "CI_PIPELINE_ID": str(pipeline)} | CLIENT
    command = [PYTHON, str(HERE / "pipeline.py"), str(samples)]
    subprocess.run(command, cwd=folder, env=environment(token) | more, check=True)


def person(folder: Path, words: str) -> None:
    """A command of a maintainer of the project."""
    print(f"$ modelyard {words}", flush=True)
    subprocess.run(["modelyard", *shlex.split(words)], cwd=folder, env=environment(ADMIN), check=True)


def install_command() -> None:
    """Make `modelyard` a command, as installing the client does."""
    command = Path(COMMANDS) / "modelyard"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(PYTHON)} -m modelyard_client "$@"\n'
    )
    command.chmod(0o755)


def prepare(folder: Path) -> None:
    """A checkout."""
    folder.mkdir(exist_ok=True)
    for script in ("train.py", "evaluate.py"):
        (folder / script).write_bytes((HERE / script).read_bytes())


def environment(token: str) -> dict[str, str]:
    """What a job, a person or a server has: addresses and its own token."""
    path = os.pathsep.join([COMMANDS, str(Path(sys.executable).parent), os.environ["PATH"]])
    uri = f"{URL}/api/v4/projects/{PROJECT.replace('/', '%2F')}/ml/mlflow"
    given = {"MODELYARD_URL": URL, "MODELYARD_TOKEN": token, "MODELYARD_PROJECT": PROJECT, "PATH": path}
    given |= {"MLFLOW_TRACKING_URI": uri, "MLFLOW_TRACKING_TOKEN": token, "MLFLOW_DISABLE_TELEMETRY": "true"}
    given |= {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODELYARD_", "MLFLOW_"))}
    return kept | given | {"PYTHONWARNINGS": "ignore", "MLFLOW_LOGGING_LEVEL": "ERROR"}


def ask(document: str, **variables: Any) -> Any:
    """One GraphQL operation as the administrator; ends the story when it is refused."""
    body = json.dumps({"query": document, "variables": variables}).encode()
    headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{URL}/graphql", body, headers), timeout=30) as answer:
        told = json.load(answer)
    payloads = (told.get("data") or {}).values()
    refused = [error for payload in payloads for error in (payload or {}).get("userErrors", [])]
    if told.get("errors") or refused:
        sys.exit(f"refused: {told.get('errors') or refused}")
    return told["data"]


def heading(text: str) -> None:
    """A line that says what comes."""
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    main()
