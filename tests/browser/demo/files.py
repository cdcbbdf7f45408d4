"""Files as versions of models have them: one of each kind that pages show a preview of, all of them small."""

from __future__ import annotations

import json
import math
import random
import struct
import zlib

from tests.inspection.test_headers import LLAMA, gguf, onnx
from tests.support.inspection.sample_files import safetensors

MLMODEL = """artifact_path: model
flavors:
  python_function:
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.pytorch
    python_version: 3.11.9
  pytorch: {model_data: data, pytorch_version: 2.9.1}
mlflow_version: 3.17.2
model_size_bytes: 4194304
model_uuid: 0192f0c1a2b37c4d8e5f60718293a4b5
signature:
  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "uint8", "shape": [-1, 768, 1024, 3]}}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3, 768, 1024]}}]'
"""
REQUIREMENTS = "mlflow==3.17.2\nnumpy==2.3.5\ntorch==2.9.1\ntorchvision==0.24.1\npillow==13.0.0\n"
README = (
    "# Files of this version\n\n- `weights.safetensors`: what `predict.py` loads\n- `plots/`: what the training drew\n"
)
CODE = '''"""Loads the weights and says where the scratches are."""

from safetensors.torch import load_file

CLASSES = ("scratch", "dent", "stain")


def predict(image, threshold=0.5):
    scores = MODEL(image.float() / 255)
    return {name: score > threshold for name, score in zip(CLASSES, scores)}
'''


def png(width: int = 320, height: int = 200, seed: int = 7) -> bytes:
    """A picture with a diagonal scratch on brushed steel, in grey."""
    noise = random.Random(seed)
    rows = []
    for y in range(height):
        base = 150 + noise.randrange(24)
        scratch = int(width * 0.2 + y * 1.1 + 6 * math.sin(y / 9))
        row = bytes(240 if abs(x - scratch) < 2 else min(255, base + (x * 7 + y) % 9) for x in range(width))
        rows.append(b"\x00" + row)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packed = zlib.compress(b"".join(rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def wav(seconds: float = 1.0, rate: int = 8000) -> bytes:
    """A tone of 440 Hz."""
    tones = (int(12000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(int(seconds * rate)))
    body = b"".join(struct.pack("<h", tone) for tone in tones)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", 36 + len(body), b"WAVE") + form + struct.pack("<4sI", b"data", len(body)) + body
    )


def csv(rows: int = 60) -> bytes:
    """Measurements of each epoch."""
    rows_of_text = ["epoch,train_loss,val_loss,val_f1,learning_rate"]
    for epoch in range(rows):
        loss = 0.7 * math.exp(-epoch / 14) + 0.05
        rows_of_text.append(f"{epoch},{loss:.5f},{loss * 1.15:.5f},{0.96 - loss * 0.6:.5f},{3e-4 * 0.95**epoch:.2e}")
    return ("\n".join(rows_of_text) + "\n").encode()


def notebook() -> bytes:
    """Two cells of text and one of code with its output."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Errors by line\n", "What is left after training."]},
        {
            "cell_type": "code",
            "execution_count": 3,
            "metadata": {},
            "source": ["frame.groupby('line').error.mean().round(3)"],
            "outputs": [
                {
                    "output_type": "execute_result",
                    "execution_count": 3,
                    "metadata": {},
                    "data": {"text/plain": ["line\n", "1    0.041\n", "4    0.029\n", "7    0.052\n"]},
                }
            ],
        },
        {"cell_type": "markdown", "metadata": {}, "source": ["Line 7 has *two* cameras."]},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def weights() -> bytes:
    """A header as those of real files, with as few bytes as it allows."""
    header, at = {"__metadata__": {"format": "pt", "epoch": "60"}}, 0
    for layer in range(12):
        for name, shape in ((f"backbone.{layer}.conv.weight", [16, 16, 3, 3]), (f"backbone.{layer}.norm.bias", [16])):
            size = 4 * math.prod(shape)
            header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}  # type: ignore[assignment]
            at += size
    return safetensors(header, bytes(at))


def every() -> dict[str, bytes]:
    """All of them, by path."""
    metrics = {"f1": 0.9471, "precision": 0.9533, "recall": 0.941, "by_class": {"scratch": 0.961, "dent": 0.944}}
    return {
        "MLmodel": MLMODEL.encode(),
        "README.md": README.encode(),
        "requirements.txt": REQUIREMENTS.encode(),
        "code/predict.py": CODE.encode(),
        "data/weights.safetensors": weights(),
        "data/weights.onnx": onnx(),
        "data/weights-q4.gguf": gguf(LLAMA, [("w", [32, 4], 2, 0), ("n", [5], 0, 96)], 96 + 20),
        "evaluation/metrics.json": json.dumps(metrics).encode(),
        "evaluation/history.csv": csv(),
        "evaluation/errors.ipynb": notebook(),
        "plots/line-4.png": png(),
        "plots/line-7.png": png(seed=11),
        "sounds/alarm.wav": wav(),
    }
