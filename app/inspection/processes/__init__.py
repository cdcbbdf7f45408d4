"""The process in which a file is inspected, and the conversation of a worker with it.

From outside: ``sandbox.run`` and ``sandbox.measures``. A worker starts one fork server (``scanners``), which runs
``scanner_program``, has loaded everything (``preload``) and forks a scanner for each file (``fork_server``). Their
messages are in ``protocol``. Begin reading at ``sandbox.py``.
"""
