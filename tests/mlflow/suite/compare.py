"""Counts: of the tests that MLflow's own server passes over REST, how many Modelyard passes.

`python compare.py modelyard.jsonl mlflow.jsonl`; ends with 1 where one of them fails.
"""
# ruff: noqa: T201 - a command

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path


def read(path: str) -> tuple[dict[str, tuple[str, str]], Counter[str]]:
    """What became of each test and why, and how many were left out for which reason."""
    result: dict[str, tuple[str, str]] = {}
    excluded: Counter[str] = Counter()
    for line in Path(path).read_text().splitlines():
        row = json.loads(line)
        if "excluded" in row:
            excluded.update(row["excluded"])
        elif row["outcome"] != "passed" or row["test"] not in result:
            result[row["test"]] = (row["outcome"], row["why"])
    return result, excluded


def main(ours_path: str, theirs_path: str) -> int:
    (ours, excluded), (theirs, _) = read(ours_path), read(theirs_path)
    concern = [test for test, (outcome, _) in theirs.items() if outcome == "passed"]
    failed = [test for test in concern if ours.get(test, ("not run", ""))[0] != "passed"]
    neither = [test for test, (outcome, _) in theirs.items() if outcome != "passed"]
    for test in failed:
        outcome, why = ours.get(test, ("not run", ""))
        told = [line.strip() for line in why.splitlines() if line.startswith("E ")][:3]
        print(f"{outcome}: {test}", *told, sep="\n    ")
    print(f"\nMLflow's own server passes over REST: {len(concern)}")
    print(f"Modelyard passes of these:            {len(concern) - len(failed)}")
    print(f"MLflow's own server does not pass:    {len(neither)}")
    for why, count in sorted(excluded.items(), key=lambda one: -one[1]):
        print(f"left out {count:5}  {why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
