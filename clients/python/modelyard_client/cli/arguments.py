"""What commands have in common: options, texts of the form KEY=VALUE, and how wrong usage is told."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn, Optional

from modelyard_client import connection, targets
from modelyard_client.connection import Choice, Connection
from modelyard_client.failures import Misused

_MARK = "\0"


class Parser(argparse.ArgumentParser):
    """Raises what argparse would print, so that it can be told as JSON, too."""

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """What the words say; options may stand between arguments, and after ``--`` nothing is an option.

        ``parse_intermixed_args`` parses twice and has forgotten ``--`` by then, so words after it are marked by a
        letter that no command line can hold.

        Raises:
            Misused: they make no sense.
            SystemExit: help was printed.
        """
        end = words.index("--") if "--" in words else len(words)
        arguments = self.parse_intermixed_args([*words[:end], *(_MARK + word for word in words[end + 1 :])])
        for name, value in vars(arguments).items():
            setattr(arguments, name, [_unmarked(one) for one in value] if isinstance(value, list) else _unmarked(value))
        return arguments

    def error(self, message: str) -> NoReturn:
        """Refuse the command line.

        Raises:
            Misused: always.
        """
        raise Misused(f"{message[:1].upper()}{message[1:].rstrip('.')}. See `{self.prog} --help`.")


def add_common(parser: argparse.ArgumentParser, *, project: bool = True) -> None:
    """Options of every command that speaks to the service."""
    group = parser.add_argument_group("which service, as whom")
    group.add_argument("--profile", metavar="NAME", help="a sign-in of this machine, instead of the default one")
    group.add_argument("--connection", metavar="FILE", type=Path, help="a connection.env, as `modelyard up` writes it")
    if project:
        group.add_argument("--project", metavar="PATH", help="full path of the project")
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """``--jobs``."""
    parser.add_argument("--jobs", type=_jobs, default=8, metavar="N", help="transfers side by side (8)")


def add_evidence(parser: argparse.ArgumentParser) -> None:
    """What is logged to a version beside its files."""
    group = parser.add_argument_group("what is known of the version")
    group.add_argument("--metric", action="append", default=[], metavar="KEY=VALUE", help="a metric; may be repeated")
    group.add_argument("--param", action="append", default=[], metavar="KEY=VALUE", help="a hyper-parameter")
    group.add_argument("--dataset", action="append", default=[], metavar="NAME@DIGEST", help="data it was made from")
    group.add_argument(
        "--fact", action="append", default=[], metavar="KEY=VALUE", help="commit, branch or repository of its source"
    )
    group.add_argument("--step", type=int, default=0, metavar="N", help="the step of the metrics (0)")


def connected(arguments: argparse.Namespace, *, needs_project: bool = True) -> Connection:
    """The connection that the command line and its surroundings mean.

    Raises:
        Misused: there is none.
    """
    choice = Choice(arguments.connection, arguments.profile, getattr(arguments, "project", None))
    return connection.find(choice, connection.default_environment(), needs_project=needs_project)


def evidence(arguments: argparse.Namespace) -> Any:
    """An ``Evidence`` of what :func:`add_evidence` declares.

    Raises:
        Misused: something has another form.
    """
    from modelyard_client.registry.logs import Evidence  # noqa: PLC0415 - help needs none

    metrics = {key: _number(key, text) for key, text in pairs("--metric", arguments.metric).items()}
    datasets = {}
    for text in arguments.dataset:
        name, mark, digest = text.rpartition("@")
        if not mark or not name or not digest:
            raise Misused(f"--dataset is NAME@DIGEST, not {text!r}.")
        datasets[name] = digest
    params, facts = pairs("--param", arguments.param), pairs("--fact", arguments.fact)
    made = Evidence(metrics, params, datasets, facts, arguments.step)
    made.as_input()
    return made


def pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    """Texts of the form KEY=VALUE.

    Raises:
        Misused: one has another form, or a key is there twice with two values.
    """
    result: dict[str, str] = {}
    for text in texts:
        key, mark, value = text.partition("=")
        if not mark or not key:
            raise Misused(f"{option} is KEY=VALUE, not {text!r}.")
        if result.setdefault(key, value) != value:
            raise Misused(f"{option} gives `{key}` two values: {result[key]!r} and {value!r}.")
    return result


def add_either(parser: argparse.ArgumentParser, what: str = "a model, or a version of it") -> None:
    """``MODEL[:REFERENCE]``, and what names a model with `@`, `:` or `#` in its name."""
    parser.add_argument("what", metavar="MODEL[:REFERENCE]", help=what)
    parser.add_argument("--reference", help="which version; MODEL is then a name alone")
    parser.add_argument("--literal", action="store_true", help="MODEL is a name alone, whatever is in it")


def either(arguments: argparse.Namespace) -> tuple[str, str | None]:
    """The model that was named, and the reference if there is one.

    Raises:
        Misused: one of them is empty.
    """
    if arguments.reference is not None or arguments.literal:
        name, reference = arguments.what, arguments.reference
    else:
        name, reference = targets.split_reference(arguments.what)
    if not name or reference == "":
        raise Misused(f"{arguments.what!r} names no model and no version; write MODEL, MODEL:1.2.3 or MODEL@alias.")
    return name, reference


def version_reference(text: str, reference: Optional[str] = None) -> tuple[str, str]:
    """Model and reference of ``MODEL:REFERENCE``; with ``--reference`` the text is the name of the model alone.

    Raises:
        Misused: there is no reference: what changes something does not guess which version is meant.
    """
    if reference is not None:
        return text, reference
    model, named = targets.split_reference(text)
    if not named or not model:
        raise Misused(f"Say which version: {model or 'MODEL'}:1.2.3, :^1.2, :latest, @alias or #7.")
    return model, named


def _unmarked(value: Any) -> Any:
    if isinstance(value, Path):
        return Path(str(value).replace(_MARK, ""))
    return value.replace(_MARK, "") if isinstance(value, str) else value


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Misused(f"--metric {key} is {text!r}, but must be a number, nan, inf or -inf.") from None


def _jobs(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 64")
    return int(text)
