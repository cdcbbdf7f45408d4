"""A scanner that was taken over, and answers what the file says."""

from typing import Any

from app.inspection.processes import scanner_program


class Nonsense:
    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def to_json(self) -> bytes:
        return self.answer


def answer(_kind: object, _path: str, source: Any, _limits: object) -> Any:
    return Nonsense(source.read(0, source.size))


if __name__ == "__main__":
    scanner_program.examine = answer
    scanner_program.main()
