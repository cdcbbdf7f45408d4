"""The committed record of a run: ``docs/corpus.json``, and what people read of it, ``docs/corpus.md``."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from app.inspection.inspector import Report

Made: TypeAlias = "dict[str, Any]"
"""A line of a maker: library, version, python and folder, with path, size and sha256 of a file, or with an error."""

COLUMNS = ("path", "size", "sha256", "format", "outcome", "verdict")
CHANGING = (
    (re.compile(r"__main__-[^/]*"), "__main__-*"),
    (re.compile(r"tfevents\.\d+\.[^/]*"), "tfevents.*"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{2,4}[^/.]*(?=[/.]|$)"), "*"),
    (re.compile(r"[0-9a-f]{16,}"), "*"),
    (re.compile(r"\d{10,}"), "*"),
)
"""Parts of paths that are other ones at each run: folders of scripts, numbers of runs, moments, hosts."""


def stable(paths: Iterable[str]) -> list[str]:
    """The paths with ``*`` for what changes from run to run; those that are equal then are numbered."""
    seen: Counter[str] = Counter()
    named = []
    for path in paths:
        name = path
        for pattern, instead in CHANGING:
            name = pattern.sub(instead, name)
        seen[name] += 1
        named.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return named


def record(
    made: Sequence[Made], reports: Sequence[Report], hostile: dict[str, list[int]], missing: dict[str, str]
) -> Any:
    """What a run gave, as it is written down; ``made`` are files only, ``reports`` in their order.

    ``hostile`` has for each set how many were caught, and of how many; ``missing`` says why a group could not run.
    """
    makers: dict[tuple[str, ...], list[list[Any]]] = defaultdict(list)
    ordered = sorted(zip(made, reports, strict=True), key=lambda each: each[0]["path"])
    for path, (file, report) in zip(stable(file["path"] for file, _ in ordered), ordered, strict=True):
        verdict = report.scan.verdict if report.scan else None
        row = [path, file["size"], file["sha256"], report.format, report.outcome.value, verdict]
        makers[file["library"], file["version"], file["python"], file["folder"]].append(row)
    told = [dict(zip(("library", "version", "python", "folder"), key, strict=True)) for key in sorted(makers)]
    return {
        "columns": COLUMNS,
        "hostile": hostile,
        "missing": missing,
        "makers": [maker | {"files": makers[tuple(maker.values())]} for maker in told],
    }


def to_json(recorded: Any) -> str:
    """One line for each file, so that a difference of two runs can be read."""
    lines = [f'"{key}": {json.dumps(recorded[key])},' for key in ("columns", "hostile", "missing")]
    makers = []
    for maker in recorded["makers"]:
        head = json.dumps({key: value for key, value in maker.items() if key != "files"})[:-1]
        files = ",\n".join(json.dumps(row) for row in maker["files"])
        makers.append(f'{head}, "files": [\n{files}\n]}}')
    return "{\n" + "\n".join(lines) + '\n"makers": [\n' + ",\n".join(makers) + "\n]\n}\n"


def outcomes(recorded: Any) -> dict[str, tuple[str, str | None]]:
    """Outcome and verdict of each file by its path."""
    return {row[0]: (row[4], row[5]) for maker in recorded["makers"] for row in maker["files"]}


def differences(before: Any, after: Any) -> list[str]:
    """Sentences: files of ``after`` whose outcome or verdict is another one, and which are new or gone.

    Makers that one of both runs does not have are left out, and so are files whose names change with each run and that
    are new or gone: their number changes, too.
    """
    shared = {_maker(each) for each in before["makers"]} & {_maker(each) for each in after["makers"]}
    old, new = (
        outcomes({"makers": [each for each in side["makers"] if _maker(each) in shared]}) for side in (before, after)
    )
    changed = (path for path in new if old.get(path, new[path]) != new[path])
    told = [f"{path}: was {_words(old[path])}, is {_words(new[path])}" for path in changed]
    told += [f"{path}: is new" for path in new if path not in old and "*" not in path]
    return told + [f"{path}: is gone" for path in old if path not in new and "*" not in path]


def _maker(maker: Any) -> tuple[str, str]:
    return maker["library"], maker["folder"]


def _words(result: tuple[str, str | None]) -> str:
    return result[0] if result[1] is None else f"{result[0]} ({result[1]})"


def to_markdown(recorded: Any) -> str:
    """The page ``docs/corpus.md``."""
    files = [row for maker in recorded["makers"] for row in maker["files"]]
    counted = Counter(row[4] for row in files)
    harmful, caught = (sum(each[at] for each in recorded["hostile"].values()) for at in (1, 0))
    parts = [
        INTRODUCTION.format(
            files=f"{len(files):,}",
            libraries=len({maker["library"] for maker in recorded["makers"]}),
            failed=counted["failed"],
            quarantined=counted["quarantined"],
            harmful=f"{harmful:,}",
            caught=f"{caught:,}",
        ),
        _exceptions(recorded),
        _by_library(recorded),
        _formats(files),
        _suspicious(recorded),
        _hostile(recorded["hostile"]),
    ]
    return "\n".join(parts)


INTRODUCTION = """\
# A corpus of honest files

