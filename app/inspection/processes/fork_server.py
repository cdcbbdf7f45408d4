"""The process from which scanners are forked: it has loaded what they need, holds no secret and reads no file.

With each byte on its control socket come two sockets. One is the scanner's, to talk with the worker. The other stands
for its life: the worker closes its end (or dies) to have the scanner killed, and reads from it the exit code.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from struct import Struct
from typing import NoReturn

CODE = Struct(">i")
"""Exit code of a scanner; negative: the signal that ended it."""
IDLE_SECONDS = 60.0
"""After so long without a scanner the process ends; the worker starts another when it needs one."""
_HIGHEST = 65_536


class ForkServer:
    """Forks a process for each pair of sockets until the control socket ends."""

    def __init__(self, control: socket.socket, scan: Callable[[], NoReturn]) -> None:
        self._control = control
        self._scan = scan
        self._lives: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Work until the worker is gone, or nothing has happened for a minute."""
        gc.collect()
        gc.freeze()  # the scanners share what is loaded
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(woken, False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, which ends this
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._selector.register(self._control, selectors.EVENT_READ)
        self._selector.register(woken, selectors.EVENT_READ)
        while self._turn(woken):
            self._reap()
        for pid in self._lives:
            _kill(pid)

    def _turn(self, woken: int) -> bool:
        """Wait for the next things to do, and do them; False: there is nothing more to do."""
        events = self._selector.select(None if self._lives else IDLE_SECONDS)
        if not events:
            return bool(self._lives)
        for key, _ in events:
            if key.fileobj is self._control:
                if not self._fork_next():
                    return False
            elif key.fd == woken:
                with suppress(BlockingIOError):
                    os.read(woken, 4096)
            else:
                self._selector.unregister(key.fileobj)
                if key.data in self._lives:
                    _kill(key.data)
        return True

    def _fork_next(self) -> bool:
        _, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        if len(descriptors) != 2:
            return False
        talk, life = descriptors
        try:
            pid = os.fork()
        except (
            OSError
        ):  # no memory or too many processes at this moment: the worker sees both sockets end, and asks again
            os.close(talk)
            os.close(life)
            return True
        if pid == 0:
            _become_scanner(talk, self._scan)
        os.close(talk)
        self._lives[pid] = socket.socket(fileno=life)
        self._selector.register(self._lives[pid], selectors.EVENT_READ, pid)
        return True

    def _reap(self) -> None:
        while self._lives:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            life = self._lives.pop(pid)
            with suppress(KeyError):  # the worker has closed its end
                self._selector.unregister(life)
            with suppress(OSError):  # likewise
                life.send(CODE.pack(os.waitstatus_to_exitcode(status)))
            life.close()


def _become_scanner(talk: int, scan: Callable[[], NoReturn]) -> NoReturn:
    """Keep one descriptor, 0; whatever goes wrong ends this process and never returns into the loop above."""
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(talk, 0)
        os.closerange(1, _HIGHEST)
        scan()
    finally:
        os._exit(1)


def _kill(pid: int) -> None:
    """The process has not been waited for, so the number is still its own."""
    os.kill(pid, signal.SIGKILL)
