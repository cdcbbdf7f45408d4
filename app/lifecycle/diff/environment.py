"""What a model needs to be loaded: packages of requirements.txt and conda.yaml, and the version of Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.artifacts.reads.differences import DescribedFile

PYTHON = "python"
_NAMED = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(.*)", re.DOTALL)
_AROUND = re.compile(r"\s*(===|==|>=|<=|~=|!=|<|>|,|;)\s*")
"""Blanks around operators say nothing."""
_MAJOR_MINOR = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class RequirementChange:
    """A package of which something else is required; None: nothing is."""

    name: str
    before: str | None
    after: str | None


def read(files: Sequence[DescribedFile], model: Mapping[str, Any]) -> dict[str, str] | None:
    """What is required of each package, by its name in normal form (PEP 503); None where no file says anything.

    ``files`` come with the uppermost first; requirements.txt comes before conda.yaml, as MLflow installs it; ``model``
    is what the MLmodel file says.
    """
    requirements = next((file for file in files if file.format == "requirements"), None)
    conda = next((file for file in files if file.format == "conda"), None)
    entries: list[str] = []
    if conda is not None:
        entries += [
            entry.replace("=", "==", 1) if _is_conda_pin(entry) else entry for entry in _texts(conda, "dependencies")
        ]
        entries += [] if requirements else _texts(conda, "pip")
    if requirements is not None:
        entries += _texts(requirements, "dependencies")
    required = dict(_named(entries))
    if version := model.get("pythonVersion"):
        required[PYTHON] = f"=={version}"
    return required if required or requirements or conda else None


def compare(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> list[RequirementChange]:
    """What differs, by name."""
    old, new = before or {}, after or {}
    names = sorted(old.keys() | new.keys())
    return [RequirementChange(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def is_other_python(change: RequirementChange) -> bool:
    """Whether another minor release of Python is required: what was pickled by one may not load in the other."""
    if change.name != PYTHON or change.before is None or change.after is None:
        return False
    old, new = _MAJOR_MINOR.search(change.before), _MAJOR_MINOR.search(change.after)
    return bool(old and new and old.groups() != new.groups())


def _named(entries: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        if match := _NAMED.fullmatch(entry):
            name, extras, spec = match.groups()
            required = _AROUND.sub(r"\1", spec).strip()
            yield re.sub(r"[-_.]+", "-", name).lower(), f"{extras or ''}{required}"


def _texts(file: DescribedFile, key: str) -> list[str]:
    listed = file.facts.get(key)
    return [entry for entry in listed if isinstance(entry, str)] if isinstance(listed, list) else []


def _is_conda_pin(entry: str) -> bool:
    return re.search(r"[^=<>!~]=[^=]", entry) is not None
