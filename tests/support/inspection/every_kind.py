"""A file of every kind that is looked at, and of every way to pack one."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
import zlib
from collections import OrderedDict
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from tests.inspection.test_headers import gguf, hdf5, npy, npy_header, onnx
from tests.inspection.test_joined_archives_and_lz4 import frame, plain
from tests.support.inspection.sample_files import safetensors

HOSTILE = b"cos\nsystem\n(S'true'\ntR."
VALUES = {
    "when": datetime(2026, 3, 1),  # noqa: DTZ001 - as people write it
    "many": 10**4000,
    "exact": [Decimal("1.5"), Fraction(1, 3)],
    "text": "é\ud800",
    "order": OrderedDict(a=1),
}
CONDA = """name: é
channels: [defaults]
dependencies: [python=3.11, {pip: [numpy==1.0]}]
when: 2026-03-01 10:00:00 +01:00
day: 2026-03-01
many: 123_456
ratio: 1e500
binary: !!binary aGVsbG8=
"""


def _zip(content: bytes, name: str = "model/data.pkl") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.writestr("model/version", "3")
        archive.writestr("modèle.txt", "é")
    return packed.getvalue()


def _tar(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        header = tarfile.TarInfo("pickle")
        header.size = len(content)
        archive.addfile(header, io.BytesIO(content))
    return packed.getvalue()


PICKLES = {f"values.{protocol}.pkl": pickle.dumps(VALUES, protocol) for protocol in range(6)} | {"hostile.pkl": HOSTILE}
FILES = PICKLES | {
    "m.safetensors": safetensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
    "broken.safetensors": safetensors(b"{,}"),
    "m.gguf": gguf({"general.architecture": "llama", "é": ["x", "é"]}),
    "m.onnx": onnx(),
    "m.h5": hdf5(2),
    "m.npy": npy(npy_header("<f8"), bytes(48)),
    "objects.npy": npy(npy_header("|O"), pickle.dumps([1] * 6)),
    "hostile.npy": npy(npy_header("|O"), HOSTILE),
    "unreadable.npy": npy("{'descr': '\\N{BULLET}', 1if 1else 2", bytes(8)),
    "m.pt": _zip(PICKLES["values.4.pkl"]),
    "hostile.pt": _zip(HOSTILE),
    "m.keras": _zip(json.dumps({"class_name": "Sequential", "config": {"layers": []}}).encode(), "config.json"),
    "m.npz": _zip(npy(npy_header("<f8"), bytes(48)), "a.npy"),
    "nested.zip": _zip(_zip(HOSTILE), "inner.zip"),
    "m.tar": _tar(HOSTILE),
    "m.pkl.gz": gzip.compress(PICKLES["values.4.pkl"]),
    "m.pkl.bz2": bz2.compress(HOSTILE),
    "m.pkl.xz": lzma.compress(HOSTILE),
    "m.pkl.lzma": lzma.compress(HOSTILE, lzma.FORMAT_ALONE),
    "m.pkl.z": zlib.compress(HOSTILE),
    "m.pkl.lz4": frame(plain(HOSTILE)),
    "cut.tar.gz": gzip.compress(_tar(HOSTILE))[:-20],
    "MLmodel": b"artifact_path: model\nutc_time_created: 2026-03-01 10:00:00.5\nflavors: {python_function: {}}\n",
    "broken/MLmodel": b"a: [\n",
    "conda.yaml": CONDA.encode(),
    "requirements.txt": b"# -*- coding: iso-8859-15 -*-\nnumpy==1.0\n\xe9\n",
    "unknown/requirements.txt": b"# coding: no-such-code\nnumpy\n",
    "hex/requirements.txt": b"# coding: hex\n6162\n",
    "m.json": b'{"learner": {"attributes": {}, "learner_model_param": {"num_class": "3"}}, "version": [2, 0, 0]}',
    "m.ubj": b"{L\0\0\0\0\0\0\0\x07learner{}",
    "m.lgb": b"tree\nversion=v4\nnum_class=1\nfeature_names=a b\n",
    "m.cbm": b"CBM1" + bytes(60),
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n",
    "noise.pkl": bytes(range(256)),
}  # fmt: skip
