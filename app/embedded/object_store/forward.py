"""Pass connections of a loopback port on to a unix socket, bytes untouched and uncopied.

Runs as a script in a bare interpreter (``python -I -S forward.py PORT SOCKET NAME``), so it imports nothing of the
project. The object store lives in a network of its own (``launch.py``); this is the one way in from outside. The kernel
moves the bytes (``splice(2)``), from one socket into a pipe and from the pipe into the other one.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import resource
import select
import socket
import sys
import time
from contextlib import suppress

CHUNK = 1 << 20
"""Bytes in flight in one direction of one connection; while they stay, its sender waits."""
TURN = 8
"""So often one direction moves bytes before it is the turn of other connections."""
IDLE_SECONDS = 120.0
"""After so long without a byte a connection is closed, as the store itself does with those on its own port."""
SWEEP_SECONDS = 10.0
F_SETPIPE_SZ = 1031
PR_SET_NAME = 15
SPLICE_F_MOVE, SPLICE_F_NONBLOCK = 1, 2
READABLE = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class Direction:
    """From one socket to the other; ``ended`` once the sender has finished and all of it is delivered."""

    def __init__(self, source: socket.socket, target: socket.socket, pipes: Pipes) -> None:
        self._source, self._target, self._pipes = source, target, pipes
        self._pipe: tuple[int, int] | None = None
        self._held = 0
        self._is_finished = False
        self.ended = False
        self.has_more = False
        """Whether the last turn was over before there was nothing to move."""

    def move(self) -> bool:
        """Move what can be moved without waiting, for one turn; whether anything was.

        Raises:
            OSError: one side is gone.
        """
        rounds = 0
        while rounds < TURN and not self.ended and (self._fill() | self._drain()):
            rounds += 1
        self.has_more = rounds == TURN
        if self._pipe and not self._held:
            self._pipes.give_back(self._pipe)
            self._pipe = None
        return rounds > 0

    def close(self) -> None:
        """Drop what was read and not delivered."""
        if self._pipe:
            self._pipes.discard(self._pipe)
            self._pipe = None

    def _fill(self) -> bool:
        if self._is_finished or self._held >= CHUNK:
            return False
        self._pipe = self._pipe or self._pipes.take()
        try:
            count = os.splice(self._source.fileno(), self._pipe[1], CHUNK, flags=SPLICE_F_MOVE | SPLICE_F_NONBLOCK)
        except BlockingIOError:
            return False
        self._held += count
        self._is_finished = count == 0
        return True

    def _drain(self) -> bool:
        if self._pipe and self._held:
            try:
                count = os.splice(self._pipe[0], self._target.fileno(), self._held, flags=SPLICE_F_NONBLOCK)
            except BlockingIOError:
                return False
            self._held -= count
            return True
        if self._is_finished and not self.ended:
            self._target.shutdown(socket.SHUT_WR)
            self.ended = True
        return False


class Pipes:
    """Pipes that are empty at the moment: only directions that hold bytes need one."""

    def __init__(self) -> None:
        self._free: list[tuple[int, int]] = []

    def take(self) -> tuple[int, int]:
        """A free pipe, else a new one."""
        if self._free:
            return self._free.pop()
        pipe = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        with suppress(OSError):  # its user has many large ones already; it works with the usual size as well
            fcntl.fcntl(pipe[1], F_SETPIPE_SZ, CHUNK)
        return pipe

    def give_back(self, pipe: tuple[int, int]) -> None:
        """Keep an empty pipe for the next direction."""
        if len(self._free) < 8:
            self._free.append(pipe)
        else:
            self.discard(pipe)

    @staticmethod
    def discard(pipe: tuple[int, int]) -> None:
        """Close a pipe, whatever it holds."""
        for descriptor in pipe:
            os.close(descriptor)


class Connection:
    """A client's socket, the store's, and both directions."""

    def __init__(self, client: socket.socket, store: socket.socket, pipes: Pipes) -> None:
        self.sockets = (client, store)
        self._directions = (Direction(client, store, pipes), Direction(store, client, pipes))
        self.last_moved = time.monotonic()
        self.is_over = False

    def move(self) -> bool:
        """Pass on what there is; False once the connection is over."""
        try:
            moved = [direction.move() for direction in self._directions]
        except OSError:
            return False
        if any(moved):
            self.last_moved = time.monotonic()
        return not all(direction.ended for direction in self._directions)

    @property
    def has_more(self) -> bool:
        """Whether it wants another turn without waiting for an event, which would not come."""
        return any(direction.has_more for direction in self._directions)

    def close(self) -> None:
        """Close both sockets."""
        for direction in self._directions:
            direction.close()
        for each in self.sockets:
            each.close()
        self.is_over = True


class Forwarder:
    """One listener and its connections, in one loop."""

    def __init__(self, port: int, path: str) -> None:
        self._path = path
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self._listener.setblocking(False)
        self._events = select.epoll()
        self._events.register(self._listener, select.EPOLLIN)
        self._connections: dict[int, Connection] = {}
        self._pipes = Pipes()

    def run(self) -> None:
        """Until the process ends."""
        swept = time.monotonic()
        waiting: set[Connection] = set()
        while True:
            ready = {descriptor for descriptor, _ in self._events.poll(0 if waiting else SWEEP_SECONDS)}
            waiting = self._move(waiting | {self._connections[each] for each in ready & self._connections.keys()})
            if self._listener.fileno() in ready:
                self._accept()
            now = time.monotonic()
            if now - swept >= SWEEP_SECONDS:
                swept = now
                self.sweep(now)
                waiting = {connection for connection in waiting if not connection.is_over}

    def _move(self, connections: set[Connection]) -> set[Connection]:
        """Give each a turn; those that want another one."""
        for connection in connections:
            if not connection.move():
                self._drop(connection)
        return {connection for connection in connections if connection.has_more and not connection.is_over}

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE}:
                time.sleep(0.05)  # the listener stays readable, and there is nothing else to do about it
            return
        store = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        for each in (client, store):
            each.setblocking(False)
        try:
            store.connect(self._path)
        except OSError:  # the store is not running at the moment, or has too many who wait
            client.close()
            store.close()
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.keep(Connection(client, store, self._pipes))

    def keep(self, connection: Connection) -> None:
        """Serve a connection from now on."""
        for each in connection.sockets:
            self._connections[each.fileno()] = connection
            self._events.register(each, READABLE | select.EPOLLOUT | select.EPOLLET)

    def sweep(self, now: float) -> None:
        """Close the connections that have been idle for too long at a moment of the monotonic clock."""
        for connection in set(self._connections.values()):
            if now - connection.last_moved > IDLE_SECONDS:
                self._drop(connection)

    def close(self) -> None:
        """Serve no more."""
        for connection in set(self._connections.values()):
            self._drop(connection)
        self._events.close()
        self._listener.close()

    def _drop(self, connection: Connection) -> None:
        for each in connection.sockets:
            del self._connections[each.fileno()]
        connection.close()


def main(arguments: list[str]) -> None:
    """Listen on the port and serve until a signal ends it."""
    port, path, name = arguments
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    Forwarder(int(port), path).run()


if __name__ == "__main__":
    main(sys.argv[1:])
