"""The receiver in docs/automation.md takes what is sent here, and nothing else."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from app.outgoing.addresses import AddressRules
from app.webhooks import signed_post

GUIDE = Path(__file__).parents[2] / "docs" / "automation.md"
RULES = AddressRules.of(["127.0.0.1"])


@pytest.fixture
async def example():
    """The example in a process of its own; its address and its process."""
    (source,) = re.findall(r"```python\n(import base64.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {"WEBHOOK_SECRET": "hush", "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", source, stdout=-1, stderr=-1, env=environment)
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_the_documented_receiver_verifies_signatures(example):
    url, process = example
    key, body = uuid4(), b'{"entity": "prompt", "action": "created", "data": {"name": "p"}}'
    for _ in range(200):
        attempt = await signed_post.post(RULES, url, key, body, "hush")
        if attempt.status is not None:
            break
        await asyncio.sleep(0.02)
    assert (attempt.status, attempt.error) == (204, None)
    assert (await signed_post.post(RULES, url, key, body, "hush")).status == 204
    for wrong in ("other", None):
        assert (await signed_post.post(RULES, url, uuid4(), body, wrong)).status == 401
    assert await signed_post.post(RULES, url, uuid4(), body.replace(b"created", b"deleted"), "hush")
    process.kill()
    printed, _ = await process.communicate()
    assert printed.decode().splitlines() == ["prompt created {'name': 'p'}", "prompt deleted {'name': 'p'}"]
