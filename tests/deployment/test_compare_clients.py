"""The script that compares clients tells the same with the newest and the oldest one."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from tests.architecture.source import ROOT
from tests.conftest import TestProject

NEWEST, OLDEST = ROOT / ".venv-mlflow" / "bin" / "python", ROOT / ".venv-mlflow2" / "bin" / "python"


async def report(interpreter: Path, url: str, project: TestProject) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODELYARD_", "MLFLOW_"))}
    process = await asyncio.create_subprocess_exec(
        interpreter,
        ROOT / "demo" / "compare_clients.py",
        env={
            **kept,
            "MLFLOW_TRACKING_URI": f"{url}/api/v4/projects/{project.id}/ml/mlflow",
            "MLFLOW_TRACKING_TOKEN": project.token,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, complaints = await asyncio.wait_for(process.communicate(), timeout=120)
    assert process.returncode == 0, complaints.decode()
    return told.decode()


async def test_both_clients_report_the_same(url: str, project: TestProject) -> None:
    """One after the other in one project, so that the second one starts over what the first one left."""
    newest = await report(NEWEST, url, project)
    assert await report(OLDEST, url, project) == newest
    meant = dict(re.findall(r"^  models:/irises(\S+) +(\d\S+)$", newest, re.MULTILINE))
    assert meant == {
        "/1.2.0": "1.2.0",
        "/^1.2": "1.3.0",
        "/~1.2.0": "1.2.0",
        "/>=1,<1.3": "1.2.0",
        "/latest": "1.3.0",
        "/production": "1.3.0",
        "/2.0.0-rc.1": "2.0.0-rc.1",
        "@champion": "1.2.0",
    }
    loaded = dict(re.findall(r"^  models:/irises(\S+) +k = (\d+)", newest, re.MULTILINE))
    neighbours = {"1.2.0": "5", "1.3.0": "15", "2.0.0-rc.1": "60"}
    assert loaded == {"/3": "15"} | {name: neighbours[version] for name, version in meant.items()}
    assert re.findall(r"^  (\S+) +(Production|Archived|None)$", newest, re.MULTILINE) == [
        ("2.0.0-rc.1", "Production"),
        ("1.3.0", "Archived"),
        ("1.2.0", "None"),
        ("1.0.0", "None"),
    ]
