"""What a file is: by its first bytes, and by its name only where bytes do not tell."""

from __future__ import annotations

import itertools
import pickletools
import re
import warnings
from enum import StrEnum
from pathlib import PurePosixPath

HEAD = 4096
"""Bytes that are looked at."""

OPCODES_THAT_TELL = 4
"""After the mark of the protocol."""

PICKLE_NAMES = frozenset(".pkl .pickle .p .pck .dill .cloudpickle .joblib .jl .pt .pth .ckpt .npy .npz".split())
"""What their loaders unpickle; ``numpy.load`` takes for a pickle what has no mark of its own."""
ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
OLD_MODULE = re.compile(rb"[ci][A-Za-z_][\w.]{0,200}\r?\Z")
OLD_NAME = re.compile(rb"[A-Za-z_][\w.]{0,200}\r?")
"""How protocols 0 to 3 import: the end of a line, and all of the next."""
_OLD_MODULE_BYTES = 204
LFS_POINTER = b"version https://git-lfs.github.com/spec/"


class Kind(StrEnum):
    """How a file is looked at."""

    SAFETENSORS = "safetensors"
    GGUF = "gguf"
    ONNX = "onnx"
    NUMPY = "numpy"
    HDF5 = "hdf5"
    ZIP = "zip"
    TAR = "tar"
    COMPRESSED = "compressed"
    PICKLE = "pickle"
    PERHAPS_PICKLE = "perhaps pickle"
    """Text that could be a pickle of an old protocol: it is one if it can be followed."""
    MLMODEL = "mlmodel"
    CONDA = "conda"
    REQUIREMENTS = "requirements"
    POINTER = "pointer"
    """What Git LFS leaves where a file should be."""


MARKS = {
    Kind.ZIP: (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"),
    Kind.GGUF: (b"GGUF",),
    Kind.NUMPY: (b"\x93NUMPY",),
    Kind.HDF5: (b"\x89HDF\r\n\x1a\n",),
    Kind.COMPRESSED: (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x5d\0\0", b"\x04\x22\x4d\x18"),
}
"""First bytes; the last are gzip, bzip2, xz, lzma and lz4."""

CARRIES_CODE = frozenset({Kind.NUMPY, Kind.ZIP, Kind.TAR, Kind.COMPRESSED, Kind.PICKLE, Kind.PERHAPS_PICKLE})
"""Kinds that can hold pickles: one that cannot be read is not handed out."""

UNCERTAIN = frozenset({Kind.SAFETENSORS, Kind.GGUF})
"""Kinds whose marks a pickle can begin with."""

CLAIMS = {
    ".safetensors": Kind.SAFETENSORS, ".gguf": Kind.GGUF, ".onnx": Kind.ONNX,
    ".h5": Kind.HDF5, ".hdf5": Kind.HDF5, ".keras": Kind.ZIP,
}  # fmt: skip
"""Names that are a claim: a file that is none of what its bytes could be is read as this, and fails."""


def detect(head: bytes, size: int, path: str) -> Kind | None:
    """The kind of a file of ``size`` bytes that begins with ``head``; None when nothing here reads it."""
    name = PurePosixPath(path).name.lower()
    suffix = PurePosixPath(name).suffix
    if head.startswith(LFS_POINTER):
        return Kind.POINTER
    kind = _by_bytes(head, size)
    if kind in UNCERTAIN and suffix in PICKLE_NAMES:
        return Kind.PICKLE  # as its loader takes it: opcodes can spell these marks
    return kind or _by_name(name, suffix) or _by_look(head)


def _by_bytes(head: bytes, size: int) -> Kind | None:
    for kind, marks in MARKS.items():
        if head.startswith(marks):
            return kind
    if head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= size - 8:
        return Kind.SAFETENSORS
    if head[:1] == b"\x80" and len(head) > 1 and head[1] <= 5 and _goes_on_as_pickle(head):
        return Kind.PICKLE
    if ZLIB.match(head):
        return Kind.COMPRESSED
    return Kind.TAR if head[257:262] == b"ustar" else None


def _goes_on_as_pickle(head: bytes) -> bool:
    """Whether opcodes follow the mark: two bytes are too few to tell a pickle from noise, of which one file in eleven
    thousand begins like one. What imports before its fifth opcode is found by :func:`_imports_as_of_old`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of escapes in old text
            for count, _ in enumerate(pickletools.genops(head)):
                if count >= OPCODES_THAT_TELL:
                    return True
    except ValueError as error:
        # An argument that is longer than what is looked at is none that is wrong.
        return "expected" in str(error) and "remain" in str(error)
    return True


def _by_name(name: str, suffix: str) -> Kind | None:
    if name == "mlmodel":
        return Kind.MLMODEL
    if name in {"conda.yaml", "conda.yml"}:
        return Kind.CONDA
    if suffix == ".txt" and name.startswith("requirements"):
        return Kind.REQUIREMENTS
    return Kind.PICKLE if suffix in PICKLE_NAMES else CLAIMS.get(suffix)


def _by_look(head: bytes) -> Kind | None:
    """Formats without a mark of their own."""
    if _imports_as_of_old(head):
        return Kind.PERHAPS_PICKLE
    return Kind.ONNX if looks_like_onnx(head) else None


def _imports_as_of_old(head: bytes) -> bool:
    lines = head.split(b"\n")[:-1]
    return any(
        OLD_NAME.fullmatch(name) and OLD_MODULE.search(line[-_OLD_MODULE_BYTES:])
        for line, name in itertools.pairwise(lines)
    )


def looks_like_onnx(head: bytes) -> bool:
    """Whether it begins as ONNX models do: ``ir_version`` of one byte, then the producer or the graph."""
    return len(head) > 3 and head[0] == 0x08 and 1 <= head[1] <= 32 and head[2] in {0x12, 0x3A}


def claims_pickle(path: str) -> bool:
    """Whether the name says pickle, also behind the name of a compression (``a.pkl.gz``)."""
    return any(suffix in PICKLE_NAMES for suffix in PurePosixPath(path.lower()).suffixes[-2:])
