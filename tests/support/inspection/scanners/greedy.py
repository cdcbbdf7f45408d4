"""A scanner that was taken over, and reads the same range for ever."""

from typing import Any, NoReturn

from app.inspection.processes import scanner_program


def read_on(_kind: object, _path: str, source: Any, _limits: object) -> NoReturn:
    source._left = 2**63
    while True:
        source.read(0, source.size)


if __name__ == "__main__":
    scanner_program.examine = read_on
    scanner_program.main()
