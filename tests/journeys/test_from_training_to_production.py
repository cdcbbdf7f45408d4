"""`make story`: the CI file, the Python program, an approval, a serving process, a way back, the audit log."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import sys
from typing import Any

import pytest
import yaml

from tests.client.conftest import worker  # noqa: F401 - a fixture
from tests.conftest import Person, TestProject
from tests.support.source import ROOT

FOLDER = ROOT / "demo" / "lifecycle"
TRAINING = ROOT / ".venv-mlflow" / "bin" / "python"
GITLAB: dict[str, Any] = yaml.safe_load((FOLDER / "gitlab-ci.yml").read_text(encoding="utf-8"))
GITHUB: dict[str, Any] = yaml.safe_load((FOLDER / "github.yml").read_text(encoding="utf-8"))


@pytest.mark.usefixtures("empty_queue", "worker")
async def test_the_story_runs(url: str, admin: Person, project: TestProject) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODELYARD_", "MLFLOW_"))}
    process = await asyncio.create_subprocess_exec(
        TRAINING,
        FOLDER / "story.py",
        env={
            **kept,
            "MODELYARD_URL": url,
            "MODELYARD_TOKEN": admin.token,
            "MODELYARD_PROJECT": project.path,
            "CLIENT_PYTHON": sys.executable,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(process.communicate(), timeout=240)
    text = told.decode()
    assert process.returncode == 0, text
    assert re.findall(r"serving process: (.+)", text) == [
        "nothing in production yet", "serving digits 1.1.0", "serving digits 1.2.0", "serving digits 1.1.0",
    ]  # fmt: skip
    assert "may not enter the stage 'staging': one rule failed. `accuracy` at least 0.9: `accuracy` is 0.6" in text
    assert "are unaltered, without a gap" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("job", ["train", "evaluate"])
def test_github_runs_what_gitlab_runs(job: str) -> None:
    gitlab = [*GITLAB["default"]["before_script"], *GITLAB[job]["script"]]
    github = [step["run"] for step in GITHUB["jobs"][job]["steps"] if "run" in step]
    assert [_without_tags(text) for text in github] == [_without_tags(text) for text in gitlab]


def _without_tags(text: str) -> list[str]:
    """The words, but for the tags by which each system names its job."""
    words = shlex.split(text)
    return [word for word in words if word != "--tag" and not word.startswith(("gitlab.", "github."))]
