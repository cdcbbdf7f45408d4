"""The commands for operators beside `up`, `api` and `worker`: backup, doctor, documents, gc, jobs and schema.

Each module declares one command or group with Typer; ``app/cli.py`` adds it. A command imports what it needs when it
runs, prints text, and ends with the exit codes of ``session``, which opens the runtime for it. Begin with ``session``.
"""
