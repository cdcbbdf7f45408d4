"""One build, step by step: Node.js, packages, compile; what is built appears when it is whole, and not before."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from app.web.build import replacing, sources, state, toolchain
from app.web.build.state import Build
from app.web.build.toolchain import Node, StepFailed

OUT_VARIABLE = "MODELYARD_WEB_OUT"
"""Tells vite.config.ts where to write."""
_OUTPUT = "out-"
_TAIL = 20
"""Lines of the log that are told when a step has failed."""


class Building:
    """The build in one folder of the source."""

    def __init__(self, root: Path, note: Callable[[str], None]) -> None:
        """``note`` is told what happens, a line at a time."""
        self._root = root
        self._note = note
        self._step = ""

    def build(self) -> None:
        """Build the pages, unless what is built comes from these sources; waits for another build first.

        Raises:
            StepFailed: see there; what was built before stays.
        """
        if sources.are_built(self._root):
            return
        with state.locked(self._root):
            if sources.are_built(self._root):  # by the build that this one has waited for
                return
            began = time.monotonic()
            self._note("Building the pages …")
            self._in_steps(lambda: self._compile(self._tools()))
            self._note(f"Pages built in {time.monotonic() - began:.0f} s")

    def check(self) -> int:
        """Run the checks of the sources; their exit code.

        Raises:
            StepFailed: Node.js or the packages cannot be had.
        """
        nodes: list[Node] = []
        with state.locked(self._root):
            self._in_steps(lambda: nodes.append(self._tools()))
        (node,) = nodes
        command: list[str | Path] = [node.program, "check.mjs"]
        return subprocess.run(command, cwd=sources.web(self._root), env=node.variables, check=False).returncode  # noqa: S603 - ours

    def _in_steps(self, work: Callable[[], None]) -> None:
        (self._root / state.LOG).write_bytes(b"")
        try:
            work()
        except StepFailed:
            state.write(self._root, Build(self._step, has_failed=True))
            raise
        state.write(self._root, Build())

    def _tools(self) -> Node:
        node = toolchain.installed() or toolchain.prepared(self._root)
        if node is None:
            self._begin("node")
            node = toolchain.prepare(self._root, self._run)
        if not toolchain.has_packages(self._root):
            self._begin("packages")
            toolchain.fetch_packages(self._root, node, self._run)
        return node

    def _compile(self, node: Node) -> None:
        self._begin("compile")
        folder = self._root / state.FOLDER
        for left in folder.glob(f"{_OUTPUT}*"):  # by builds that were killed
            shutil.rmtree(left, ignore_errors=True)
        # Sources that change meanwhile are not what is built: the next start builds again.
        digest, new = sources.digest(self._root), folder / f"{_OUTPUT}{os.getpid()}"
        vite = Path("node_modules", "vite", "bin", "vite.js")
        variables = {**node.variables, OUT_VARIABLE: str(new)}
        self._run([node.program, vite, "build", "--logLevel", "warn"], sources.web(self._root), variables)
        if not (new / sources.DOCUMENT).is_file():
            raise StepFailed(f"The compiler ended well and wrote no {sources.DOCUMENT}.")
        (new / sources.STAMP).write_text(digest, encoding="ascii")
        replacing.replace(new, sources.output(self._root))

    def _begin(self, step: str) -> None:
        self._step = step
        state.write(self._root, Build(step, is_running=True))

    def _run(self, command: Sequence[str | Path], folder: Path, variables: Mapping[str, str]) -> None:
        with (self._root / state.LOG).open("ab") as log:
            log.write(f"$ {' '.join(map(str, command))}\n".encode())
            log.flush()
            process = subprocess.Popen(  # noqa: S603 - our own command line
                command, cwd=folder, env=dict(variables), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            try:
                code = process.wait()
            finally:
                process.kill()  # when a signal ends the build; else it has ended
                process.wait()
        if code != 0:
            raise StepFailed(self._tail())

    def _tail(self) -> str:
        text = (self._root / state.LOG).read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-_TAIL:])
