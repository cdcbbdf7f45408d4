"""What people see who sit at a terminal: a bar, questions, tables of its width."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import struct
import termios
from fcntl import ioctl

import pytest

from tests.client.conftest import Desk, noise
from tests.support.client.machine import Ended

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


async def at_terminal(desk: Desk, *words: str, typed: str = "", columns: int = 80, **variables: str) -> Ended:
    """The command with a terminal of so many columns; ``typed`` is typed when it asks for something."""
    leader, follower = pty.openpty()
    # It would be believed before the terminal itself.
    environment = {name: value for name, value in desk.environment.items() if name not in {"COLUMNS", "LINES"}}
    ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = await asyncio.create_subprocess_exec(
        desk.python, "-m", "modelyard_client", *words,
        cwd=desk.home, env=environment | {"LANG": "C.UTF-8"} | variables,
        stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    shown = bytearray()

    def read() -> bytes:
        try:
            return os.read(leader, 65_536)
        except OSError:  # the other end is closed
            return b""

    while chunk := await asyncio.to_thread(read):
        shown += chunk
        if typed and shown.rstrip().endswith((b":", b"?")):
            os.write(leader, typed.encode())
            typed = ""
    os.close(leader)
    code = await asyncio.wait_for(process.wait(), 30)
    return Ended(code, shown.decode().replace("\r\n", "\n"), "")


async def test_a_push_shows_a_bar_that_fits(desk: Desk):
    desk.write("big.bin", noise(30 * 1024 * 1024))
    for columns in (80, 30):
        done = await at_terminal(desk, "push", "m", "files", columns=columns)
        assert done.code == 0, done
        frames = [ESCAPES.sub("", frame) for row in done.out.splitlines()[:-5] for frame in row.split("\r")]
        assert max(len(frame) for frame in frames) < columns
    assert any(frame.startswith("Hashing") and "100%" in frame for frame in frames)


async def test_a_deletion_is_confirmed_at_a_terminal(desk: Desk):
    desk.write("a.txt", b"hello")
    await desk.push("m")
    kept = await at_terminal(desk, "delete", "m", typed="no\n")
    assert (kept.code, "Nothing was deleted." in kept.out) == (1, True)
    assert "Delete the model m with all of its versions? Type `yes`:" in kept.out
    gone = await at_terminal(desk, "delete", "m", typed="yes\n")
    assert (gone.code, "The model m is deleted." in gone.out) == (0, True)


async def test_a_token_is_typed_unseen(desk: Desk):
    token = desk.project.token
    done = await at_terminal(desk, "login", desk.url, "--token", "-", typed=f"{token}\n")
    assert (done.code, token in done.out) == (0, False)
    assert "Token:" in done.out


async def test_a_table_is_cut_to_the_terminal(desk: Desk):
    desk.write("a.txt", b"hello")
    await desk.push("模型" * 40)
    done = await at_terminal(desk, "models", columns=40)
    assert done.code == 0
    assert all(len(row.encode("utf-16-le")) // 2 <= 40 for row in done.out.splitlines())
    assert "…" in done.out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
async def test_what_an_output_cannot_show_is_escaped(desk: Desk, encoding: str):
    desk.write("a.txt", b"hello")
    await desk.push("模型")
    done = await desk.client("models", PYTHONIOENCODING=encoding)
    assert (done.code, "\\u6a21\\u578b" in done.out, done.err) == (0, True, "")
