"""The script that compares clients tells the same with the newest and the oldest one."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import re

from tests.support.mlflow.client import MLflow
from tests.support.source import ROOT


def tell(path):
    """What the script prints, run as a program of its own would be, without the seconds that importing MLflow takes."""
    import contextlib
    import io
    import runpy

    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        runpy.run_path(path, run_name="__main__")
    return told.getvalue()


async def test_both_clients_get_the_same_results(mlflow: MLflow, oldest: MLflow) -> None:
    """One after the other in one project, so that the second one starts over what the first one left."""
    path = str(ROOT / "demo" / "compare_clients.py")
    newest = await mlflow(tell, path)
    assert await oldest(tell, path) == newest
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
