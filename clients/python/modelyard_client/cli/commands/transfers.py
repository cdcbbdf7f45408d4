"""``push`` and ``pull``."""

from __future__ import annotations

import argparse
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Callable, TypeVar

from modelyard_client.cli import arguments as common
from modelyard_client.cli import loop, output
from modelyard_client.cli.answer import Answer
from modelyard_client.connection import default_environment
from modelyard_client.failures import Misused
from modelyard_client.progress import Reporter, Reporting
from modelyard_client.transfer import resume_state

T = TypeVar("T")

_PUSH_CODES = """After an interruption the same command goes on. Exit codes: 0 done; 1 refused, or a file is not fit
for use; 2 wrong usage; 3 the service cannot be reached; 5 not found; 6 not signed in; 7 forbidden; 8 conflict; 9 quota;
130 interrupted."""


def push_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``push``."""
    parser.epilog = _PUSH_CODES
    parser.add_argument("model", metavar="MODEL", help="name of the model")
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="files, and folders for their contents")
    parser.add_argument("--version", help="the version, by SemVer 2.0; the next one when left out")
    parser.add_argument(
        "--increment", choices=("major", "minor", "patch", "prerelease"), help="what the next version raises (patch)"
    )
    parser.add_argument(
        "--candidate",
        "--from-run",
        metavar="ID",
        help="make the version from this candidate (MLflow: run id); files go there",
    )
    parser.add_argument("--description", default="", help="Markdown")
    parser.add_argument("--tag", action="append", default=[], metavar="KEY=VALUE", help="a tag of the version")
    parser.add_argument("--alias", action="append", default=[], metavar="NAME", help="set once all files are verified")
    parser.add_argument(
        "--create", action=argparse.BooleanOptionalAction, default=True, help="make the model if needed"
    )
    parser.add_argument("--to", default="", metavar="FOLDER", help="put the files into this folder")
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="leave out files and folders")
    parser.add_argument("--restart", action="store_true", help="forget the push that was interrupted")
    common.add_evidence(parser)
    common.add_jobs(parser)
    common.add_common(parser)


def push(arguments: argparse.Namespace) -> Answer:
    """Make a version of files."""
    from modelyard_client import push as pushing  # noqa: PLC0415 - help needs none
    from modelyard_client.targets import NewVersion  # noqa: PLC0415

    if arguments.version and arguments.increment:
        raise Misused("Give --version or --increment, not both.")
    increment = arguments.increment.upper() if arguments.increment else None
    tags = common.pairs("--tag", arguments.tag)
    new = NewVersion(arguments.model, arguments.version, increment, arguments.description, tags)
    options = pushing.PushOptions(
        tuple(arguments.paths), new, arguments.candidate, common.evidence(arguments), arguments.to,
        tuple(arguments.exclude), tuple(arguments.alias), arguments.create, arguments.jobs, arguments.restart,
    )  # fmt: skip
    service = common.connected(arguments)
    cache = resume_state.folder(default_environment())
    done = _reporting(arguments, lambda reporter: pushing.push(service, options, cache, reporter))
    return Answer(output.pushed_as_json(done, options, service), output.pushed_as_text(done, options, service))


def pull_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pull``."""
    parser.usage = "modelyard pull [OPTIONS] [MODEL[@ALIAS|:RANGE|:VERSION|#NUMBER]] FOLDER"
    parser.epilog = "Exit code 4: there are no files. What is there already is not fetched again."
    parser.add_argument(
        "what", nargs="*", metavar="MODEL FOLDER", help="what to fetch (a name alone: its latest release)"
    )
    parser.add_argument("--reference", help="which version; MODEL is then a name alone, whatever is in it")
    parser.add_argument("--candidate", metavar="ID", help="files of a candidate instead")
    parser.add_argument("--include", action="append", default=[], metavar="GLOB", help="only these files and folders")
    parser.add_argument("--allow-empty", action="store_true", help="no files are no error")
    common.add_jobs(parser)
    common.add_common(parser)


def pull(arguments: argparse.Namespace) -> Answer:
    """Fetch the files of a version."""
    from modelyard_client import pull as pulling  # noqa: PLC0415 - help needs none

    what, candidate = arguments.what, arguments.candidate
    if len(what) != (1 if candidate else 2):
        wanted = "FOLDER alone with --candidate" if candidate else "MODEL and FOLDER"
        raise Misused(f"Give {wanted}, not {len(what)} arguments.")
    name, version = (
        ("", "") if candidate else (what[0], arguments.reference) if arguments.reference else pulling.parse(what[0])
    )
    options = pulling.PullOptions(
        Path(what[-1]), name, version, candidate, tuple(arguments.include), arguments.jobs, arguments.allow_empty
    )
    service = common.connected(arguments)
    done = _reporting(arguments, lambda reporter: pulling.pull(service, options, reporter))
    return Answer(output.pulled_as_json(done, options, service), output.pulled_as_text(done, options))


def _reporting(arguments: argparse.Namespace, work: Callable[[Reporter], Coroutine[Any, Any, T]]) -> T:
    with Reporting(silent=arguments.json) as reporter:
        return loop.run(work(reporter))
