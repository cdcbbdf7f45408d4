"""What the documents of a model say that matters to its users: signature, flavors, and the environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.artifacts.reads.differences import DescribedFile
from app.lifecycle import signatures
from app.lifecycle.diff import environment
from app.lifecycle.signatures import Column, Signature

_PYFUNC = "python_function"


@dataclass(frozen=True, slots=True)
class Documents:
    """One side. ``signature_path`` is the file that declares the signature: the uppermost MLmodel, or ONNX model."""

    signature: Signature | None = None
    signature_path: str | None = None
    flavors: tuple[str, ...] = ()
    loader: str | None = None
    requirements: Mapping[str, str] | None = None
    """Packages, ``python`` among them, with what is required of them; None: nothing says so."""


def read(files: Sequence[DescribedFile]) -> Documents:
    """The documents of one side; ``files`` come with the uppermost first."""
    model = next((file for file in files if file.format == "mlmodel"), None)
    signature = signatures.of_facts(model.facts) if model else None
    path = model.path if model and signature else None
    if signature is None:
        graph = next((file for file in files if file.format == "onnx"), None)
        signature, path = (_of_onnx(graph.facts), graph.path) if graph else (None, None)
    flavors = _mapping(model.facts.get("flavors")) if model else {}
    loader = model.facts.get("loaderModule") if model else None
    return Documents(
        signature=signature,
        signature_path=path,
        flavors=tuple(sorted(str(name) for name in flavors if name != _PYFUNC)),
        loader=str(loader) if loader else None,
        requirements=environment.read(files, model.facts if model else {}),
    )


def _of_onnx(facts: Mapping[str, Any]) -> Signature:
    """The inputs and outputs of a graph; all are required, and are called by their names."""
    sides = {
        name: tuple(
            Column(str(each.get("name")), f"{each.get('type')} {_shape(each.get('shape'))}".strip())
            for each in _list(facts.get(name))
            if isinstance(each, Mapping)
        )
        for name in ("inputs", "outputs")
    }
    cut = not {"inputs", "outputs"} <= facts.keys()
    return Signature(sides["inputs"], sides["outputs"], is_whole=not cut)


def _shape(shape: Any) -> str:
    return "" if shape is None else f"[{', '.join(str(each) for each in _list(shape))}]"


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
