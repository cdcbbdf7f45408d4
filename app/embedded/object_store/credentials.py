"""The files by which the object store knows who may do what."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from app.embedded.errors import ServerFailed
from app.embedded.processes.process import bare_environment
from app.embedded.state import State, write_private

_SIGNING = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
"""Keys with which its parts sign what they ask of each other over HTTP."""
_GRPC = ("master", "volume", "filer", "s3", "admin", "worker", "client", "mq", "msg_broker", "msg_agent")
_HTTPS = ("master", "volume", "filer", "admin")
_CERTIFICATE = "inner.pem"
_PAIR = f'cert = "{_CERTIFICATE}"\nkey = "{_CERTIFICATE}"\n'
_AUTHORITY = f'ca = "{_CERTIFICATE}"\n'
_INDEX = '[leveldb3]\nenabled = true\ndir = "data/index"\n'
"""One index of names per bucket; the default keeps eight for all, and 55 MB more in memory for them."""


def write(directory: Path, state: State, access_key: str, secret_key: str, *, tls: bool) -> None:
    """Write what ``weed`` reads at its start from its working directory; existing secrets stay.

    gRPC demands the certificate always, because its sockets lie in the system's temporary directory. With ``tls``, HTTP
    between the parts does so too; the S3 port never.

    Raises:
        ServerFailed: no certificate could be made.
    """
    account = {
        "name": "modelyard",
        "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    write_private(directory / "identities.json", json.dumps({"identities": [account]}))
    write_private(directory / "filer.toml", _INDEX)
    sections = [f'[{name}]\nkey = "{state.secret(name)}"\n' for name in _SIGNING]
    sections += ["[access]\nui = false\n", f"[grpc]\n{_AUTHORITY}", *(f"[grpc.{part}]\n{_PAIR}" for part in _GRPC)]
    if tls:
        sections += [f"[https.{part}]\n{_PAIR}{_AUTHORITY}" for part in _HTTPS]
        sections.append(f"[https.client]\nenabled = true\n{_PAIR}{_AUTHORITY}")
    write_private(directory / "security.toml", "".join(sections))
    if not _is_whole(directory / _CERTIFICATE):
        write_private(directory / _CERTIFICATE, _make_certificate())


def _is_whole(path: Path) -> bool:
    """``weed`` only warns of a broken file, and then opens its ports to all users."""
    text = path.read_text() if path.exists() else ""
    return "END PRIVATE KEY" in text and "END CERTIFICATE" in text


def _make_certificate() -> str:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "app.embedded.object_store.certificate"],
        cwd=root,
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServerFailed(f"The certificate of the object store could not be made:\n{done.stderr[-2000:]}")
    return done.stdout
