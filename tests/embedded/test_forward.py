"""The port that is forwarded to the store's socket: any bytes, both ways, from clients of every temper."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.embedded.object_store import forward
from app.embedded.processes import ports

MIB = 1024 * 1024


class Forwarded:
    """A port in front of a socket at which ``serve`` answers every connection in a thread."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = ports.choose_block(1)
        self.listener: socket.socket | None = None
        command = [sys.executable, "-I", "-S", forward.__file__, str(self.port), "s.sock", "forwarder"]
        self.process = subprocess.Popen(command, cwd=directory)
        while ports.is_free(self.port):
            time.sleep(0.01)

    def serve(self, answer: Callable[[socket.socket], None]) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.directory / "s.sock"))
        self.listener.listen()

        def accept() -> None:
            while True:
                try:
                    connection, _ = self.listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@pytest.fixture
def forwarded(tmp_path: Path) -> Iterator[Forwarded]:
    made = Forwarded(tmp_path)
    yield made
    made.process.kill()
    made.process.wait()
    if made.listener:
        made.listener.close()


def echo(connection: socket.socket) -> None:
    with connection:
        while data := connection.recv(65_536):
            connection.sendall(data)


def test_bytes_pass_unchanged_in_both_directions_after_half_close(forwarded):
    def digest(connection: socket.socket) -> None:
        with connection:
            seen = hashlib.sha256()
            while data := connection.recv(65_536):
                seen.update(data)
            connection.sendall(seen.digest())

    forwarded.serve(digest)
    sent = os.urandom(48 * MIB)
    with forwarded.connect() as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(100), b""))

    assert answer == hashlib.sha256(sent).digest()


def test_slow_reader_receives_everything_and_delays_no_other_connection(forwarded):
    sent = os.urandom(24 * MIB)

    def pour(connection: socket.socket) -> None:
        with connection:
            connection.sendall(sent if connection.recv(1) == b"a" else b"little")

    forwarded.serve(pour)
    with forwarded.connect() as slow:
        slow.sendall(b"a")
        for _ in range(20):
            with forwarded.connect() as quick:
                quick.sendall(b"q")
                assert quick.recv(100) == b"little"
        got = b"".join(iter(lambda: slow.recv(MIB), b""))

    assert got == sent


def test_many_clients_at_once_and_no_descriptor_is_left(forwarded):
    forwarded.serve(echo)
    before = descriptors(forwarded)
    for _ in range(3):
        clients = [forwarded.connect() for _ in range(100)]
        for number, client in enumerate(clients):
            client.sendall(b"%d" % number * 1000)
        for number, client in enumerate(clients):
            expected = b"%d" % number * 1000
            assert receive(client, len(expected)) == expected
        for number, client in enumerate(clients):
            if number % 2:  # a reset instead of an orderly end
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        await_descriptors(forwarded, before + 2 * 8)  # so many pipes are kept at most

    assert forwarded.process.poll() is None


def test_connection_closes_while_the_store_is_down(forwarded):
    with forwarded.connect() as client:
        assert client.recv(1) == b""

    forwarded.serve(echo)
    with forwarded.connect() as client:
        client.sendall(b"hello")
        assert receive(client, 5) == b"hello"


def test_silent_connections_are_closed(monkeypatch, tmp_path):
    monkeypatch.setattr(forward, "IDLE_SECONDS", 0.0)
    left, client = socket.socketpair()
    store, right = socket.socketpair()
    for each in (client, store):
        each.setblocking(False)
    forwarder = forward.Forwarder(ports.choose_block(1), str(tmp_path / "s.sock"))
    connection = forward.Connection(client, store, forward.Pipes())
    forwarder.keep(connection)

    forwarder.sweep(time.monotonic() + 1)

    assert (left.recv(1), right.recv(1)) == (b"", b"")
    for each in (left, right):
        each.close()
    forwarder.close()


def test_one_busy_stream_does_not_starve_others(monkeypatch):
    monkeypatch.setattr(forward, "CHUNK", 4096)
    client, source = socket.socketpair()
    target, store = socket.socketpair()
    for each in (source, target):
        each.setblocking(False)
    client.sendall(b"x" * 100_000)
    connection = forward.Connection(source, target, forward.Pipes())

    assert connection.move()
    store.setblocking(False)
    first = len(store.recv(200_000))
    assert connection.has_more
    assert 4096 <= first <= 4096 * forward.TURN

    got = first
    while connection.has_more:
        assert connection.move()
        got += len(store.recv(200_000))
    assert got == 100_000
    connection.close()
    client.close()
    store.close()


def test_signal_ends_it_at_once(forwarded):
    forwarded.serve(echo)
    with forwarded.connect() as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        forwarded.process.send_signal(signal.SIGTERM)
        assert forwarded.process.wait(5) == -signal.SIGTERM
        assert client.recv(1) == b""


def descriptors(forwarded: Forwarded) -> int:
    return len(list(Path(f"/proc/{forwarded.process.pid}/fd").iterdir()))


def await_descriptors(forwarded: Forwarded, most: int) -> None:
    deadline = time.monotonic() + 10
    while descriptors(forwarded) > most:
        assert time.monotonic() < deadline, descriptors(forwarded)
        time.sleep(0.02)


def receive(client: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size and (more := client.recv(65_536)):
        got += more
    return got
