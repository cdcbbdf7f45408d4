"""One folder takes the place of another in one step, so that no request finds half of both."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

_HERE = -100
"""`AT_FDCWD`: paths are those of this process (fcntl.h)."""
_EXCHANGE = 2
"""`RENAME_EXCHANGE` of rename(2), Linux 3.15."""


def replace(new: Path, old: Path) -> None:
    """Let ``new`` be at the path of ``old``, and remove what was there.

    Where the system cannot exchange folders there is none at that path for a moment.
    """
    if old.exists() and not _exchange(new, old):
        former = new.with_name(f"{new.name}-former")
        old.rename(former)
        new.rename(old)
        new = former
    elif not old.exists():
        old.parent.mkdir(parents=True, exist_ok=True)
        new.rename(old)
    shutil.rmtree(new, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    done: int = rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)
    return done == 0
