"""From the words of a command line to an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from modelyard_client import __version__
from modelyard_client.cli import commands
from modelyard_client.failures import Failure, Interrupted, Misused

_INTRODUCTION = "Models and versions of a Modelyard installation: pushed, pulled, listed, named, changed."


def main() -> None:
    """The script ``modelyard``. Where the server is installed, too, commands that are its own are left to it."""
    words = sys.argv[1:]
    command, _ = commands.choose(words)
    if (
        command is None
        and words[:1] not in (["--version"], ["__complete"])
        and (words[:1] or ["--help"])[0] not in commands.GROUPS
    ):
        server = _server()
        if server is not None:
            sys.exit(server())
    sys.exit(run(words))


def run(words: Sequence[str]) -> int:
    """Do what the words say; returns the exit code."""
    words = list(words)
    if words[:1] in (["--version"], ["-V"]):
        print(f"modelyard-client {__version__}")  # noqa: T201
        return 0
    if words[:1] == ["__complete"]:
        from modelyard_client.cli.commands.completion import candidates  # noqa: PLC0415

        print("\n".join(candidates(words[1:])))  # noqa: T201
        return 0
    try:
        return _run(words)
    except Failure as failure:
        from modelyard_client.cli.answer import tell_failure  # noqa: PLC0415

        return tell_failure(failure, as_json="--json" in words)
    except KeyboardInterrupt:
        from modelyard_client.cli.answer import tell_failure  # noqa: PLC0415

        resumable = words[:1] in (["push"], ["pull"])
        hint = "Interrupted. Run the same command again to resume." if resumable else "Interrupted."
        return tell_failure(Interrupted(hint), as_json="--json" in words)


def _run(words: list[str]) -> int:
    command, rest = commands.choose(words)
    if command is None:
        return _without_command(words)
    from modelyard_client.cli.answer import tell  # noqa: PLC0415 - not for `--version`
    from modelyard_client.cli.arguments import Parser  # noqa: PLC0415

    parser = Parser(prog=f"modelyard {command.name}", description=command.summary, allow_abbrev=False)
    command.declare(parser)
    try:
        arguments = parser.parse(rest)
    except SystemExit as done:  # argparse has printed the help
        return int(done.code or 0)
    answer = command.run(arguments)
    if answer is not None:
        tell(answer, as_json=bool(getattr(arguments, "json", False)))
    return 0


def _without_command(words: list[str]) -> int:
    group = words[0] if words and words[0] in commands.GROUPS else None
    others = [word for word in words if word not in {group, "--help", "-h", "--json"}]
    if others:
        wrong = " ".join(filter(None, (group, others[0])))
        raise Misused(f"There is no command `{wrong[:80]}`. See `modelyard{f' {group}' if group else ''} --help`.")
    print(_overview(group))  # noqa: T201
    return 0 if "--help" in words or "-h" in words else 2


def _overview(group: str | None) -> str:
    if group:
        title, heading = commands.GROUPS[group], f"modelyard {group} COMMAND"
        rows = {one.name: one.summary for one in commands.COMMANDS if one.name.split()[0] == group}
    else:
        title, heading = _INTRODUCTION, "modelyard COMMAND"
        rows = commands.first_words()
    width = max(map(len, rows))
    listed = "\n".join(f"  {name:{width}}  {summary}" for name, summary in rows.items())
    return f"usage: {heading} [OPTIONS]\n\n{title}\n\n{listed}\n\n`modelyard COMMAND --help` tells more of each."


def _server() -> Any:
    """The server's own command line, where it is installed in the same environment."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow, and rarely needed

    points: Any = entry_points()
    name = "modelyard.server"
    chosen = points.select(group=name) if hasattr(points, "select") else points.get(name, ())
    return next((point.load() for point in chosen), None)


if __name__ == "__main__":
    main()
