"""Scanners whose forker does not wait for the next file."""

from app.inspection.processes import fork_server, scanner_program

if __name__ == "__main__":
    fork_server.IDLE_SECONDS = 0.2
    scanner_program.main()
