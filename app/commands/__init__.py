"""Commands of ``modelyard`` for operators: ``backup``, ``doctor``, ``documents``, ``gc``, ``jobs``, ``schema``.

From outside: each module gives one command or group of commands to ``app/cli.py``. A command opens the services of the
settings (``session.run``), calls use cases and prints; it imports them when it runs, so that help comes at once. Begin
reading with ``gc.py``, the shortest that writes.
"""
