"""What a process gives up before it sees the first byte of a file: network, files, processes, system calls.

From outside: ``measures.stand_apart`` and ``measures.confine``, called by the scanner program. ``kernel``, ``landlock``
and ``seccomp`` are the calls of Linux behind them. Begin reading at ``measures.py``; the reasons are in
docs/decisions/0026-confined-scanners.md.
"""
