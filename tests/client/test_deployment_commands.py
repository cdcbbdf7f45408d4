"""``modelyard deployment``, and the same of the Python API, against the real service."""

from __future__ import annotations

import asyncio
import re
import sys

import pytest

from tests.client.conftest import Desk
from tests.support.source import ROOT


@pytest.fixture
async def churn(desk: Desk) -> Desk:
    """Versions 1.0.0 and 1.1.0 of `churn`."""
    desk.write("a.txt", b"hello")
    await desk.push("churn", version="1.0.0")
    await desk.push("churn", version="1.1.0")
    return desk


async def done(desk: Desk, *words: str):
    """What a command printed as JSON."""
    ended = await desk.command(*words, "--json")
    assert (ended.code, ended.err) == (0, ""), ended
    return ended.json


WHERE = ("--environment", "production", "--endpoint", "scoring")


async def test_a_deployment_is_registered_confirmed_listed_and_ended(churn: Desk):
    made = await done(churn, "deployment", "register", "churn:^1", *WHERE, "--instance", "pod-1")
    assert (made["version"], made["follows"], made["isDrifting"]) == ("1.1.0", "^1", False)
    assert (await done(churn, "deployment", "register", "churn:^1", *WHERE, "--instance", "pod-1"))["id"] == made["id"]
    await churn.push("churn", version="1.2.0")
    assert (await done(churn, "deployment", "heartbeat", made["id"]))["isDrifting"] is True
    shown = await churn.command("deployment", "list")
    assert [line.split() for line in shown.out.splitlines()] == [
        ["ENVIRONMENT", "ENDPOINT", "INSTANCE", "VERSION", "STATUS"],
        "production scoring pod-1 churn 1.1.0 running, but ^1 means another version".split(),
    ]
    ended = await churn.command("deployment", "end", made["id"], "--reason", "Scaled down.")
    assert ended.out == "churn 1.1.0 at production, scoring: ended (Scaled down.)\n"
    assert (await churn.command("deployment", "list")).out == "There is none.\n"
    (listed,) = (await done(churn, "deployment", "list", "--status", "ended"))["deployments"]
    assert listed["statusReason"] == "Scaled down."
    assert len((await done(churn, "deployment", "list", "--all"))["deployments"]) == 1


async def test_a_heartbeat_for_what_has_ended_fails_and_says_why(churn: Desk):
    first = await done(churn, "deployment", "register", "churn:1.0.0", *WHERE)
    await done(churn, "deployment", "register", "churn:1.1.0", *WHERE)
    ended = await churn.command("deployment", "heartbeat", first["id"])
    assert ended.code != 0
    assert "Another version was registered" in ended.err
    again = await asyncio.wait_for(churn.command("deployment", "heartbeat", first["id"], "--every", "5"), 30)
    assert again.code == 0, "what was replaced has nothing more to say"


async def test_what_is_not_there_is_told(churn: Desk):
    assert "there is no deployment" in (await churn.command("deployment", "heartbeat", "RGVwbG95bWVudDox")).err.lower()
    assert (await churn.command("deployment", "register", "churn:9.9.9", *WHERE)).code != 0
    assert (await churn.command("deployment", "heartbeat", "x", "--every", "1")).code == 2


async def test_the_serving_process_of_the_documentation_goes_on_with_what_the_stage_means(churn: Desk):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "deployments.md").read_text(), re.DOTALL)
    prelude = """
import time
real = time.sleep
time.sleep = lambda seconds: real(0.3)
class serve:
    def __init__(self, folder): pass
    def stop(self): pass
"""
    assert (await churn.command("stage", "churn:1.0.0", "production")).code == 0
    serving = await churn._begin(sys.executable, "-c", prelude + example.replace("import time\n", "", 1))
    try:
        assert await running(churn) == "1.0.0"
        assert (await churn.command("stage", "churn:1.1.0", "production", "--archive-existing")).code == 0
        assert await running(churn, but="1.0.0") == "1.1.0"
    finally:
        serving.kill()
        await serving.communicate()


async def running(desk: Desk, but: str = "") -> str:
    """The version that runs, as soon as it is another one."""
    async with asyncio.timeout(60):
        while True:
            listed = (await done(desk, "deployment", "list"))["deployments"]
            if listed and listed[0]["version"] != but:
                return str(listed[0]["version"])
            await asyncio.sleep(0.3)
