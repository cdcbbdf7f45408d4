"""``open``."""

from __future__ import annotations

import argparse

from modelyard_client import connection
from modelyard_client.accounts import sign_in
from modelyard_client.cli import arguments as common
from modelyard_client.cli.answer import Answer

_PAGES = {"account": "/account", "explorer": "/graphql"}


def open_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``open``."""
    parser.epilog = "Models and versions have no pages of their own yet; the explorer shows them by GraphQL."
    parser.add_argument(
        "page", nargs="?", choices=sorted(_PAGES), default="account", help="your account, or the explorer"
    )
    parser.add_argument("--print", action="store_true", help="print the address only")
    common.add_common(parser, project=False)


def open(arguments: argparse.Namespace) -> Answer:  # noqa: A001 - the command's name
    """Open a page of the installation."""
    service = common.connected(arguments, needs_project=False)
    address = service.url + _PAGES[arguments.page]
    show = not arguments.print and not arguments.json
    opened = show and sign_in.open_browser(address, connection.default_environment())
    return Answer({"url": address}, address, ["A browser was opened."] if opened else [])
