"""Scanners whose forker finds no process to be had every other time."""

import itertools
import os

from app.inspection.processes import scanner_program

if __name__ == "__main__":
    really, turns = os.fork, itertools.count()

    def fork() -> int:
        if next(turns) % 2 == 0:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return really()

    os.fork = fork
    scanner_program.main()
