"""The commands ``push`` and ``pull``: a client of the API, apart from all that serves it.

From outside: ``commands.push`` and ``commands.pull``, which the command line registers. ``push.py`` and ``pull.py`` are
the two flows; ``service`` speaks to the API, ``transfer`` moves bytes. Begin reading at ``push.py``. Only names and
texts are shared with the server, and nothing slow is imported before it is needed: help comes at once.
"""
