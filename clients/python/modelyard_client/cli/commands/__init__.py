"""The commands by name, and the modules that have them.

From outside: ``COMMANDS``, ``choose`` and ``first_words``. A module has two functions for each of its commands: one of
its name, which returns an ``Answer``, and one that declares its arguments. Begin reading at ``transfers.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    import argparse


@dataclass(frozen=True)
class Command:
    """One command, or one of a group: ``alias set``."""

    name: str
    module: str
    summary: str

    @property
    def declare(self) -> Callable[[argparse.ArgumentParser], None]:
        """Adds its arguments to a parser."""
        function: Callable[[argparse.ArgumentParser], None] = self._function("_arguments")
        return function

    @property
    def run(self) -> Callable[[argparse.Namespace], Any]:
        """Does it, and returns an ``Answer``."""
        function: Callable[[argparse.Namespace], Any] = self._function("")
        return function

    def _function(self, suffix: str) -> Any:
        module = import_module(f"{__name__}.{self.module}")
        return getattr(module, self.name.replace(" ", "_") + suffix)


COMMANDS = (
    Command("login", "sign_in", "Sign in at an installation, with a browser or a token."),
    Command("logout", "sign_in", "Revoke the token of a sign-in and forget it."),
    Command("whoami", "sign_in", "Say who you are, where, and by which token."),
    Command("profiles list", "settings", "List the installations that you are signed in at."),
    Command("profiles use", "settings", "Choose the installation that commands mean."),
    Command("profiles remove", "settings", "Forget an installation without revoking its token."),
    Command("env", "settings", 'Print variables for MLflow\'s client: eval "$(modelyard env PROJECT)".'),
    Command("push", "transfers", "Make a model version of files."),
    Command("pull", "transfers", "Fetch the files of a model version and check them."),
    Command("models", "listing", "List models."),
    Command("versions", "listing", "List the versions of a model."),
    Command("show", "listing", "Show a model or a version."),
    Command("open", "browsing", "Open the installation in a browser."),
    Command("log", "changes", "Log metrics, params, data sets and facts to a version."),
    Command("stage", "changes", "Move a version to a stage."),
    Command("promote", "promotions", "Let a version enter a stage, if its rules allow it."),
    Command("promotion check", "promotions", "Say what a promotion would come to, rule by rule."),
    Command("promotion request", "promotions", "Ask others to approve a promotion."),
    Command("promotion approve", "promotions", "Approve a promotion that was requested."),
    Command("promotion reject", "promotions", "End a promotion request, with a reason."),
    Command("promotion list", "promotions", "List promotion requests."),
    Command("alias set", "changes", "Let an alias mean a version."),
    Command("alias delete", "changes", "Delete an alias."),
    Command("tag set", "changes", "Set tags of a model or a version."),
    Command("tag delete", "changes", "Delete tags of a model or a version."),
    Command("deployment register", "deployments", "Say that a version runs somewhere."),
    Command("deployment heartbeat", "deployments", "Say that it still runs."),
    Command("deployment end", "deployments", "Say that it runs no more."),
    Command("deployment list", "deployments", "List what runs where."),
    Command("evaluation add", "evaluations", "Attach results of an evaluation to a version."),
    Command("delete", "changes", "Delete a version, or a model with all of its versions."),
    Command("audit export", "audit", "Write the audit log of a project or of the installation to a file."),
    Command("audit verify", "audit", "Prove that an exported audit log is whole and unaltered; needs no service."),
    Command("completion", "completion", "Print a script that completes commands in bash, zsh or fish."),
)
GROUPS = {
    "promotion": "What a version may enter a stage by: rules and approvals.",
    "audit": "The audit log: export it, and prove it.",
    "profiles": "Installations by name.",
    "alias": "Names of versions that move.",
    "tag": "Tags.",
    "deployment": "What runs where.",
    "evaluation": "How good versions are.",
}


def choose(words: list[str]) -> tuple[Command | None, list[str]]:
    """The command that the first words name, and the words after it."""
    for count in (2, 1):
        name = " ".join(words[:count])
        command = next((one for one in COMMANDS if one.name == name), None)
        if command and len(words) >= count:
            return command, words[count:]
    return None, words


def first_words() -> dict[str, str]:
    """What stands right after ``modelyard``, with a sentence each."""
    return {one.name.split()[0]: GROUPS.get(one.name.split()[0], one.summary) for one in COMMANDS}
