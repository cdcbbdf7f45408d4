"""What an operator types: every command does what the how-to pages say, against real servers."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from urllib.parse import urlsplit

from app.access import tokens
from app.access.policy import Actor
from app.runtime import Runtime
from app.settings import Settings
from tests.support.source import ROOT


def modelyard(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_migrate_may_be_repeated(migrated: Settings) -> None:
    for _ in range(2):
        done = modelyard("migrate", MODELYARD_S3_BUCKET="made-by-migrate")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr


async def test_token_prints_export_lines(runtime: Runtime) -> None:
    done = modelyard("token", MODELYARD_URL="https://models.example.org")
    assert done.returncode == 0, done.stderr
    words = [line.partition(" ") for line in done.stdout.splitlines()]
    values = dict(shlex.split(rest)[0].split("=", 1) for _, _, rest in words)
    assert {command for command, _, _ in words} == {"export"}
    assert set(values) == {
        "MODELYARD_URL",
        "MODELYARD_TOKEN",
        "MODELYARD_PROJECT",
        "MLFLOW_TRACKING_URI",
        "MLFLOW_TRACKING_TOKEN",
    }
    assert values["MODELYARD_URL"] == "https://models.example.org"
    assert urlsplit(values["MLFLOW_TRACKING_URI"]).path.endswith("/ml/mlflow")
    assert isinstance(await tokens.authenticate(runtime.db, values["MODELYARD_TOKEN"]), Actor)


def test_missing_settings_are_reported_by_name() -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "api"],
        cwd=ROOT,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    told = [line.split()[0] for line in done.stderr.splitlines()[1:]]
    assert done.returncode == 2
    assert told == [
        f"MODELYARD_{name}"
        for name in ("DATABASE_URL", "REDIS_URL", "S3_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY", "SECRET_KEY")
    ]
