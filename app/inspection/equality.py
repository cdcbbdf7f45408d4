"""When two files are judged alike: the same bytes, names that mean the same here, and the same rules."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath

SCANNERS = ("picklescan", "fickling")
"""Distributions whose opinion counts; another version of one may judge otherwise."""
TELLING_SUFFIXES = frozenset(
    """.pkl .pickle .p .pck .dill .cloudpickle .joblib .jl .pt .pth .ckpt .npy .npz .safetensors .gguf .onnx .h5 .hdf5
    .keras .bin .gz .bz2 .xz .lzma .lz4 .z .zip .tar""".split()
)
"""Of a name that ends so nothing counts but its last two suffixes; a test holds to it."""


def name_kind(path: str) -> str:
    """What inspecting a file takes from its name: equal for two paths, equal bytes have equal reports.

    Coarser is faster and finer is safe, so a name that is not understood stands for itself alone.
    """
    name = PurePosixPath(path.lower()).name
    suffixes = PurePosixPath(name).suffixes
    return "*" + "".join(suffixes[-2:]) if suffixes and suffixes[-1] in TELLING_SUFFIXES else name


@cache
def rules() -> str:
    """A name for the rules of this release: verdicts by other rules are not reused.

    It follows from the code that judges, so it changes by itself.
    """
    digest = hashlib.sha256(f"{sys.version_info.major}.{sys.version_info.minor}".encode())
    folder = Path(__file__).parent
    for source in sorted(folder.rglob("*.py")):
        digest.update(source.relative_to(folder).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    for scanner in SCANNERS:
        digest.update(f"{scanner}={_version(scanner)}".encode())
    return digest.hexdigest()[:16]


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
