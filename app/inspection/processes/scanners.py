"""Starts scanners: a process of its own forks them, which this one starts when it needs the first."""

from __future__ import annotations

import asyncio
import atexit
import socket
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from pathlib import Path

from app.inspection.processes.fork_server import CODE

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = "app.inspection.processes.scanner_program"
PATIENCE = 0.5
"""Seconds between an answer, or the decision to end it, and SIGKILL; and as long for its end after that."""

STUCK_SECONDS = 5.0
"""After so long without taking what is sent, or ending when told to, the process that forks is killed."""


class ForkServerGone(Exception):
    """The process that forks scanners has ended; it says nothing about the file."""


class Scanner:
    """One process that inspects, as the worker sees it."""

    def __init__(self, reader: StreamReader, writer: StreamWriter, life: socket.socket) -> None:
        self.reader = reader
        self.writer = writer
        self._life = life

    async def code(self) -> int | None:
        """How it ended, of one that has ended; None: that takes long.

        Raises:
            ForkServerGone: the process that could tell has ended.
        """
        try:
            told = await asyncio.wait_for(self._receive(), PATIENCE)
        except TimeoutError:
            return None
        except OSError:
            told = b""
        if len(told) < CODE.size:
            raise ForkServerGone
        return int(CODE.unpack(told)[0])

    async def end(self) -> None:
        """Let it end by itself if it has answered; else end it. Once only."""
        try:
            self.writer.close()
            with suppress(OSError):
                await self.writer.wait_closed()
            with suppress(ForkServerGone):
                if await self.code() is None:
                    self._life.shutdown(socket.SHUT_WR)
                    await self.code()
        except OSError:
            return  # the other end has been closed meanwhile: it has ended
        finally:
            self._life.close()

    async def _receive(self) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self._life, CODE.size)


class Scanners:
    """The process that forks scanners, for this worker."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    async def start(self) -> Scanner:
        """A scanner that waits for its request.

        Raises:
            ForkServerGone: the process that forks has just ended; the next call starts another.
            OSError: no process can be started.
        """
        control = self._running()
        talk, its_talk = socket.socketpair()
        life, its_life = socket.socketpair()
        with its_talk, its_life:
            try:
                socket.send_fds(control, [b"F"], [its_talk.fileno(), its_life.fileno()])
            except OSError:
                talk.close()
                life.close()
                self.stop()
                raise ForkServerGone from None
        life.setblocking(False)
        talk.setblocking(False)
        try:
            reader, writer = await asyncio.open_unix_connection(sock=talk)
        except BaseException:
            life.close()
            talk.close()
            raise
        return Scanner(reader, writer, life)

    def stop(self) -> None:
        """End the process that forks, and with it all scanners."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(STUCK_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._control = self._process = None

    def _running(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self.stop()
        if self._control is None:
            self._control, theirs = socket.socketpair()
            self._control.settimeout(STUCK_SECONDS)
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    (sys.executable, "-s", "-P", "-m", PROGRAM),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    cwd="/",
                    # Nothing of this process' environment: it holds the keys of the installation.
                    env={"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
                    start_new_session=True,
                )
        return self._control


scanners = Scanners()
atexit.register(scanners.stop)
