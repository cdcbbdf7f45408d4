"""`make demo`, as a new user types it: once, and once more."""

from __future__ import annotations

import asyncio
import os
import re

from tests.conftest import TestProject
from tests.support.source import ROOT

INTERPRETER = ROOT / ".venv-mlflow" / "bin" / "python"


async def demo(url: str, project: TestProject) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODELYARD_", "MLFLOW_"))}
    process = await asyncio.create_subprocess_exec(
        INTERPRETER,
        ROOT / "demo" / "digits.py",
        env={
            **kept,
            "MODELYARD_URL": url,
            "MODELYARD_TOKEN": project.token,
            "MODELYARD_PROJECT": project.path,
            "MLFLOW_TRACKING_URI": f"{url}/api/v4/projects/{project.id}/ml/mlflow",
            "MLFLOW_TRACKING_TOKEN": project.token,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(process.communicate(), timeout=180)
    assert process.returncode == 0, told.decode()
    return told.decode()


async def test_demo_runs_again_and_again(url: str, project: TestProject) -> None:
    first, second = await demo(url, project), await demo(url, project)
    assert re.findall("Registering (.+) of", first + second) == ["1.0.0, 1.1.0, 2.0.0-rc.1", "1.2.0, 1.3.0, 2.0.0-rc.2"]
    assert re.findall(r"Promoted (\S+) to champion", first + second) == ["1.1.0", "1.3.0"]
    assert "Traceback" not in first + second
    assert "1.3.0 @champion" in second
