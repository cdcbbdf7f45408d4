"""``audit export`` and ``audit verify``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from modelyard_client.audit import verify as verifier
from modelyard_client.audit.verify import Head, Report
from modelyard_client.cli import arguments as common
from modelyard_client.cli import loop
from modelyard_client.cli.answer import Answer
from modelyard_client.failures import Failure, Misused
from modelyard_client.progress import Reporter, Reporting
from modelyard_client.text import counted


class NotSound(Failure):
    """An export of the audit log does not prove itself."""

    default_code = "AUDIT_NOT_SOUND"


def audit_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``audit export``."""
    parser.epilog = "For maintainers of the project, with the scope api; --installation is for administrators."
    parser.add_argument("file", metavar="FILE", type=Path, help="one JSON object in a line; replaced when complete")
    parser.add_argument("--installation", action="store_true", help="what belongs to no project, such as users")
    parser.add_argument(
        "--only-heads", action="store_true", help="only how far the log had come each hour, to be kept elsewhere"
    )
    common.add_common(parser)


def audit_export(arguments: argparse.Namespace) -> Answer:
    """Write the audit log to a file."""
    from modelyard_client.audit import export  # noqa: PLC0415 - help needs none
    from modelyard_client.service import graphql  # noqa: PLC0415 - likewise

    if arguments.installation and arguments.project:
        raise Misused("Give --project or --installation, not both.")
    connection = common.connected(arguments, needs_project=not arguments.installation)
    project = None if arguments.installation else connection.project

    async def work(reporter: Reporter) -> export.Exported:
        async with graphql.opened(connection, 0, reporter.say) as api:
            return await export.write(api, project, arguments.file, reporter, only_heads=arguments.only_heads)

    try:
        with Reporting(silent=arguments.json) as reporter:
            done = loop.run(work(reporter))
    except OSError as error:
        raise Failure(f"{arguments.file} cannot be written: {error.strerror or error}.") from None
    heads, entries = counted(done.heads, "head"), counted(done.entries, "entry", "entries")
    text = f"Wrote {heads} to {done.path}." if arguments.only_heads else f"Wrote {entries} and {heads} to {done.path}."
    return Answer(
        {
            "file": done.path,
            "chain": done.chain,
            "entries": done.entries,
            "heads": done.heads,
            "lastHash": done.last_hash,
        },
        text,
    )


def audit_verify_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``audit verify``."""
    parser.epilog = (
        "Exit code 1: something was altered, removed or inserted. Without --heads an export is only compared with "
        "itself: who can write the database could make the whole chain anew, or cut off its end."
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="what `modelyard audit export` wrote")
    parser.add_argument(
        "--heads", metavar="FILE", type=Path, action="append", default=[], help="heads that were kept elsewhere"
    )
    common.add_json(parser)


def audit_verify(arguments: argparse.Namespace) -> Answer:
    """Check an export against its hashes and against heads."""
    stored = [head for path in arguments.heads for head in _heads(path)]
    with Reporting(silent=arguments.json) as reporter:
        report = _verified(arguments.file, stored, reporter)
    if not report.is_sound:
        more = [f"… and {report.more_problems} more."] if report.more_problems else []
        raise NotSound("\n".join([f"{arguments.file} is not sound.", *report.problems, *more]))
    entries = counted(report.entries, "entry is", "entries are")
    agreed = counted(report.heads, "stored head agrees", "stored heads agree")
    if report.heads:
        proof = f"{agreed}, which proves all up to entry {report.proven}."
    elif arguments.heads:
        proof = "No stored head was compared: the files of --heads have none of this chain."
    else:
        proof = "No stored head was compared: give --heads to prove that the chain was not made anew."
    data = {
        "chain": report.chain, "entries": report.entries, "lastSeq": report.last_seq, "lastHash": report.last_hash,
        "storedHeads": report.heads, "provenSeq": report.proven,
    }  # fmt: skip
    return Answer(data, f"Sound: {entries} unaltered, without a gap. {proof}\nHash of the last: {report.last_hash}")


def _verified(path: Path, stored: list[Head], reporter: Reporter) -> Report:
    def lines() -> Iterator[str]:
        with path.open("rb") as file:
            for line in file:
                reporter.advance(len(line))
                yield line.decode("utf-8", "replace")

    try:
        reporter.begin("Verifying", path.stat().st_size)
        return verifier.verify(lines(), stored)
    except OSError as error:
        raise Misused(f"{path} cannot be read: {error.strerror or error}.") from None


def _heads(path: Path) -> list[Head]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return list(verifier.heads_of(file))
    except OSError as error:
        raise Misused(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValueError as error:
        raise Misused(f"{path} has no heads that can be read. {error}") from None
