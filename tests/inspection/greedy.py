"""A scanner that was taken over, and reads the same range for ever."""

from typing import Any, NoReturn

from app.inspection import scanning


def read_on(_kind: object, _path: str, source: Any, _limits: object) -> NoReturn:
    source._left = 2**63
    while True:
        source.read(0, source.size)


if __name__ == "__main__":
    scanning.examine = read_on
    scanning.main()
