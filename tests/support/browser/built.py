"""The pages as their sources are, built once for all test processes of this checkout."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess

from tests.support.graphql.nodejs import program
from tests.support.source import ROOT

WEB, BUILT = ROOT / "web", ROOT / "app" / "web" / "built"
_SOURCES = ("src", "messages", "operations", "build", "index.html", "package-lock.json", "vite.config.ts")


def ensure() -> None:
    """Build the pages unless what is built comes from these sources; other processes wait for the one that builds."""
    BUILT.parent.mkdir(exist_ok=True)
    digest, stamp = _digest(), BUILT.parent / ".built-for-tests"
    with (BUILT.parent / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (BUILT / "index.html").exists() and stamp.exists() and stamp.read_text() == digest:
            return
        command = [program(), str(WEB / "node_modules" / "vite" / "bin" / "vite.js"), "build", "--logLevel", "warn"]
        subprocess.run(command, cwd=WEB, check=True, env=os.environ | {"NODE_ENV": "production"})
        stamp.write_text(digest)


def _digest() -> str:
    """Of names and contents of all that the pages are built from."""
    total = hashlib.sha256()
    for name in _SOURCES:
        folder = WEB / name
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            if path.is_file():
                total.update(f"{path.relative_to(WEB)}\0".encode())
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
