"""``completion``: scripts for shells. They ask ``modelyard __complete WORD…`` for what may stand next."""

from __future__ import annotations

import argparse
from contextlib import suppress
from typing import Any

from modelyard_client import connection
from modelyard_client.cli import loop
from modelyard_client.cli.answer import Answer
from modelyard_client.cli.commands import COMMANDS, GROUPS, Command, choose, first_words
from modelyard_client.connection import Choice
from modelyard_client.text import legible

_SCRIPTS = {
    "bash": """_modelyard() {
    local word
    COMPREPLY=()
    while IFS= read -r word; do
        COMPREPLY+=("$(printf '%q' "$word")")
    done < <(modelyard __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -o bashdefault -F _modelyard modelyard""",
    "zsh": """#compdef modelyard
_modelyard() {
    local -a candidates
    candidates=("${(@f)$(modelyard __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    [[ -n "$candidates" ]] && compadd -a candidates || _files
}
compdef _modelyard modelyard""",
    "fish": """function __modelyard_complete
    set -l words (commandline -opc) (commandline -ct)
    modelyard __complete $words[2..-1] 2>/dev/null
end
complete -c modelyard -a '(__modelyard_complete)'""",
}
_OF_MODELS = frozenset(
    {
        "versions",
        "show",
        "log",
        "stage",
        "alias set",
        "alias delete",
        "tag set",
        "tag delete",
        "delete",
        "push",
        "pull",
    }
)
"""Commands whose first argument names a model."""
_MOST = 50
_PATIENCE = 0.0
"""Seconds for which the service is tried again: a key was pressed, and the person waits."""


def completion_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``completion``."""
    parser.epilog = (
        'bash: eval "$(modelyard completion bash)"; zsh: the same with zsh, after compinit; '
        "fish: modelyard completion fish | source."
    )
    parser.add_argument("shell", choices=sorted(_SCRIPTS), help="for which shell")


def completion(arguments: argparse.Namespace) -> Answer:
    """Print the script of a shell."""
    script = _SCRIPTS[arguments.shell]
    return Answer({"script": script}, script, is_raw=True)


def candidates(words: list[str]) -> list[str]:
    """What may stand instead of the last of these words, which has been typed in part. Never fails."""
    before, typed = words[:-1], words[-1] if words else ""
    command, rest = choose(before)
    following = _following(before) if command is None else _of_command(command, rest, typed)
    return [word for word in following if word.startswith(typed) and legible(word) == word and "\n" not in word]


def _following(before: list[str]) -> list[str]:
    if not before:
        return list(first_words())
    if len(before) == 1 and before[0] in GROUPS:
        return [one.name.split()[1] for one in COMMANDS if one.name.split()[0] == before[0]]
    return []


def _of_command(command: Command, rest: list[str], typed: str) -> list[str]:
    parser = argparse.ArgumentParser(add_help=True)
    command.declare(parser)
    options: dict[str, Any] = parser._option_string_actions  # noqa: SLF001 - argparse has no other way to list them
    last = rest[-1] if rest else ""
    if last in options and options[last].nargs != 0:
        return _values(options[last])
    if typed.startswith("-"):
        return list(options)
    positionals = [action for action in parser._actions if not action.option_strings]  # noqa: SLF001 - as above
    given = _given(rest, options)
    if command.name in _OF_MODELS and given == 0:
        return _models(typed)
    action = positionals[given] if given < len(positionals) else None
    if command.name.startswith("profiles") and given == 0:
        return _profiles()
    return [str(choice) for choice in action.choices] if action is not None and action.choices else []


def _given(rest: list[str], options: dict[str, Any]) -> int:
    """How many arguments that are no options have been typed."""
    count, is_value = 0, False
    for word in rest:
        if is_value:
            is_value = False
        elif word.startswith("-"):
            is_value = word in options and options[word].nargs != 0
        else:
            count += 1
    return count


def _values(action: argparse.Action) -> list[str]:
    if "--profile" in action.option_strings:
        return _profiles()
    return [str(choice) for choice in action.choices or ()]


def _profiles() -> list[str]:
    from modelyard_client.accounts.profiles import Profiles  # noqa: PLC0415 - of few commands

    with suppress(Exception):
        return [profile.name for profile in Profiles.of(connection.default_environment()).all()[0]]
    return []


def _models(typed: str) -> list[str]:
    """Names of models that contain what was typed; none if the service is slow or there is none."""
    from modelyard_client.registry import models  # noqa: PLC0415 - as above
    from modelyard_client.service import graphql  # noqa: PLC0415

    async def listed() -> list[str]:
        environment = {**connection.default_environment(), "MODELYARD_RETRY_SECONDS": str(_PATIENCE)}
        service = connection.find(Choice(), environment)
        async with graphql.opened(service, 0, lambda _: None) as api:
            return [model.name for model in await models.listed(api, typed, _MOST)]

    with suppress(Exception):
        return loop.run(listed())
    return []
