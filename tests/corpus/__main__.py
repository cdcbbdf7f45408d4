"""Make files by popular libraries, inspect them, and compare with the record; docs/corpus.md says more."""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.corpus import environments, hostile, inspecting, recording

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "docs/corpus.json"
PAGE = ROOT / "docs/corpus.md"


def main() -> int:
    options = _options()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    missing = {} if options.inspect else _made(folder, options)
    after = _inspected(folder, missing)
    if options.record:
        RECORD.write_text(recording.to_json(after))
        PAGE.write_text(recording.to_markdown(after))
        return 0
    wrong = [*_wrong(after), *recording.differences(json.loads(RECORD.read_text()), after)]
    print("\n".join(wrong) if wrong else "All outcomes and verdicts are as recorded.")
    return bool(wrong)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make corpus ARGS=…", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".modelyard-corpus")
    parser.add_argument("--groups", nargs="+", choices=[group.name for group in environments.GROUPS])
    parser.add_argument("--python", action="append", default=[], metavar="VERSION=PATH")
    parser.add_argument("--inspect", action="store_true", help="inspect what is there, make nothing")
    parser.add_argument("--record", action="store_true", help="write docs/corpus.json and docs/corpus.md")
    return parser.parse_args()


def _made(folder: Path, options: argparse.Namespace) -> dict[str, str]:
    """Run the groups; why some could not."""
    pythons = dict(each.split("=", 1) for each in options.python)
    chosen = [group for group in environments.GROUPS if group.name in (options.groups or [group.name])]

    def fill(group: environments.Group) -> str:
        try:
            environments.fill(group, folder, pythons)
        except environments.Unavailable as reason:
            return str(reason).replace(str(folder), "the folder")
        return ""

    missing = {}
    with ThreadPoolExecutor(os.cpu_count()) as at_once:
        for group, reason in zip(chosen, at_once.map(fill, chosen), strict=True):
            print(f"{group.name} ({group.python}): {reason or 'made'}", flush=True)
            if reason:
                missing[group.name] = reason
    return missing


def _inspected(folder: Path, missing: dict[str, str]) -> Any:
    lines = list(inspecting.made(folder))
    files = [each for each in lines if "path" in each]
    for each in lines:
        if "error" in each:
            print(f"{each['library']}/{each['folder']} was not made as a whole: {each['error']}")
    print(f"inspecting {len(files):,} files", flush=True)
    reports = inspecting.inspected(folder, files)
    for file, report in zip(files, reports, strict=True):
        if report.outcome.value != "ready":
            print(f"{report.outcome.value}: {file['path']}: {report.reason}")
    return recording.record(files, reports, _caught(folder, files), missing)


def _caught(folder: Path, files: list[recording.Made]) -> dict[str, list[int]]:
    sets = (*hostile.TABLES, hostile.CARRIERS)
    cases = [case for name in sets for case in hostile.cases(name)]
    cases += hostile.poisoned(folder, [each["path"] for each in files])
    print(f"inspecting {len(cases):,} hostile files", flush=True)
    told: dict[str, list[int]] = {}
    for case, caught in zip(cases, inspecting.caught(cases), strict=True):
        counts = told.setdefault(case.set, [0, 0])
        counts[0] += caught
        counts[1] += 1
        if not caught:
            print(f"not caught: {case.set}: {case.path}")
    return told


def _wrong(after: Any) -> list[str]:
    """What must never be: an honest file that is withheld, a hostile one that is handed out."""
    withheld = [f"{path} is {result[0]}" for path, result in recording.outcomes(after).items() if result[0] != "ready"]
    return withheld + [
        f"{name}: {count - caught} not caught" for name, (caught, count) in after["hostile"].items() if caught < count
    ]


if __name__ == "__main__":
    sys.exit(main())
