"""API and worker processes that share the loaded code: a parent loads it once and forks.

From outside: ``parent.run`` with a list of ``child.Role``, called by the command line. ``balanced_server`` is the
server of an API process; processes that share a socket spread connections evenly by it. Begin reading at ``parent.py``.
"""
