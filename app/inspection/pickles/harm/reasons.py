"""Why a callable does harm, in words that follow its name; and how tables of them are read."""

from __future__ import annotations

import re

RUNS = "runs commands or programs"
CODE = "runs code from text or bytes"
IMPORTS = "imports modules by name"
NETWORK = "talks to the network"
FILES = "reads, writes or removes files"
MEMORY = "reaches memory and native libraries"
REACHES = "reaches the inside of the running program"
CHANGES = "changes the running program for all code in it"
AGAIN = "loads another file or pickle that was not inspected"
PACKAGES = "installs or builds packages"
BLINDS = "reaches the scanners themselves"
CALLS = "calls what it is given"

EVERY = "*"
"""In a table: every name of the module and of those below it, but for errors. Only for tools that no model needs."""
FUNCTIONS = "functions"
"""In a table: every name of the module and of those below it that begins with a small letter or ``_``."""


def table(text: str, why: str) -> dict[str, str]:
    """``module module: name name.method`` on each line, which indented lines continue; full names and why."""
    read: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", text.strip()):
        modules, _, names = entry.partition(":")
        read.update((f"{module}.{name}", why) for module in modules.split() for name in names.split())
    return read
