"""The command ``modelyard``.

From outside: ``main.main`` (the script), ``main.run`` and ``commands.first_words`` (for the server's own command, which
offers the same). A command is two functions of a module in ``commands``: one declares its arguments, one does it and
returns what is printed. Only the module of the command that runs is loaded. Begin reading at ``main.py``.
"""
