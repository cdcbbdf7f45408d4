"""What a file is: by its first bytes, and by its name only where bytes do not tell."""

from __future__ import annotations

import itertools
import pickletools
import re
import warnings
from enum import StrEnum
from pathlib import PurePosixPath

from app.inspection.archives.headers import BLOCK, sums_up

HEAD = 4096
"""Bytes that are looked at."""

OPCODES_THAT_TELL = 4
"""After the mark of the protocol."""

PICKLE_NAMES = frozenset(".pkl .pickle .p .pck .dill .cloudpickle .joblib .jl .pt .pth .ckpt .npy .npz".split())
"""What their loaders unpickle; ``numpy.load`` takes for a pickle what has no mark of its own."""
SHARED_NAMES = frozenset(".jl .p .pck .pt .pth .ckpt".split())
"""Those of them that files of other kinds have as well: programs in Julia, texts in Portuguese, paths of Python."""
PACKED_PICKLES = (b"\x5d\0", b"ZF", b"\x28\xb5\x2f\xfd")
"""What joblib and pandas unpack when the name says pickle: lzma, joblib's own format before 0.10, zstd."""
ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
OLD_MODULE = re.compile(rb"[ci][A-Za-z_][\w.]{0,200}\r?\Z")
OLD_NAME = re.compile(rb"[A-Za-z_][\w.]{0,200}\r?")
"""How protocols 0 to 3 import: the end of a line, and all of the next."""
_OLD_MODULE_BYTES = 204
LFS_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/\S+\n(?:\S+ .*\n)*oid \S+\nsize \d+\s*")
LONGEST_POINTER = 1024
"""Bytes (git-lfs: ``docs/spec.md``)."""
USER_BLOCKS = (512, 1024, 2048)
"""Where else an HDF5 file may begin, within the bytes that are looked at."""
XGBOOST = re.compile(rb'\s*\{\s*"learner"\s*:\s*\{\s*"attributes"|\{L\0{7}\x07learner\{')


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
    """What could be a pickle by its name or by lines that import something: it is one if it can be followed."""
    MLMODEL = "mlmodel"
    CONDA = "conda"
    REQUIREMENTS = "requirements"
    XGBOOST = "xgboost"
    LIGHTGBM = "lightgbm"
    CATBOOST = "catboost"
    POINTER = "pointer"
    """What Git LFS leaves where a file should be."""


MARKS = {
    Kind.ZIP: (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"),
    Kind.GGUF: (b"GGUF",),
    Kind.NUMPY: (b"\x93NUMPY",),
    Kind.HDF5: (b"\x89HDF\r\n\x1a\n",),
    Kind.CATBOOST: (b"CBM1",),
    Kind.LIGHTGBM: (b"tree\nversion=v", b"tree\r\nversion=v"),
    Kind.COMPRESSED: (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x5d\0\0", b"\x04\x22\x4d\x18"),
}
"""First bytes; the last are gzip, bzip2, xz, lzma and lz4."""

CARRIES_CODE = frozenset({Kind.NUMPY, Kind.ZIP, Kind.TAR, Kind.COMPRESSED, Kind.PICKLE, Kind.PERHAPS_PICKLE})
"""Kinds that can hold pickles: one that cannot be read is not handed out."""

UNCERTAIN = frozenset({Kind.SAFETENSORS, Kind.GGUF, Kind.CATBOOST})
"""Kinds whose marks a pickle can begin with."""

AFTER_IR_VERSION = frozenset({0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72})
"""Tags of ModelProto: producer and its version, domain, model version, description, graph, opsets, metadata."""
CLAIMS = {
    ".safetensors": Kind.SAFETENSORS, ".gguf": Kind.GGUF, ".onnx": Kind.ONNX,
    ".h5": Kind.HDF5, ".hdf5": Kind.HDF5, ".keras": Kind.ZIP,
}  # fmt: skip
"""Names that are a claim: a file that is none of what its bytes could be is read as this, and fails."""


def detect(head: bytes, size: int, path: str) -> Kind | None:
    """The kind of a file of ``size`` bytes that begins with ``head``; None when nothing here reads it."""
    name = PurePosixPath(path).name.lower()
    suffix = PurePosixPath(name).suffix
    if size <= LONGEST_POINTER and LFS_POINTER.fullmatch(head):
        return Kind.POINTER
    kind = _by_bytes(head, size)
    if kind in UNCERTAIN and suffix in PICKLE_NAMES:
        return Kind.PICKLE  # as its loader takes it: opcodes can spell these marks
    if kind is None and suffix in PICKLE_NAMES and head.startswith(PACKED_PICKLES):
        return Kind.COMPRESSED
    return kind or _by_name(name, suffix) or _by_look(head)


def claimed(path: str) -> Kind | None:
    """The kind that a name alone says, None if it says none."""
    name = PurePosixPath(path).name.lower()
    return _by_name(name, PurePosixPath(name).suffix)


def says_only_pickle(path: str) -> bool:
    """Whether files of this name are pickles and nothing else."""
    return PurePosixPath(path.lower()).suffix in PICKLE_NAMES - SHARED_NAMES


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
    if XGBOOST.match(head):
        return Kind.XGBOOST
    return Kind.TAR if head[257:262] == b"ustar" or sums_up(head[:BLOCK]) else None


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
    return Kind.PERHAPS_PICKLE if suffix in PICKLE_NAMES else CLAIMS.get(suffix)


def _by_look(head: bytes) -> Kind | None:
    """Formats without a mark of their own."""
    if _imports_as_of_old(head):
        return Kind.PERHAPS_PICKLE
    if any(head.startswith(MARKS[Kind.HDF5], start) for start in USER_BLOCKS):
        return Kind.HDF5
    return Kind.ONNX if looks_like_onnx(head) else None


def _imports_as_of_old(head: bytes) -> bool:
    lines = head.split(b"\n")
    lines[-1] = lines[-1][:-1]  # as Python's own unpickler takes a last line without its end
    return any(
        OLD_NAME.fullmatch(name) and OLD_MODULE.search(line[-_OLD_MODULE_BYTES:])
        for line, name in itertools.pairwise(lines)
    )


def looks_like_onnx(head: bytes) -> bool:
    """Whether it begins as ONNX models do: ``ir_version`` of one byte, then another field of a model.

    Other messages do so as well (SavedModel, Core ML): only the whole tells.
    """
    return len(head) > 3 and head[0] == 0x08 and 1 <= head[1] <= 32 and head[2] in AFTER_IR_VERSION


def claims_pickle(path: str) -> bool:
    """Whether the name says pickle, also behind the name of a compression (``a.pkl.gz``)."""
    return any(suffix in PICKLE_NAMES for suffix in PurePosixPath(path.lower()).suffixes[-2:])
