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
from app.artifacts.visibility import Visibility
from app.db.database import Database

_HARMLESS = re.compile(r"[A-Za-z0-9._~/-]*")
_MOST_ROWS = 100_000
"""So many files of a folder are looked at; the others of a larger one are found by their very names only."""
_MOST_NAMES = 1_000


async def find(db: Database, root: Root, path: str, view: Visibility) -> str | None:
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


async def _names(db: Database, root: Root, folder: str, word: str, view: Visibility) -> Sequence[str]:
    prefix = f"{folder}/" if folder else ""
    async with db.direct() as connection:
        rows = await connection.fetch(
            _ENCODED[view],
            *(root.project_id, root.id, prefix, f"{folder}0" if folder else None, word, _MOST_ROWS, _MOST_NAMES),
        )
    return [row["path"] for row in rows]


_SQL = """
SELECT path FROM (
  SELECT a.path FROM artifacts a WHERE a.project_id = $1 AND a.root_id = $2 AND a.path >= $3
    AND ($4::text IS NULL OR a.path < $4) {seen} ORDER BY a.path LIMIT $6
) AS listed
WHERE strpos(path, '%') > 0 AND strpos(substr(path, length($3) + 1), '/') = 0 AND strpos(path, $5) > 0
ORDER BY path LIMIT $7
"""
_ENCODED = {
    Visibility.ALL: _SQL.format(view=""),
    Visibility.OF_VERSIONS: _SQL.format(view=f"AND {visibility.of_version('a')}"),
}
