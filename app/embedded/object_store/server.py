"""The S3 store: SeaweedFS in its single-process form."""

from __future__ import annotations

import http.client
import json
import os
from pathlib import Path

from app.embedded.object_store import credentials, signing
from app.embedded.object_store.s3_port import SocketConnection
from app.embedded.processes import binaries, leftovers, network_namespace, ports
from app.embedded.processes.process import Process, Program, bare_environment
from app.embedded.state import State, make_private

BUCKET = "modelyard"
_MEMORY_LIMIT = "512MiB"
"""Without a limit it keeps up to 2 GB after large transfers; below this, uploads get slower."""
_PARTS = ("master.port", "volume.port", "filer.port", "s3.port")
_GRPC_PARTS = tuple(f"{part}.grpc" for part in _PARTS)
_ALL_PORTS = (*_PARTS, *_GRPC_PARTS, "admin.port")
"""Adjacent ports in this order; the last one also takes its high twin, which cannot be chosen."""
S3_SOCKET, _FILER_SOCKET = "s3.sock", "filer.sock"
_FIXED = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-master.telemetry=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-webdav=false",
    "-admin.ui=false",
    # Relative to its directory, which only its owner enters, and so short enough wherever that is.
    f"-s3.localSocket={S3_SOCKET}",
    f"-filer.localSocket={_FILER_SOCKET}",
    "-s3.iam=false",
    # A misspelt bucket must fail, and a full one must not vanish.
    "-s3.autoCreateBucket=false",
    "-s3.allowDeleteBucketNotEmpty=false",
    # Idle connections would hold up a stop for as long as half a minute.
    "-idleTimeout=3",
    "-volume.preStopSeconds=0",
)
_SOCKETS = Path("/tmp")  # noqa: S108 - the program reads no setting, not even TMPDIR


class ObjectStore:
    """``weed mini``, of which other users reach no more than the S3 port.

    It has nine more, for its parts to talk to each other, that obey every client. So it gets a network of
    its own: API and worker use its S3 socket, and :mod:`app.embedded.object_store.s3_port` keeps the S3 port
    for other clients.
    Where the system forbids that, every inner port demands the certificate of this installation; large files are slower
    then, because their bytes are encrypted on the way inside.
    """

    name = "s3"

    def __init__(self, data_dir: Path, state: State) -> None:
        self._binary = binaries.weed()
        self._directory = make_private(data_dir / "s3")
        self._run = data_dir / "run"
        self._log = data_dir / "log" / "s3.log"
        self._state = state
        self._access_key = state.secret("s3_access_key")[:20]
        self._secret_key = state.secret("s3_secret_key")
        self._first_port = 0
        self.is_isolated = network_namespace.is_possible()
        """Whether the store has a network of its own, and so needs its S3 port forwarded."""

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which API and worker reach it."""
        path = self._directory / S3_SOCKET
        fits = len(os.fsencode(path)) <= ports.LONGEST_SOCKET_PATH
        by_socket = {"MODELYARD_S3_SOCKET": str(path)} if fits else {}
        return by_socket | {
            "MODELYARD_S3_URL": f"http://127.0.0.1:{self.port}",
            "MODELYARD_S3_ACCESS_KEY": self._access_key,
            "MODELYARD_S3_SECRET_KEY": self._secret_key,
            "MODELYARD_S3_BUCKET": BUCKET,
        }

    def prepare(self) -> None:
        """Write the key files, and choose the ports the first time: a restarted store keeps its address."""
        leftovers.await_end(self._binary, self._directory, patience=2.0)
        make_private(self._directory / "data")
        if not self._first_port:
            self._first_port = self._choose_ports()
        _clear_sockets(self._first_port)
        credentials.write(self._directory, self._state, self._access_key, self._secret_key, tls=not self.is_isolated)

    @property
    def port(self) -> int:
        """The S3 port of 127.0.0.1; chosen by :meth:`prepare`."""
        return self._port("s3.port")

    @property
    def directory(self) -> Path:
        """Where its sockets are."""
        return self._directory

    def start(self) -> Process:
        """Start the server; returns before it is ready."""
        listen = [f"-{part}={self._port(part)}" for part in _ALL_PORTS]
        files = [f"-dir={self._directory / 'data'}", f"-s3.config={self._directory / 'identities.json'}"]
        return Process(
            Program(
                name=self.name,
                command=[str(self._binary), "-logtostderr=true", "mini", *files, *_FIXED, *listen],
                log=self._log,
                directory=self._directory,  # where it looks for security.toml
                environment=bare_environment(GOMEMLIMIT=_MEMORY_LIMIT),
                identity="network" if self.is_isolated else "same",
            )
        )

    def is_ready(self) -> bool:
        """Whether it takes an object into our bucket; creates the bucket the first time."""
        try:
            if self._send("PUT", f"/{BUCKET}/.ready") == http.client.NOT_FOUND:
                if self._configure_sync():
                    self._send("PUT", f"/{BUCKET}")
                return False
            return self._send("DELETE", f"/{BUCKET}/.ready") == http.client.NO_CONTENT
        except (OSError, http.client.HTTPException):
            return False

    def clean_up(self) -> None:
        """Even a clean stop leaves some of its sockets in the temporary directory."""
        _clear_sockets(self._first_port)

    def _configure_sync(self) -> bool:
        """Have every upload's bytes synced to disk before it is acknowledged, which the store omits by default.

        Done before the bucket is made, so no bucket is without it. The store's index of names has no such setting:
        after a power cut (not after a crash) the last seconds of it may be missing.
        """
        rules = {"version": 1, "locations": [{"locationPrefix": "/buckets/", "fsync": True}]}
        headers = {"Authorization": f"Bearer {signing.json_web_token(self._state.secret('jwt.filer_signing'))}"}
        connection = SocketConnection(self._directory, _FILER_SOCKET)
        try:
            connection.request("PUT", "/etc/seaweedfs/filer.conf", body=json.dumps(rules), headers=headers)
            return connection.getresponse().status == http.client.CREATED
        finally:
            connection.close()

    def _send(self, method: str, path: str) -> int:
        return signing.request(self.port, method, path, self._access_key, self._secret_key)

    def _port(self, part: str) -> int:
        return self._first_port + _ALL_PORTS.index(part)

    def _choose_ports(self) -> int:
        """The block of the last start if it is free, else another one."""
        first = self._state.get("s3_first_port")
        if not first or not ports.is_block_free(first, len(_ALL_PORTS)) or not _clear_sockets(first):
            first = ports.choose_block(len(_ALL_PORTS))
            while not _clear_sockets(first):
                first = ports.choose_block(len(_ALL_PORTS))
        self._state.remember(s3_first_port=first)
        return int(first)


def _clear_sockets(first_port: int) -> bool:
    """Remove what a killed store left in the temporary directory; False where another user's socket is in the way.

    It names its sockets after its ports and does not start while an old one is there.
    """
    block = {*range(first_port, first_port + len(_ALL_PORTS))}
    block.add(first_port + len(_ALL_PORTS) - 1 + ports.HIGH_TWIN)
    for path in _SOCKETS.glob("seaweedfs-*.sock"):
        port = path.stem.rsplit("-", 1)[-1]
        if port.isdigit() and int(port) in block:
            try:
                path.unlink()
            except PermissionError:
                return False
    return True
