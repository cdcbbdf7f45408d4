"""Files of this machine: what a command line means, and whether a file is still what it was."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from modelyard_client.failures import Misused
from modelyard_client.text import normalized
from modelyard_client.transfer import globs

NEVER = frozenset({".git", ".modelyard-partial"})
"""Folders that are no part of a model."""


@dataclass(frozen=True)
class LocalFile:
    """A file as it was when it was looked at."""

    name: str
    """Its path in the registry, in Unicode's normal form C as paths are there."""
    path: Path
    size: int
    mtime: int
    """Nanoseconds since 1970."""

    @property
    def look(self) -> tuple[int, int]:
        """What differs when the file has changed (as far as one sees without reading it)."""
        return self.size, self.mtime

    def has_changed(self) -> bool:
        """Whether it looks different now, or is gone."""
        try:
            now = self.path.stat()
        except OSError:
            return True
        return (now.st_size, now.st_mtime_ns) != self.look


def read_at(descriptor: int, count: int, offset: int) -> bytes:
    """At most ``count`` bytes from there on; nothing else may read from this descriptor meanwhile."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, count, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)  # Windows
    return os.read(descriptor, count)


def collect(paths: Iterable[Path], exclude: Iterable[str], folder: str = "") -> list[LocalFile]:
    """All files that are meant, by name: of a folder its contents, of a file itself.

    Hidden files are files like others. Symbolic links within a folder are followed as long as they stay within it.

    Raises:
        Misused: there is nothing, something cannot be read, a link leads outside, or two files have one name.
    """
    files: dict[str, LocalFile] = {}
    patterns = list(exclude)
    prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
    for path in paths:
        for relative, location in _below(path, patterns):
            file = _looked_at(normalized(prefix + relative), location)
            other = files.setdefault(file.name, file)
            if other is not file:
                raise Misused(f"{other.path} and {file.path} would both become `{file.name}`.")
    if not files:
        raise Misused(f"There are no files in {', '.join(map(str, paths))}.")
    _refuse_files_as_folders(files)
    return [files[name] for name in sorted(files)]


def _refuse_files_as_folders(files: Mapping[str, LocalFile]) -> None:
    """Several paths of a command line can bring together what no folder holds."""
    for name, file in files.items():
        above = (name[:end] for end, letter in enumerate(name) if letter == "/")
        if folder := next((folder for folder in above if folder in files), None):
            raise Misused(
                f"{files[folder].path} would become the file `{folder}`, and {file.path} would be `{name}` below it."
            )


def _below(path: Path, exclude: list[str]) -> Iterator[tuple[str, Path]]:
    if not path.exists():
        raise Misused(f"There is no {path}.")
    if path.is_dir():
        yield from _walk(path, "", path.resolve(), (path.resolve(),), exclude)
    elif not globs.matches(path.name, exclude):
        yield path.name, path


def _walk(
    folder: Path, prefix: str, root: Path, above: tuple[Path, ...], exclude: list[str]
) -> Iterator[tuple[str, Path]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise Misused(f"{folder} cannot be read: {error.strerror}.") from None
    for entry in entries:
        name, path = prefix + entry.name, Path(entry.path)
        if globs.matches(name, exclude) or entry.name in NEVER:
            continue
        target = _target(path, root) if entry.is_symlink() else path
        if target.is_dir():
            real = target.resolve()
            if real in above:
                raise Misused(f"{path} links to a folder that it is in itself; leave it out with --exclude.")
            yield from _walk(path, f"{name}/", root, (*above, real), exclude)
        else:
            yield name, path


def _target(link: Path, root: Path) -> Path:
    target = link.resolve()
    if not target.exists():
        raise Misused(f"{link} links to {link.readlink()}, which does not exist; leave it out with --exclude.")
    if not target.is_relative_to(root):
        raise Misused(
            f"{link} links to {target}, outside of the folder; leave it out with --exclude, "
            "or push a copy that has no links (`cp -rL`)."
        )
    return target


def _looked_at(name: str, path: Path) -> LocalFile:
    try:
        name.encode()
        facts = path.stat()
    except UnicodeEncodeError:
        raise Misused(f"The name of {os.fsencode(path)!r} is not UTF-8; rename it.") from None
    except OSError as error:
        raise Misused(f"{path} cannot be read: {error.strerror}.") from None
    if not stat.S_ISREG(facts.st_mode):
        raise Misused(f"{path} is neither a file nor a folder; leave it out with --exclude.")
    return LocalFile(name, path, facts.st_size, facts.st_mtime_ns)
