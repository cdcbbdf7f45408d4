"""What the standard library of this interpreter has: its modules, and what their functions call directly."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

LIBRARY = Path(ast.__file__).parent
TOOLS = frozenset(
    """test idlelib lib2to3 turtledemo antigravity this tkinter _pyrepl __phello__ msilib distutils ensurepip
    site-packages turtle""".split()
)
"""Packages that are judged as a whole, or that open a window when they are imported."""

BUILTINS = frozenset("exec eval open __import__ compile breakpoint input".split())
MODULES: dict[str, str | None] = {
    **dict.fromkeys(
        "subprocess _posixsubprocess socket shutil importlib runpy ctypes tempfile imp _imp pty code bdb pdb".split()
    ),
    "os": None,
    "posix": None,
    "urllib.request": None,
    "webbrowser": None,
    **dict.fromkeys(("io", "_io"), "open open_code FileIO"),
    "marshal": "load loads",
    "pickle": "load loads Unpickler _Unpickler",
    "sqlite3": "connect",
    "mmap": "mmap",
    "signal": "signal raise_signal alarm",
    "zipfile": "ZipFile",
    "tarfile": "open TarFile",
    "codecs": "open",
    "tokenize": "open",
    "atexit": "register",
}
"""Modules whose functions do harm, and which of them; None for all but those that only read."""
READS = frozenset(
    """path fspath fsencode fsdecode getcwd getcwdb getenv getenvb environ environb stat lstat fstat listdir scandir
    walk fwalk getpid getppid getuid geteuid getgid getegid access cpu_count urandom strerror uname
    get_terminal_size isatty get_exec_path times getloadavg readlink confstr sysconf stat_result error
    waitstatus_to_exitcode getlogin getpgrp getpgid getsid get_inheritable get_blocking waitpid terminal_size
    sched_getaffinity major minor makedev machinery abc metadata util WEXITSTATUS statvfs fsync _path_normpath
    _path_splitroot pidfd_open list2cmdline gethostname inet_aton inet_ntoa inet_pton CMSG_LEN sizeof pointer
    source_hash extension_suffixes is_builtin is_frozen readers _bootstrap_external macholib""".split()
)


def modules() -> Iterator[tuple[str, ModuleType]]:
    """Every module that can be imported here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in sorted(sys.stdlib_module_names - TOOLS):
            yield from _imported(name)


def _imported(name: str) -> Iterator[tuple[str, ModuleType]]:
    if ".test" in name or "__main__" in name:
        return
    try:
        module = importlib.import_module(name)
    except (ImportError, AttributeError, OSError):
        return
    yield name, module
    for submodule in pkgutil.iter_modules(getattr(module, "__path__", [])):
        yield from _imported(f"{name}.{submodule.name}")


def callers() -> Iterator[tuple[str, str, str]]:
    """Module, function or method, and what harmful function it calls by name."""
    for path in sorted(LIBRARY.rglob("*.py")):
        parts = path.relative_to(LIBRARY).with_suffix("").parts
        if parts[0] in TOOLS or {"test", "tests", "__main__"} & set(parts) or parts[0].startswith("config-"):
            continue
        tree = ast.parse(path.read_bytes())
        named = _Calls(dict(_aliases(tree)))
        named.visit(tree)
        module = ".".join(parts).removesuffix(".__init__")
        yield from ((module, *call) for call in sorted(named.harmful_calls))


def _aliases(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield each.asname or each.name.split(".")[0], each.name if each.asname else each.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                yield each.asname or each.name, f"{node.module}.{each.name}"


class _Calls(ast.NodeVisitor):
    def __init__(self, aliases: dict[str, str]) -> None:
        self.aliases = aliases
        self.inside: list[str] = []
        self.harmful_calls: set[tuple[str, str]] = set()

    def _scope(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.inside.append(node.name)
        self.generic_visit(node)
        self.inside.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _scope  # noqa: N815 - names of ast

    def visit_Call(self, node: ast.Call) -> None:
        harmful = self._harmful(ast.unparse(node.func))
        if harmful and self.inside:
            self.harmful_calls.add((".".join(self.inside[:2]), harmful))
        self.generic_visit(node)

    def _harmful(self, called: str) -> str | None:
        first, _, rest = called.partition(".")
        if first not in self.aliases:
            return called if called in BUILTINS else None
        full = f"{self.aliases[first]}.{rest}".rstrip(".")
        for module, names in MODULES.items():
            if full.startswith(f"{module}."):
                name = re.split(r"\W", full[len(module) + 1 :])[0]
                if name in READS or name.isupper() or (names is not None and name not in names.split()):
                    return None
                return full
        return None
