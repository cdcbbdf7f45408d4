"""`modelyard doctor`: whether this installation is in order."""
# ruff: noqa: PLC0415 - the command line loads nothing before a command runs

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.commands import session

if TYPE_CHECKING:
    from app.runtime import Runtime
    from app.upkeep.doctor.findings import Finding


def doctor(
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for a warning, too.")] = False,
) -> None:
    """Check settings, connections, queue, disk, and what keeps scanners in; exit with 1 if something does not work."""
    from app.upkeep.doctor.findings import Level

    findings = session.run(_examine)
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        typer.echo(f"{finding.level:<8} {finding.name:<{width}}  {finding.text}")
    bad = {Level.FAILED, Level.WARNING} if strict else {Level.FAILED}
    if any(finding.level in bad for finding in findings):
        raise typer.Exit(session.FAILED)


async def _examine(runtime: Runtime) -> list[Finding]:
    from app.upkeep.doctor import checks

    return await checks.examine(runtime.settings, runtime.db, runtime.blobs, runtime.notifier)
