"""``python -m modelyard_client`` is the command ``modelyard``."""

from modelyard_client.cli.main import main

main()
