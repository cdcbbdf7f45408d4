"""Words that no identifier holds, and where they still stand: ``python -m tests.architecture.words [FOLDER ...]``.

Each of these words stood for several things, or for none that a stranger could name; ``docs/glossary.md`` has the terms
that are used instead. With ``--prose`` the command lists where docstrings, comments, messages, descriptions and pages
use the vague ones; with ``--counts`` it gives the number of refused identifiers in each package.
"""
# ruff: noqa: T201 - a command that talks

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import PurePosixPath

from graphql import (
    build_schema,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_introspection_type,
    is_object_type,
)

from tests.support.source import ROOT, Module, modules

FOLDERS = ("app", "clients/python", "workers", "tests", "bench", "demo", "migrations")
SCHEMA = "schema.graphql"
PROSE = (*FOLDERS, SCHEMA, "README.md", "docs")
_SINGULAR = (
    "wish place coming known asked found passing fate beaten newcomer bell line crowd aside alone whoever somebody "
    "nobody everybody"
).split()
REFUSED = frozenset({*_SINGULAR, *(f"{word}s" for word in _SINGULAR), "wishes", "nobodies", "somebodies"})
VAGUE = re.compile(
    r"\b(?:(?:some|no|every|any)body|whoever|wish(?:es|ed|ing)?|newcomers?|crowds?|beaten|fates?|aside"
    r"|(?<!in )(?<!in its )(?<!in their )places?)\b",
    re.IGNORECASE,
)
"""In prose. The other refused words are ordinary English in a sentence."""
NOT_JUDGED = {"glossary.md", "plans.md"}
"""Pages that quote: words, and plans of statements. Decisions are not judged either: they are history."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True)
class Exemption:
    """Names that hold a refused word with good reason."""

    names: str
    """A regular expression of whole identifiers."""
    paths: str
    """Patterns of modules, separated by spaces."""
    reason: str

    def covers(self, path: str, name: str) -> bool:
        """Whether this name may stand in this file."""
        return bool(re.fullmatch(self.names, name)) and any(fnmatchcase(path, each) for each in self.paths.split())


_LINES = r"(?:.*_)?[lL](?:ine|INE)s?S?(?:_.*)?"
EXEMPTIONS = (
    Exemption(
        _LINES,
        "clients/python/* app/commands/* app/embedded/* app/inspection/* app/http/connection/* app/cli.py "
        "app/settings.py "
        "app/db/migrate.py app/graphql/compatibility.py app/mlflow/files/folder_listing.py app/upkeep/* bench/* demo/* "
        "tests/access/* tests/admission/* tests/architecture/* tests/artifacts/* tests/client/* tests/corpus/* "
        "tests/deployment/* tests/embedded/* tests/faults/* tests/full_disk/* tests/graphql/* tests/http/* "
        "tests/inspection/* tests/mlflow/* tests/support/* tests/workers/*",
        "a line of text: of a log, a document, a source file, a command or the head of a request; never a queue",
    ),
    Exemption("lines", "app/storage/s3/wire.py", "the lines of a request's head"),
    Exemption("max_line_size|aiter_lines|FORMAT_ALONE", "*", "names of aiohttp, httpx and lzma"),
    Exemption(
        "NOBODY|_nobody",
        "app/embedded/processes/launch.py app/inspection/confinement/measures.py tests/embedded/*",
        "the account of the system that has this name",
    ),
    Exemption(
        "2026-11-30-0950_known_verdicts|_place|_?ALONE",
        "migrations/versions/2026-11-*",
        "names in migrations that have been applied",
    ),
)


@dataclass(frozen=True)
class Hit:
    """A refused word in an identifier, at its first use in a file."""

    path: str
    line: int
    name: str

    @property
    def package(self) -> str:
        """The folder that it counts for."""
        parts = PurePosixPath(self.path).parts
        return "/".join(parts[:2]) if parts[0] in {"app", "tests"} and len(parts) > 2 else parts[0]


def refused(name: str) -> list[str]:
    """The refused words of an identifier in snake_case or CamelCase, in singular or plural; "not found" is a term."""
    words = [word.lower() for word in _WORD.findall(name)]
    return [
        word
        for position, word in enumerate(words)
        if word in REFUSED and not (word == "found" and position and words[position - 1] == "not")
    ]


def hits(*folders: str) -> list[Hit]:
    """Of all modules below these folders, and of the schema, each identifier once for each file."""
    return [
        Hit(path, line, name)
        for path, names in identifiers(folders)
        for name, line in names.items()
        if refused(name) and not exempting(path, name)
    ]


def exempting(path: str, name: str) -> list[Exemption]:
    """The exemptions by which a refused word may stand in this name."""
    return [each for each in EXEMPTIONS if refused(name) and each.covers(path, name)]


def identifiers(folders: Iterable[str]) -> Iterator[tuple[str, dict[str, int]]]:
    """Of each file the names in it, each with the line of its first use."""
    for folder in folders:
        if folder == SCHEMA:
            yield SCHEMA, _names_of_schema()
            continue
        for module in modules(folder):
            names = dict.fromkeys(PurePosixPath(module.name).with_suffix("").parts[1:], 1)
            for node in ast.walk(module.tree):
                for name in _names(node):
                    names.setdefault(name, getattr(node, "lineno", 1))
            yield module.name, names


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.arg(arg=name) | ast.Attribute(attr=name) | ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.keyword(arg=str(name)) | ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
        case ast.MatchClass(kwd_attrs=names) | ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names


@cache
def _names_of_schema() -> dict[str, int]:
    text = (ROOT / SCHEMA).read_text(encoding="utf-8")
    names: set[str] = set()
    for name, kind in build_schema(text).type_map.items():
        if is_introspection_type(kind):
            continue
        names.add(name)
        if is_enum_type(kind):
            names.update(kind.values)
        if is_object_type(kind) or is_interface_type(kind) or is_input_object_type(kind):
            names.update(kind.fields)
        if is_object_type(kind) or is_interface_type(kind):
            names.update(argument for field in kind.fields.values() for argument in field.args)
    starts = {name: re.search(rf"\b{name}\b\s*[:({{@=]", text) for name in names if refused(name)}
    return {name: text.count("\n", 0, at.start()) + 1 if at else 1 for name, at in starts.items()}


def prose(*folders: str) -> Iterator[tuple[str, int, str]]:
    """Vague words: file, line and the text around them."""
    for folder in folders:
        if folder == SCHEMA or folder.endswith(".md"):
            yield from _vague(folder, enumerate((ROOT / folder).read_text(encoding="utf-8").splitlines(), 1))
        elif folder == "docs":
            pages = sorted(path for path in (ROOT / "docs").glob("*.md") if path.name not in NOT_JUDGED)
            yield from prose(*(path.relative_to(ROOT).as_posix() for path in pages))
        else:
            for module in modules(folder):
                yield from _vague(module.name, _texts(module))


def _texts(module: Module) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield from enumerate(node.value.splitlines(), node.lineno)


def _vague(path: str, texts: Iterable[tuple[int, str]]) -> Iterator[tuple[str, int, str]]:
    for line, text in texts:
        if path != "tests/architecture/words.py" and VAGUE.search(text):
            yield path, line, text.strip()


def counts() -> dict[str, int]:
    """How many identifiers with refused words each package holds."""
    return dict(sorted(Counter(hit.package for hit in hits(*FOLDERS, SCHEMA)).items()))


def main(arguments: list[str]) -> None:
    """Print what is left below the given folders, else everywhere."""
    chosen = [each.rstrip("/") for each in arguments if not each.startswith("--")]
    if "--counts" in arguments:
        print("\n".join(f'    "{package}": {count},' for package, count in counts().items()))
    elif "--prose" in arguments:
        for path, line, text in prose(*(chosen or PROSE)):
            print(f"{path}:{line}: {text}")
    else:
        for hit in hits(*(chosen or [*FOLDERS, SCHEMA])):
            print(f"{hit.path}:{hit.line}: {hit.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
