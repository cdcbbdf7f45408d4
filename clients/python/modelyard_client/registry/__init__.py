"""What can be done with models and versions: each function sends one operation, or few, and returns plain results.

From outside: ``models``, ``versions``, ``logs`` and ``accounts``, for the commands and the Python API alike.
``documents`` has the GraphQL, ``answers`` turns what comes into ``results``. Begin reading at ``versions.py``.
"""
