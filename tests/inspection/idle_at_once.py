"""Scanners whose forker does not wait for the next file."""

from app.inspection import forking, scanning

if __name__ == "__main__":
    forking.IDLE_SECONDS = 0.2
    scanning.main()
