"""`modelyard audit export` against the real API, and `modelyard audit verify` without any."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from app.access.policy import Role
from app.lifecycle.audit import chain
from tests.client.conftest import Desk
from tests.support.graphql.examples import chained


@pytest.fixture
async def described(desk: Desk, runtime) -> Desk:
    """A log of more than a page."""
    for number in range(110):
        async with runtime.db.write() as tx:
            statement = "UPDATE projects SET description = :d WHERE id = :p"
            await tx.execute(text(statement), {"d": f"é {number}", "p": desk.project.id})
    await chained(runtime, desk.project.id)
    return desk


async def test_an_export_is_sound_and_a_change_of_it_is_named(described: Desk):
    ended = await described.command("audit", "export", "log.jsonl", "--json")
    assert (ended.code, ended.err) == (0, ""), ended
    exported = ended.json
    assert exported["entries"] > 110 and exported["heads"] >= 1 and exported["chain"] == described.project.id
    path = described.home / "log.jsonl"
    assert not (described.home / "log.jsonl.part").exists()
    # No service is needed, nor any setting of one.
    offline = {"MODELYARD_URL": "", "MODELYARD_TOKEN": "", "MODELYARD_PROJECT": ""}
    sound = await described.client("audit", "verify", "log.jsonl", **offline)
    assert (sound.code, sound.err) == (0, "Verifying: " + sound.err.partition(": ")[2]), sound
    assert sound.out.startswith(f"Sound: {exported['entries']} entries are unaltered, without a gap.")
    assert "No stored head was compared: give --heads" in sound.out
    (described.home / "none.jsonl").write_text("")
    unproven = await described.client("audit", "verify", "log.jsonl", "--heads", "none.jsonl", **offline)
    assert "No stored head was compared: the files of --heads have none" in unproven.out, unproven

    lines = path.read_text(encoding="utf-8").splitlines()
    altered = lines[50].replace("é", "e")
    assert altered != lines[50]
    number = json.loads(lines[50])["seq"]
    for name, changed in {
        "altered": [*lines[:50], altered, *lines[51:]],
        "removed": [*lines[:50], *lines[51:]],
        "inserted": [*lines[:51], lines[50], *lines[51:]],
    }.items():
        path.write_text("\n".join(changed), encoding="utf-8")
        ended = await described.client("audit", "verify", "log.jsonl", "--json", **offline)
        assert ended.code == 1
        message = ended.json["error"]["message"]
        assert ended.json["error"]["code"] == "AUDIT_NOT_SOUND"
        wanted = {"altered": "was altered", "removed": "is missing", "inserted": "was inserted"}[name]
        assert f"Entry {number} " in message and wanted in message, message


async def test_a_cut_end_is_detected_by_heads_that_were_kept_elsewhere(described: Desk, runtime):
    for words in (["heads.jsonl", "--only-heads"], ["log.jsonl"]):
        assert (await described.command("audit", "export", *words)).code == 0
    proven = await described.command("audit", "verify", "log.jsonl", "--heads", "heads.jsonl", "--json")
    assert proven.json["storedHeads"] >= 1 and proven.json["provenSeq"] >= 1
    path = described.home / "log.jsonl"
    head, *rest = path.read_text(encoding="utf-8").splitlines()
    entries = [line for line in rest if '"type":"entry"' in line]
    stored = (described.home / "heads.jsonl").read_text().splitlines()
    kept = max(json.loads(line)["seq"] for line in stored) - 1
    end = json.dumps({"type": "end", "seq": kept})
    path.write_text("\n".join([head, *entries[:kept], end]), encoding="utf-8")
    ended = await described.command("audit", "verify", "log.jsonl", "--heads", "heads.jsonl")
    assert ended.code == 1 and "removed at the end" in ended.err


async def test_refusals_are_told(described: Desk, runtime):
    token = described.project[Role.DEVELOPER].token
    ended = await described.command("audit", "export", "log.jsonl", MODELYARD_TOKEN=token)
    assert ended.code == 7 and "needs the role maintainer" in ended.err
    ended = await described.command("audit", "export", "log.jsonl", "--installation")
    assert ended.code == 7 and "Only administrators" in ended.err
    ended = await described.command("audit", "export", "log.jsonl", "--project", "no/such")
    assert ended.code == 5
    assert not list(described.home.glob("log*"))
    assert (await described.command("audit", "verify", "missing")).code == 2
    assert (await described.command("audit", "export", "no/such/folder/log")).code == 1
    (described.home / "strange").write_bytes(b"\x00\xff\x1b[2J\n{}\n")
    ended = await described.command("audit", "verify", "strange")
    assert ended.code == 1 and "\x1b" not in ended.err
    ended = await described.command("audit", "verify", "strange", "--heads", "strange")
    assert ended.code == 2
    assert await chain.extend(runtime.db) >= 0