<!-- Written by `make corpus ARGS=--record` from what that run gave; do not edit. -->

What popular libraries write today must neither fail nor end in quarantine; what is made to harm must. This page is the
record of a run: **{files} files by {libraries} libraries, of which {failed} FAILED and {quarantined} are QUARANTINED; \
{caught} of {harmful} hostile files were caught.**

`make corpus` prepares an environment for each group of libraries (`requirements/corpus`, about 8 GB, nothing else is
touched), runs the makers of `tests/corpus/makers` in them, inspects every file by the function that workers call
(`app.inspection.inspector.inspect`, each in a process of its own), and compares outcomes and verdicts with the record.
It ends with an error if a file is FAILED or QUARANTINED, a hostile one is READY, or a verdict is another one than
recorded. It is no part of the tests and of CI. Once the environments stand no network is needed: models are tiny and
made of configurations.

| | |
|---|---|
| `make corpus ARGS="--folder DIR"` | where everything goes; `.modelyard-corpus` unless named |
| `make corpus ARGS="--groups classic torch"` | some groups only |
| `make corpus ARGS="--python 3.14=/path/to/python3.14"` | an interpreter that is not on the path |
| `make corpus ARGS=--inspect` | inspect what is there, make nothing |
| `make corpus ARGS=--record` | write this page and `docs/corpus.json` |

`docs/corpus.json` has library, version, Python, SHA-256, size, format, outcome and verdict of each file. Bytes differ
from run to run (moments, memory addresses, random numbers); what is compared are outcomes and verdicts. A group whose
Python or libraries are not to be had is left out, and said so. PyTorch is pinned in its build for CPUs, which PyPI does
not have: pip takes it where its configuration names a source of it. Python 3.14 of this run is Debian's, unpacked into
a folder; the others were built from source.
"""


def _exceptions(recorded: Any) -> str:
    lines = ["## FAILED or QUARANTINED", ""]
    wrong = [f"- `{path}`: {_words(result)}" for path, result in outcomes(recorded).items() if result[0] != "ready"]
    lines += wrong or ["None."]
    lines += [f"- Group `{name}` was left out: {reason}" for name, reason in recorded["missing"].items()]
    return "\n".join([*lines, ""])


def _by_library(recorded: Any) -> str:
    rows: dict[str, list[Any]] = defaultdict(list)
    for maker in recorded["makers"]:
        rows[maker["library"]].append(maker)
    lines = [
        "## By library",
        "",
        "| library | versions | Python | files | safe | suspicious | nothing to scan | FAILED | QUARANTINED |",
    ]
    lines.append("|---|---|---|--:|--:|--:|--:|--:|--:|")
    for library, makers in sorted(rows.items(), key=lambda each: each[0].lower()):
        versions = ", ".join(sorted({maker["version"] for maker in makers}))
        pythons = ", ".join(sorted({maker["python"] for maker in makers}))
        told = Counter(_column(row) for maker in makers for row in maker["files"])
        cells = [told[name] for name in ("safe", "suspicious", "none", "failed", "quarantined")]
        numbers = " | ".join(map(str, [sum(cells), *cells]))
        lines.append(f"| {library} | {versions} | {pythons} | {numbers} |")
    return "\n".join([*lines, ""])


def _column(row: Sequence[Any]) -> str:
    return str(row[4]) if row[4] != "ready" else str(row[5] or "none")


def _formats(files: Sequence[Sequence[Any]]) -> str:
    counted = Counter(row[3] or "not read here" for row in files)
    told = ", ".join(f"{name} {count:,}" for name, count in counted.most_common())
    return f"## By format\n\n{told}.\n"


def _suspicious(recorded: Any) -> str:
    lines = ["## READY, with a remark", "", "Files that bring code or names of their own; the reports tell which.", ""]
    lines += ["| maker | suspicious | of | for example |", "|---|--:|--:|---|"]
    for maker in recorded["makers"]:
        rows = [row for row in maker["files"] if row[4] == "ready" and row[5] == "suspicious"]
        if rows:
            name = f"{maker['library']}/{maker['folder']}"
            example = rows[0][0].removeprefix(f"{name}/")
            lines.append(f"| {name} | {len(rows)} | {len(maker['files'])} | `{example}` |")
    return "\n".join([*lines, ""])


def _hostile(hostile: dict[str, list[int]]) -> str:
    lines = ["## The hostile set", "", "| set | caught | of |", "|---|--:|--:|"]
    lines += [f"| {name} | {caught} | {count} |" for name, (caught, count) in hostile.items()]
    lines += [
        "",
        "Those named after tables are cases of `tests/inspection`; `carriers` is a harmful pickle in everything that",
        "carries pickles; `poisoned` are files of the corpus into which a call of `os.system` was put.",
    ]
    return "\n".join([*lines, ""])
