"""``evaluation add``."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from modelyard_client.cli import arguments as common
from modelyard_client.cli.answer import Answer
from modelyard_client.cli.service import ask
from modelyard_client.failures import Misused
from modelyard_client.registry import evaluations
from modelyard_client.registry.evaluations import Measured, Results
from modelyard_client.text import counted

_MOST_BYTES = 1_000_000


def evaluation_add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``evaluation add``."""
    parser.add_argument("version", metavar="MODEL:REFERENCE", help="what was evaluated: churn:1.2.3, churn@champion")
    parser.add_argument("--reference", help="which version; MODEL is then a name alone")
    parser.add_argument("--dataset", required=True, metavar="NAME", help="the data set that it was evaluated on")
    parser.add_argument("--digest", default="", help="digest or version of the data set")
    parser.add_argument("--metric", action="append", default=[], metavar="KEY=VALUE", help="measured on all of it")
    parser.add_argument(
        "--slice", action="append", default=[], metavar="SLICE:KEY=VALUE", help="measured on a part of it"
    )
    parser.add_argument(
        "--file",
        type=Path,
        metavar="JSON",
        help='both: {"acc": 0.9, "slices": {"night": {"acc": 0.8}}}',
    )
    parser.add_argument("--name", default="", help="for people to read")
    parser.add_argument("--description", default="", metavar="MARKDOWN", help="for people to read")
    parser.add_argument("--evaluated-at", metavar="MOMENT", help="such as 2027-01-31T12:00:00Z; now if left out")
    parser.add_argument("--candidate", metavar="ID", help="id of the candidate with the evaluation's files")
    parser.add_argument("--folder", default="", help="the folder of that candidate's files")
    parser.add_argument("--key", metavar="TEXT", help="tells a repetition, such as the CI job's number")
    common.add_common(parser)


def evaluation_add(arguments: argparse.Namespace) -> Answer:
    """Attach results of an evaluation to a version."""
    model, reference = common.version_reference(arguments.version, arguments.reference)
    metrics = [*_given(arguments), *(_of_file(arguments.file) if arguments.file else [])]
    if not metrics:
        raise Misused("Give at least one --metric, --slice or a --file.")
    results = Results(
        dataset=arguments.dataset,
        digest=arguments.digest,
        metrics=metrics,
        name=arguments.name,
        description=arguments.description,
        evaluated_at=arguments.evaluated_at,
        candidate_id=arguments.candidate,
        artifact_folder=arguments.folder,
        idempotency_key=arguments.key,
    )
    made = ask(arguments, lambda api: evaluations.add(api, model, reference, results))
    version = made["modelVersion"]
    was = "was there already" if made["alreadyStored"] else "is added"
    what = f"The evaluation of {model} {version['version']} on {made['datasetName']}"
    document = {
        "id": made["id"], "model": model, "version": version["version"], "number": version["number"],
        "dataset": made["datasetName"], "digest": made["datasetDigest"], "metrics": made["metrics"],
        "alreadyStored": made["alreadyStored"],
    }  # fmt: skip
    return Answer(document, f"{what} {was}: {counted(len(metrics), 'value')}.")


def _given(arguments: argparse.Namespace) -> list[Measured]:
    whole = [Measured(key, _number(key, value)) for key, value in common.pairs("--metric", arguments.metric).items()]
    parts = []
    for name, value in common.pairs("--slice", arguments.slice).items():
        part, colon, key = name.rpartition(":")
        if not colon or not part:
            raise Misused(f"--slice {name}={value}: write SLICE:KEY=VALUE, such as night:accuracy=0.8.")
        parts.append(Measured(key, _number(key, value), part))
    return whole + parts


def _of_file(path: Path) -> list[Measured]:
    try:
        raw = path.read_bytes()
        read: Any = json.loads(raw) if len(raw) <= _MOST_BYTES else None
    except OSError as error:
        raise Misused(f"--file {path}: {error.strerror}.") from error
    except ValueError as error:
        raise Misused(f"--file {path} is no JSON: {error}.") from error
    if not isinstance(read, dict):
        raise Misused(f"--file {path}: it must be an object of metrics, of at most {_MOST_BYTES:,} bytes.")
    slices = read.pop("slices", {})
    if not isinstance(slices, dict) or not all(isinstance(part, dict) for part in slices.values()):
        raise Misused(f'--file {path}: "slices" has an object of metrics by the name of each slice.')
    whole = [Measured(key, _number(key, value)) for key, value in read.items()]
    return whole + [
        Measured(key, _number(key, value), part) for part, values in slices.items() for key, value in values.items()
    ]


def _number(key: str, value: object) -> float:
    try:
        number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Misused(f"The metric {key} is {value!r}; a result is a finite number. Leave out what was not measured.")
    return number
