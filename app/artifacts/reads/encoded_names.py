"""Files whose names hold percent signs, asked for by clients that decode what a listing tells.

Clients of MLflow 2.8 and later take `dog%step%21%timestamp%1760000000000%8f.png` of a listing for percent-encoded text,
decode it as often as they can, and ask for the outcome. A file that has the very name always comes first; here is what
is looked for when there is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.artifacts import paths, visibility
from app.artifacts.artifacts import Root
from app.artifacts.visibility import View
from app.db.database import Database
from app.db.statements import Statement

_HARMLESS = re.compile(r"[A-Za-z0-9._~/-]*")
_MOST_ROWS = 100_000
"""So many files of a folder are looked at; the others of a larger one are found by their very names only."""
_MOST_NAMES = 1_000


async def find(db: Database, root: Root, path: str, view: View) -> str | None:
    """The path of the one file in the folder of ``path`` that reads like it once both are decoded.

    None when there is no such file, or several, or when nothing in the path looks like the outcome of decoding.
    ``seen`` says which files the one who asks may see.
    """
    if _HARMLESS.fullmatch(path):
        return None
    folder, _, name = path.rpartition("/")
    wanted = paths.decoded(path)
    # Whatever was decoded, the longest word is hardly part of it, and among thousands of images few share it.
    longest = max(re.findall(r"[A-Za-z0-9]+", name), key=len, default="")
    for word in dict.fromkeys((longest, "")):
        same = [one for one in await _names(db, root, folder, word, view) if paths.decoded(one) == wanted]
        if same:
            return same[0] if len(same) == 1 else None
    return None


async def _names(db: Database, root: Root, folder: str, word: str, view: View) -> Sequence[str]:
    async with db.direct() as connection:
        rows = await ENCODED_NAMES[view.kind].fetch(
            connection,
            project=root.project_id,
            root=root.id,
            prefix=f"{folder}/" if folder else "",
            behind=f"{folder}0" if folder else None,
            word=word,
            most_rows=_MOST_ROWS,
            most_names=_MOST_NAMES,
            **view.values,
        )
    return [row["path"] for row in rows]


ENCODED_NAMES = {
    view: Statement(
        f"artifacts.encoded_names_{view.name.lower()}",
        "Paths directly in a folder whose names hold a percent sign and a word.",
        f"""
        SELECT path FROM (
          SELECT a.path FROM artifacts a WHERE a.project_id = :project AND a.root_id = :root AND a.path >= :prefix
            AND (:behind::text IS NULL OR a.path < :behind) {shown} ORDER BY a.path LIMIT :most_rows
        ) AS listed
        WHERE strpos(path, '%') > 0 AND strpos(substr(path, length(:prefix) + 1), '/') = 0
          AND strpos(path, :word) > 0
        ORDER BY path LIMIT :most_names
        """,  # noqa: S608 - put together from constants
    )
    for view, shown in visibility.shown_sql("a").items()
}
