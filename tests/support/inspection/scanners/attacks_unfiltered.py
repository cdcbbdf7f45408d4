"""The same on a system without seccomp."""

from tests.support.inspection.scanners.attacks import main

if __name__ == "__main__":
    main(filtered=False)
