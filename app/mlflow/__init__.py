"""The REST API that unmodified MLflow clients speak, translated into calls of tracking, registry and files.

``edge.EDGE`` is what the application mounts; nothing else is called from outside. Begin with ``routes.py``, the table
of all calls: each names its handler, which reads a message, calls one use case and returns JSON. To add a call, write
its handler in the module of its noun, add its line to ``routes.py``, and a test.
"""
