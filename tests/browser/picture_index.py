"""The page that shows all pictures: docs/pages/README.md, made with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

AREAS: dict[str, tuple[str, ...]] = {
    "Home, search, groups and projects": ("home", "search", "group", "project"),
    "Models": ("models", "model"),
    "Versions": ("version",),
    "Experiments and candidates": ("experiments", "experiment", "candidates", "candidate"),
    "Compare": ("compare",),
    "From training to production": ("promotions", "promotion", "stages", "deployments"),
    "Project administration": (
        "jobs", "uploads", "members", "tokens", "webhooks", "storage", "audit", "settings",
    ),
    "Account and installation": ("account", "users", "invitations"),
    "Dialogs, menus and states": ("dialog", "menu", "state"),
}  # fmt: skip
LOOKS = (
    ("desktop", "light-desktop"), ("desktop, dark", "dark-desktop"), ("phone", "light-phone"),
    ("phone, dark", "dark-phone"),
)  # fmt: skip
TEXT = """# All pages

Made by `python -m tests.browser.screenshots`: each page on a desktop (1440 × 900) and on a phone (390 × 844), in both
themes, with the data of a project as it is after some weeks of work. Those of the second table are in Korean and have
long names: light on a desktop, dark on a phone. Each was looked at;
[web.md](../web.md#how-pages-were-looked-at) tells what was mended.
"""


def write(folder: Path) -> None:
    """Write the index of the pictures that lie in ``folder``."""
    there = {file.stem for file in folder.glob("*.webp")}
    names = sorted({stem.removesuffix(f"-{look}") for stem in there for _, look in LOOKS if stem.endswith(f"-{look}")})
    written = [TEXT]
    for area, beginnings in AREAS.items():
        own = [name for name in names if _area_of(name) == area]
        own.sort(key=lambda name: (beginnings.index(_beginning(name, beginnings)), name))
        plain = [name for name in own if not name.endswith("-long")]
        long = [name for name in own if name.endswith("-long")]
        written += [f"\n## {area}\n", *_table(plain, there), *(["", *_table(long, there)] if long else [])]
    (folder / "README.md").write_text("\n".join(written) + "\n")


def _beginning(name: str, beginnings: Iterable[str]) -> str:
    plain = name.removesuffix("-long")
    return next((one for one in beginnings if plain == one or plain.startswith(f"{one}-")), "")


def _area_of(name: str) -> str | None:
    return next((area for area, beginnings in AREAS.items() if _beginning(name, beginnings)), None)


def _table(names: list[str], there: set[str]) -> list[str]:
    """One row for each page; the light one on a desktop is shown, the others are linked."""
    rows = ["| page | desktop | phone |", "|---|---|---|"]
    for name in names:
        cells = [
            "<br>".join(
                f'<a href="{name}-{look}.webp"><img src="{name}-{look}.webp" width="{width}" alt="{name}, {said}"></a>'
                for said, look in LOOKS
                if look.endswith(size) and f"{name}-{look}" in there
            )
            for size, width in (("desktop", 440), ("phone", 150))
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows
